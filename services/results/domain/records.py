"""What results are made from: the study as it was frozen and the turns that were recorded.

Turns are kept in one canonical order, so nothing computed from them depends on the order in which messages arrived.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from libs.contracts.chosen import NOBODY, Chosen
from libs.contracts.communication import Response, ResponsesRecorded
from libs.contracts.ids import ONLY_ARM
from libs.contracts.instruments import Answer, Instrument
from libs.contracts.protocol import Plan, Step, Stimulus, Usage
from services.results.domain.people import People

Profile = dict[str, str | int | float]
DEFAULT_ALPHA = 0.05


@dataclass(frozen=True, slots=True)
class Turn:
    """One agent's finished turn, answered or failed, in the arm it was made in."""

    turn_id: str
    agent_id: str
    name: str
    segment: str | None
    arm: str
    timeline_id: str
    step_id: str
    round: int
    status: str
    failure: str | None
    response: str | None
    reasoning: str | None
    confidence: float | None
    sentiment: float | None
    answers: dict[str, Answer]
    demographic_profile: Profile
    usage: Usage
    model: str
    responded_at: datetime
    cluster_id: str | None = None
    """All who heard each other; None for an agent alone."""
    option_orders: dict[str, tuple[str, ...]] | None = None
    """The order in which the agent read the options, by metric."""
    distributions: dict[str, dict[str, float]] | None = None
    """Probabilities by value that an answer was drawn from, by metric."""
    regenerations: int | None = None
    """How often the turn was taken again after checks of it."""
    step_place: int = 0
    """That of its step on the timeline; 0 for what was recorded before there could be several."""
    actions: tuple[dict[str, str | None], ...] | None = None
    """What the agent did, in order; None where reasoning and response say all of it."""

    @property
    def is_answered(self) -> bool:
        """False for a turn that failed."""
        return self.status == "answered"

    @property
    def place(self) -> tuple[str, int, str, str, str]:
        """Where the turn stands among all turns. The turn id is no part of it: that differs between simulations."""
        return (self.agent_id, self.round, self.timeline_id, self.step_id, self.arm)


@dataclass(frozen=True, slots=True)
class Study:
    """The simulation and its frozen plan; a simulation without an intervention has no plan and one arm."""

    simulation_id: str
    name: str
    population_id: str
    intervention_id: str | None
    seed: int
    model: str
    created_at: datetime
    plan: Plan | None
    plan_hash: str | None
    instruments: tuple[Instrument, ...]
    planned: dict[str, int]
    """Agents announced by arm; where there is a plan, the plan's own numbers count."""
    steps: Mapping[str, Step] = field(default_factory=dict)
    """By id, in their order, as far as it is known what they showed."""
    people: People | None = None
    """Who is simulated; None where no more than the id of the population is known."""
    chosen: Chosen = NOBODY

    @property
    def titles(self) -> tuple[str, ...]:
        """What it is called; and its intervention, where that has another name."""
        return tuple(dict.fromkeys((self.name, self.plan.name if self.plan else self.name)))

    @property
    def is_within(self) -> bool:
        """Whether everybody met every arm, so that people are compared with themselves."""
        return self.plan is not None and self.plan.design == "within"

    @property
    def alpha(self) -> float:
        """Two-sided error rate the intervals and findings are made for."""
        return self.plan.alpha if self.plan else DEFAULT_ALPHA

    @property
    def confidence_level(self) -> float:
        """Level of every interval: 1 - alpha."""
        return round(1 - self.alpha, 12)

    def stimulus(self, turn: Turn) -> Stimulus | None:
        """What the agent met in a turn."""
        if (step := self.steps.get(turn.step_id)) is not None:
            return step.stimuli.get(turn.arm)
        if self.plan is None:
            return None
        return next((arm.stimulus for arm in self.plan.arms if arm.name == turn.arm), None)

    def instrument(self, metric: str) -> Instrument:
        """The instrument of a metric of this study."""
        return next(instrument for instrument in self.instruments if instrument.name == metric)

    def cannot_differ(self, instrument: Instrument, arm: str) -> bool:
        """Whether this metric of this arm is a control: asked of what no stimulus changes, or of a copy of an arm."""
        copies = [one.name for one in self.plan.arms if one.copy_of is not None] if self.plan else []
        return bool(instrument.is_control) or arm in copies

    def arms_among(self, names: Iterable[str]) -> tuple[str, ...]:
        """The planned arms in the plan's order; without a plan, these."""
        if self.plan:
            return tuple(arm.name for arm in self.plan.arms)
        return tuple(sorted(names)) or (ONLY_ARM,)

    def baseline(self, arms: Sequence[str]) -> str:
        """The arm every other one is compared with: the declared baseline, else the first."""
        declared = [arm.name for arm in self.plan.arms if arm.is_baseline] if self.plan else []
        return (declared or list(arms))[0]


def turns_of(message: ResponsesRecorded) -> list[tuple[str, Turn]]:
    """The turns of a message with their simulation. NUL characters, which PostgreSQL refuses, are replaced."""
    place = message.model_dump(include={"arm", "timeline_id", "step_id", "round"}) | {"step_place": message.place or 0}
    return [(message.simulation_id, Turn(**_storable(_known(response) | place))) for response in message.responses]


def _known(response: Response) -> dict[str, Any]:
    """What a turn keeps of a response, which may say more."""
    actions = None if response.actions is None else tuple(action.model_dump() for action in response.actions)
    known = {name: value for name, value in response if name in Turn.__dataclass_fields__}
    return known | {"actions": actions}


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\x00", "\ufffd")
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return tuple(_storable(item) for item in value) if isinstance(value, tuple) else value


def in_order(turns: Iterable[Turn]) -> list[Turn]:
    """The turns in canonical order."""
    return sorted(turns, key=lambda turn: turn.place)
