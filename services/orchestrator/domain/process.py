"""The process manager: `decide(simulation, input) → decision`, pure.

Handlers load the simulation, call `decide`, save what it says and send what it asks for, all in one transaction. An
input that comes after the end, or twice, changes nothing but a count: that is a normal race, not an error.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch

from libs.contracts.ids import ONLY_ARM
from libs.contracts.orchestrator import ProtocolState
from libs.contracts.orchestrator import SimulationState as State
from libs.contracts.protocol import Step, Usage, total_usage
from libs.contracts.timelines import MAIN, joined
from services.orchestrator.domain.checkpoint import Checkpoint, restored, why_not
from services.orchestrator.domain.deliveries import deliveries_for
from services.orchestrator.domain.simulation import ENDS, AudienceSize, Simulation


@dataclass(frozen=True, slots=True)
class PopulationIsReady:
    """The population has all of its people."""

    size: int


@dataclass(frozen=True, slots=True)
class PopulationIsMissing:
    """The population could not be drawn."""

    reason: str


@dataclass(frozen=True, slots=True)
class AgentsAssigned:
    """Agents assigned to each arm so far. `is_last` when no part is missing any more."""

    arms: dict[str, int]
    is_last: bool


@dataclass(frozen=True, slots=True)
class NobodyAssigned:
    """The intervention reaches nobody."""

    reason: str


@dataclass(frozen=True, slots=True)
class StepsRequested:
    """Steps to run, in order, after those that are there already; each names one of the audiences."""

    protocol_id: str
    steps: tuple[Step, ...]
    audiences: dict[str, AudienceSize]


@dataclass(frozen=True, slots=True)
class DeliveryFinished:
    """Every turn of one delivery is finished."""

    answered: int
    failed: int
    usage: Usage
    failure: str | None = None
    skipped: int = 0
    arm: str = ONLY_ARM


@dataclass(frozen=True, slots=True)
class WorkGivenUp:
    """A message that the simulation waited for could not be handled, and is a dead letter."""

    message: str
    error: str


@dataclass(frozen=True, slots=True)
class AnalysisFinished:
    """Results has analysed the simulation."""


@dataclass(frozen=True, slots=True)
class EndRequested:
    """Somebody wants it to end."""


@dataclass(frozen=True, slots=True)
class RestoreRequested:
    """Somebody wants it to go on from a checkpoint."""

    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The present state lasted too long."""


Input = (
    PopulationIsReady
    | PopulationIsMissing
    | AgentsAssigned
    | NobodyAssigned
    | StepsRequested
    | DeliveryFinished
    | WorkGivenUp
    | AnalysisFinished
    | EndRequested
    | RestoreRequested
    | TimedOut
)


@dataclass(frozen=True, slots=True)
class AskForArms:
    """Have the plan frozen and the agents assigned."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """Deliver a step to everybody it is for."""

    step: Step


@dataclass(frozen=True, slots=True)
class Analyse:
    """Have the simulation analysed once all finished turns have arrived."""

    expected_responses: int


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell everybody about a change of state."""

    previous: State


@dataclass(frozen=True, slots=True)
class Fork:
    """Forget what is still open on the timeline that was left, and tell everybody about the new one."""


@dataclass(frozen=True, slots=True)
class Report:
    """Tell what became of a request."""

    protocol_id: str
    state: ProtocolState


Effect = AskForArms | Deliver | Analyse | Announce | Fork | Report


@dataclass(frozen=True, slots=True)
class Decision:
    """The simulation afterwards, and what must happen for it."""

    simulation: Simulation
    effects: tuple[Effect, ...] = ()


def decide(simulation: Simulation, received: Input, now: datetime) -> Decision:
    """What an input means for a simulation in its present state."""
    if simulation.state.is_terminal:
        is_late = not isinstance(received, EndRequested | TimedOut)
        late = simulation.model_copy(update={"late_messages": simulation.late_messages + is_late})
        return Decision(late, _reports(simulation, late, received))
    decision = _on(received, simulation)
    after = decision.simulation.model_copy(update={"updated_at": now})
    return Decision(after, (*decision.effects, *_reports(simulation, after, received)))


