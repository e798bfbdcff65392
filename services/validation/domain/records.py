"""What quality is judged from: a simulation, who was assigned, and the turns that were recorded."""

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from libs.contracts.base import Data
from libs.contracts.chosen import NOBODY, Chosen
from libs.contracts.communication import Response
from libs.contracts.instruments import Answer, Instrument
from libs.contracts.orchestrator import SimulationState
from libs.contracts.protocol import Plan, Usage


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulation as far as it has been heard of; without an intervention it never has a plan."""

    simulation_id: str
    name: str | None
    model: str | None
    state: SimulationState | None
    plan: Plan | None
    plan_hash: str | None
    population_id: str | None = None
    asked: tuple[Instrument, ...] = ()
    chosen: Chosen = NOBODY

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What was asked: as the plan says it, or without one as the steps did."""
        return self.plan.instruments if self.plan else self.asked

    @property
    def baseline_arm(self) -> str | None:
        """The arm that the others are compared with."""
        return next((arm.name for arm in self.plan.arms if arm.is_baseline), None) if self.plan else None


class Said(Data):
    """What a turn consisted of besides its answers; all of it is text from outside."""

    name: str = ""
    response: str | None = None
    reasoning: str | None = None
    confidence: float | None = None
    sentiment: float | None = None
    option_orders: dict[str, tuple[str, ...]] | None = None
    regenerations: int | None = None

    @classmethod
    def of(cls, response: Response) -> "Said":
        """Of a response."""
        known = {name: getattr(response, name) for name in cls.model_fields}
        return cls.model_validate({name: value for name, value in known.items() if value is not None})


NOTHING_SAID = Said()


@dataclass(frozen=True, slots=True)
class Turn:
    """One finished turn."""

    agent_id: str
    arm: str
    timeline_id: str
    step_id: str
    round: int
    is_answered: bool
    failure: str | None
    text_digest: str | None
    answers: Mapping[str, Answer]
    usage: Usage
    responded_at: datetime
    segment: str | None = None
    said: Said = NOTHING_SAID
    cluster_id: str | None = None
    """Whoever heard each other; None: the agent alone."""


def text_digest(text: str | None) -> str | None:
    """The same for texts that differ in case, spaces and punctuation only; None for a text without letters."""
    folded = unicodedata.normalize("NFKC", text or "").casefold()
    words = "".join(letter if letter.isalnum() else " " for letter in folded).split()
    return hashlib.sha256(" ".join(words).encode()).hexdigest() if words else None
