"""A simulation as the orchestrator knows it: counts, never the agents themselves."""

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from libs.contracts.orchestrator import PausedFor, SimulationState
from libs.contracts.origins import Origin
from libs.contracts.protocol import NO_USAGE, Step, Usage
from libs.contracts.timelines import MAIN, Past, Timeline
from libs.contracts.turns import Budget
from services.orchestrator.domain.deliveries import DELIVERY_SIZE

# How long a state may last without anything that moves the simulation on. Nothing waits for ever.
TIME_LIMITS = {
    SimulationState.PROVISIONING: timedelta(hours=1),
    SimulationState.READY: timedelta(days=7),
    SimulationState.RUNNING: timedelta(hours=26),  # a provider takes up to a day for a batch job
    SimulationState.PAUSED: timedelta(days=30),
    SimulationState.ANALYSING: timedelta(minutes=15),
}


StepState = Literal["pending", "running", "finished", "dropped"]
ENDS: tuple[StepState, ...] = ("finished", "dropped")
PAUSABLE = (SimulationState.READY, SimulationState.RUNNING)


class AudienceSize(NamedTuple):
    """What the orchestrator keeps in mind of an audience; the agents themselves are rows of their own."""

    agents: int
    deliveries: int


class Mark(BaseModel):
    """Where a simulation stood when its last finished step had ended."""

    model_config = ConfigDict(frozen=True)

    place: int
    planned: dict[str, int]
    answered: int
    failed: int
    failure: str | None


class Simulation(BaseModel):
    """One run. `is_interactive`: it has no protocol of its own and waits for steps until it is ended."""

    model_config = ConfigDict(frozen=True)

    simulation_id: str
    name: str
    population_id: str
    intervention_id: str | None
    seed: int
    model: str
    engine: str | None = None
    budget: Budget | None = None
    """What was decided when it was made; what holds is with the models service."""
    origin: Origin | None = None
    start_from: Past | None = None
    design: Literal["between", "within"] | None = None
    steps: tuple[Step, ...]
    protocols: dict[str, tuple[int, int]] = {}
    """By request: the place of its first step, and the place after its last one."""
    created_at: datetime
    updated_at: datetime
    state: SimulationState = SimulationState.DRAFT
    reason: str | None = None
    arms: dict[str, int] = {}
    largest_delivery: int = DELIVERY_SIZE
    """Agents that a delivery has at most; fixed when it was made, because a delivery is known by its place."""
    audiences: dict[str, AudienceSize] = {}
    next_step: int = 0
    open_deliveries: int = 0
    planned: dict[str, int] = {}
    answered: int = 0
    failed: int = 0
    failure: str | None = None
    usage: Usage = NO_USAGE
    is_assigned: bool = False
    is_ending: bool = False
    is_complete: bool = False
    """Whoever asked its steps has said that there are no more."""
    paused_for: PausedFor | None = None
    pauses: int = 0
    """How often it was paused: what was asked for before the latest pause is not begun after it."""
    late_messages: int = 0
    cpu_s: float = 0.0
    ran_s: float = 0.0
    """How long it was running until it last stopped doing so."""
    running_since: datetime | None = None
    excused_s: float = 0.0
    """Seconds of the present state in which no orchestrator was there to move it on."""
    timeline: Timeline = MAIN
    mark_before: Mark | None = None
    """Where it stood before the step that runs; None before there was one."""

    @property
    def is_interactive(self) -> bool:
        """True when what is said to its agents, not an intervention, decides what happens."""
        return self.intervention_id is None

    @property
    def has_all_steps(self) -> bool:
        """True when nothing more will be asked than what it has."""
        return not self.is_interactive or self.is_complete

    @property
    def is_within(self) -> bool:
        """True when everybody meets every arm, each on a fork."""
        return self.design == "within"

    @property
    def has_arms(self) -> bool:
        """True once it is known who is in which arm."""
        return self.is_interactive or self.is_assigned or self.next_step > 0

    def timeline_of(self, arm: str) -> Timeline:
        """Where the turns of an arm happen: on the present timeline, or on the fork that is the arm's own."""
        return MAIN.fork_arms(tuple(self.arms), place=0)[arm] if self.is_within else self.timeline

    @property
    def finished_turns(self) -> int:
        """Turns that were answered or failed."""
        return self.answered + self.failed

    @property
    def step_states(self) -> list[StepState]:
        """Where each step stands; steps run one after the other."""
        finished = self.next_step - (self.open_deliveries > 0)
        present: StepState = "dropped" if self.state.is_terminal else "running"
        rest: StepState = "dropped" if self.is_ending or self.state.is_terminal else "pending"
        states: list[StepState] = []
        for place in range(len(self.steps)):
            states.append("finished" if place < finished else present if place < self.next_step else rest)
        return states

    @property
    def protocol_states(self) -> dict[str, StepState]:
        """Where each request stands: one that has begun runs until its last step has ended or will never begin."""
        steps = self.step_states
        return {identity: _overall(steps[first:end]) for identity, (first, end) in self.protocols.items()}

    @property
    def mark(self) -> Mark | None:
        """Where it stands after its last finished step; None while that is not known."""
        if self.open_deliveries > 0:
            return self.mark_before
        return Mark(
            place=self.next_step,
            planned=self.planned,
            answered=self.answered,
            failed=self.failed,
            failure=self.failure,
        )

    def wall_s(self, now: datetime) -> float:
        """How long it was running; pauses and waiting are no part of it."""
        return self.ran_s + ((now - self.running_since).total_seconds() if self.running_since else 0.0)

    @property
    def deadline_at(self) -> datetime | None:
        """When the present state times out; None for states that last."""
        limit = TIME_LIMITS.get(self.state)
        return self.updated_at + limit + timedelta(seconds=self.excused_s) if limit else None


def clocked(before: Simulation, after: Simulation, now: datetime) -> Simulation:
    """A simulation that changed, with its clock started or stopped."""
    changes: dict[str, object] = {"updated_at": now, "excused_s": 0.0}
    if after.state is not SimulationState.RUNNING:
        changes |= {"ran_s": before.wall_s(now), "running_since": None}
    elif before.running_since is None:
        changes["running_since"] = now
    return after.model_copy(update=changes)


def excused(simulation: Simulation, away: timedelta, now: datetime) -> Simulation:
    """A simulation that nobody could move for so long: its state has as much time left as before, never more than all.

    A clock that was set back gives a negative time.
    """
    since = simulation.running_since
    longest_s = (now - simulation.updated_at).total_seconds()
    changes: dict[str, object] = {"excused_s": min(simulation.excused_s + away.total_seconds(), longest_s)}
    if since is not None:
        changes["running_since"] = min(since + away, now)
    return simulation.model_copy(update=changes)


def _overall(steps: list[StepState]) -> StepState:
    if "running" in steps or {"pending", "finished"} <= set(steps):
        return "running"
    return steps[-1]