def begin(simulation: Simulation) -> Decision:
    """A new simulation waits for its population."""
    return _enter(simulation, State.PROVISIONING)


@singledispatch
def _on(received: object, simulation: Simulation) -> Decision:
    raise TypeError(f"{type(received).__name__} is not an input of a simulation")


@_on.register
def _(received: PopulationIsReady, simulation: Simulation) -> Decision:
    if simulation.state is not State.PROVISIONING:
        return Decision(simulation)
    if simulation.is_interactive:
        return _enter(simulation.model_copy(update={"arms": {ONLY_ARM: received.size}}), State.READY)
    ready = _enter(simulation, State.READY)
    return Decision(ready.simulation, (*ready.effects, AskForArms()))


@_on.register
def _(received: PopulationIsMissing, simulation: Simulation) -> Decision:
    if simulation.state is not State.PROVISIONING:
        return Decision(simulation)
    return _enter(simulation, State.FAILED, reason=f"the population could not be drawn: {received.reason}")


@_on.register
def _(received: AgentsAssigned, simulation: Simulation) -> Decision:
    if simulation.state is not State.READY:
        return Decision(simulation)
    simulation = simulation.model_copy(update={"arms": received.arms})
    if not received.is_last:
        return Decision(simulation)
    if not simulation.is_within:
        return _next_step(simulation)
    forks = MAIN.fork_arms(tuple(simulation.arms), place=0)
    started = _next_step(simulation.model_copy(update={"timeline": joined(forks)}))
    return Decision(started.simulation, (Fork(), *started.effects))


@_on.register
def _(received: NobodyAssigned, simulation: Simulation) -> Decision:
    return _enter(simulation, State.FAILED, reason=received.reason)


@_on.register
def _(received: StepsRequested, simulation: Simulation) -> Decision:
    if not simulation.is_interactive or simulation.state not in {State.READY, State.RUNNING} or simulation.is_ending:
        return Decision(simulation.model_copy(update={"late_messages": simulation.late_messages + 1}))
    first = len(simulation.steps)
    simulation = simulation.model_copy(
        update={
            "steps": (*simulation.steps, *received.steps),
            "protocols": simulation.protocols | {received.protocol_id: (first, first + len(received.steps))},
            "audiences": simulation.audiences | received.audiences,
        }
    )
    return _next_step(simulation) if simulation.open_deliveries == 0 else Decision(simulation)


@_on.register
def _(received: DeliveryFinished, simulation: Simulation) -> Decision:
    if simulation.open_deliveries == 0:
        return Decision(simulation)
    simulation = simulation.model_copy(
        update={
            "open_deliveries": simulation.open_deliveries - 1,
            "planned": _without(simulation.planned, received.arm, received.skipped),
            "answered": simulation.answered + received.answered,
            "failed": simulation.failed + received.failed,
            "usage": total_usage([simulation.usage, received.usage]),
            "failure": received.failure or simulation.failure,
        }
    )
    if simulation.open_deliveries > 0:
        return Decision(simulation)
    return _next_step(simulation)


@_on.register
def _(received: WorkGivenUp, simulation: Simulation) -> Decision:
    return _enter(simulation, State.FAILED, reason=f"{received.message} was given up: {received.error}")


@_on.register
def _(_received: AnalysisFinished, simulation: Simulation) -> Decision:
    if simulation.state is not State.ANALYSING:
        return Decision(simulation)
    return _enter(simulation, State.COMPLETED)


@_on.register
def _(_received: EndRequested, simulation: Simulation) -> Decision:
    if not simulation.is_interactive or simulation.state is State.PROVISIONING:
        return _enter(simulation, State.CANCELLED, reason="ended before it was complete")
    if simulation.is_ending:
        return _enter(simulation, State.CANCELLED, reason="ended again before its last step was complete")
    simulation = simulation.model_copy(update={"is_ending": True})
    if simulation.open_deliveries == 0:
        return _finish(simulation)
    return Decision(simulation, (Announce(simulation.state),))


