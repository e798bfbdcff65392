"""A population: what was asked for, how it was understood, and how far drawing its people has come."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal

from libs.contracts.base import Data, JsonObject
from libs.contracts.demographics import Template
from libs.contracts.orchestrator import SimulationState
from libs.contracts.specs import PopulationSpec
from services.population.domain.learning import Learned
from services.population.domain.particularities import Constraint, Reading
from services.population.domain.planning import Plan
from services.population.domain.writing import Personas

REST = "(rest)"
"""How the people outside of every segment are called where a name is needed."""
SMOOTHING = 0.3
"""Weight of the last block in the speed of drawing."""
SHORTEST_S = 0.001


Stage = Literal["asking", "drawing", "writing"]


class State(StrEnum):
    """Whether the people are there."""

    GENERATING = "generating"
    READY = "ready"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Understood(Data):
    """A phrase of the particularities and what everybody drawn satisfies because of it."""

    text: str
    about: str
    """A demographic dimension, `age` or a trait."""
    allowed: list[str]
    minimum: float | None
    maximum: float | None
    by: Literal["rules", "model"] = "rules"
    """Who read the phrase."""

    def constraint(self) -> Constraint:
        """What it was understood as."""
        is_trait = not self.allowed and self.about != "age"
        return Constraint(
            self.text, self.about, frozenset(self.allowed), self.minimum, self.maximum, is_trait=is_trait, by=self.by
        )


class Particularities(Data):
    """What was made of a segment's particularities; nothing of the text is missing here."""

    understood: list[Understood]
    not_understood: list[str]

    @classmethod
    def of(cls, reading: Reading, template: Template) -> "Particularities":
        """A reading, with values in the template's order."""
        found = [understood(constraint, template) for constraint in reading.understood]
        return cls(understood=found, not_understood=list(reading.not_understood))


def understood(constraint: Constraint, template: Template) -> Understood:
    """A constraint as it is shown, with values in the template's order."""
    dimension = template.dimensions.get(constraint.dimension)
    return Understood(
        text=constraint.text,
        about=constraint.dimension,
        allowed=[value for value in dimension.values if value in constraint.allowed] if dimension else [],
        minimum=constraint.minimum,
        maximum=constraint.maximum,
        by=constraint.by,
    )


@dataclass(frozen=True, slots=True)
class Population:
    """`generated` people, from the first on, are there; `readings` stand in the order of the segments.

    `version` counts how often its people were changed. `fragments` are the documents of those of the tenant's own that
    its segments name: it is drawn with what they said when it was asked for.
    """

    id: str
    spec: PopulationSpec
    seed: int
    readings: tuple[Particularities, ...]
    fragments: Mapping[str, JsonObject]
    state: State
    generated: int
    people_per_second: float | None
    progressed_at: datetime | None
    version: int
    reason: str | None
    created_at: datetime
    ready_at: datetime | None
    archived_at: datetime | None
    personas: Personas | None = None
    """How a model wrote them; None where they are composed."""
    plan: Plan | None = None
    """What a model planned; its margins are in the specification."""
    asking: bool = False
    """A model is still asked for the plan and for what the readings do not know; nobody is drawn before."""

    @property
    def segments(self) -> dict[str, int]:
        """Size by segment name, without the rest."""
        return {segment.name: segment.size for segment in self.spec.segments}

    @property
    def rest(self) -> int:
        """People outside of every segment."""
        return self.spec.size - sum(self.segments.values())

    @property
    def remaining_s(self) -> float | None:
        """Seconds until everybody is drawn, as it went lately; None when that is not known or nothing is drawn."""
        if self.state is not State.GENERATING or not self.people_per_second:
            return None
        return (self.spec.size - self.generated) / self.people_per_second

    @property
    def stage(self) -> Stage | None:
        """What is being done; None when nothing is."""
        if self.state is not State.GENERATING:
            return None
        if self.asking:
            return "asking"
        return "writing" if self.personas else "drawing"

    @property
    def learned(self) -> dict[int, Learned]:
        """What a model made of particularities, by place of the segment."""
        found = {
            place: tuple(one.constraint() for one in reading.understood if one.by == "model")
            for place, reading in enumerate(self.readings)
        }
        return {place: Learned(constraints) for place, constraints in found.items() if constraints}

    def drawn_up_to(self, index: int, at: datetime) -> "Population":
        """With these further people. The speed is that of the last blocks, so that a pause is soon forgotten."""
        seconds = (at - (self.progressed_at or self.created_at)).total_seconds()
        now = (index - self.generated) / max(seconds, SHORTEST_S)
        before = self.people_per_second
        speed = now if before is None else before + SMOOTHING * (now - before)
        return replace(self, generated=index, people_per_second=_rounded(speed), progressed_at=at)

    def document(self) -> JsonObject:
        """What was asked and how it was read, as JSON; the other fields are columns."""
        return {
            "spec": self.spec.model_dump(mode="json"),
            "readings": [reading.model_dump(mode="json") for reading in self.readings],
            "fragments": dict(self.fragments),
            "personas": self.personas and self.personas.model_dump(mode="json"),
            "plan": self.plan and self.plan.model_dump(mode="json"),
            "asking": self.asking,
        }


def _rounded(speed: float) -> float:
    """To four digits, not to decimals: a block that took hours, or a clock that was set, would make it 0."""
    return float(f"{speed:.4g}")


@dataclass(frozen=True, slots=True)
class Use:
    """A simulation of a population; its state is None while only its creation is known."""

    simulation_id: str
    name: str
    state: SimulationState | None