@_on.register
def _(received: RestoreRequested, simulation: Simulation) -> Decision:
    if why_not(simulation) is not None:
        return Decision(simulation)
    ready = _enter(restored(simulation, received.checkpoint), State.READY)
    return Decision(ready.simulation, (Fork(), *ready.effects))


@_on.register
def _(_received: TimedOut, simulation: Simulation) -> Decision:
    if simulation.state is State.READY and simulation.is_interactive:
        return _finish(simulation)
    return _enter(simulation, State.FAILED, reason=f"nothing happened for too long while {simulation.state}")


def _reports(before: Simulation, after: Simulation, received: Input) -> tuple[Report, ...]:
    """What has become of requests; one that was not taken, or that a restore left behind unfinished, is dropped."""
    then, now = before.protocol_states, after.protocol_states
    dropped = [identity for identity, state in then.items() if state not in ENDS and identity not in now]
    if isinstance(received, StepsRequested) and received.protocol_id not in now:
        dropped.append(received.protocol_id)
    states = now | dict.fromkeys(dropped, ENDS[1])
    return tuple(
        Report(identity, state)
        for identity, state in states.items()
        if state != "pending" and state != then.get(identity)
    )


def _next_step(simulation: Simulation) -> Decision:
    """The next step; what was asked for and not begun is dropped when the simulation is ending."""
    if simulation.is_ending or (simulation.next_step == len(simulation.steps) and not simulation.is_interactive):
        return _finish(simulation)
    if simulation.next_step == len(simulation.steps):
        return _enter(simulation, State.READY)
    step = simulation.steps[simulation.next_step]
    sizes = _sizes(simulation, step)
    if not any(size.deliveries for size in sizes.values()):  # its arms have nobody
        return _next_step(simulation.model_copy(update={"next_step": simulation.next_step + 1}))
    return _start_step(simulation, step, sizes)


def _start_step(simulation: Simulation, step: Step, sizes: dict[str, AudienceSize]) -> Decision:
    planned = dict(simulation.planned)
    for arm, size in sizes.items():
        planned[arm] = planned.get(arm, 0) + size.agents
    opened = sum(size.deliveries for size in sizes.values())
    simulation = simulation.model_copy(
        update={
            "mark_before": simulation.mark,
            "next_step": simulation.next_step + 1,
            "open_deliveries": simulation.open_deliveries + opened,
            "planned": planned,
        }
    )
    running = _enter(simulation, State.RUNNING)
    return Decision(running.simulation, (*running.effects, Deliver(step)))


def _sizes(simulation: Simulation, step: Step) -> dict[str, AudienceSize]:
    """By arm: an audience that a step names is in the only arm there is."""
    if step.audience_id is not None:
        return {ONLY_ARM: simulation.audiences[step.audience_id]}
    return {
        arm: AudienceSize(count, deliveries_for(count)) for arm, count in simulation.arms.items() if step.is_for(arm)
    }


def _without(planned: dict[str, int], arm: str, skipped: int) -> dict[str, int]:
    """Turns that are still planned once some agents turned out to take none."""
    return planned | {arm: planned[arm] - skipped} if skipped else planned


def _finish(simulation: Simulation) -> Decision:
    if simulation.finished_turns == 0:
        return _enter(simulation, State.COMPLETED, reason="nobody was asked anything")
    if simulation.answered == 0:
        return _enter(simulation, State.FAILED, reason=f"not one turn was answered: {simulation.failure}")
    analysing = _enter(simulation, State.ANALYSING)
    return Decision(analysing.simulation, (*analysing.effects, Analyse(simulation.finished_turns)))


def _enter(simulation: Simulation, state: State, *, reason: str | None = None) -> Decision:
    if simulation.state is state:
        return Decision(simulation)
    entered = simulation.model_copy(update={"state": state, "reason": reason})
    return Decision(entered, (Announce(simulation.state),))
