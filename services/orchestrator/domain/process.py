"""The process manager: `decide(simulation, input) → decision`, pure.

Handlers load the simulation, call `decide`, save what it says and send what it asks for, all in one transaction. An
input that comes after the end, or twice, changes nothing but a count: that is a normal race, not an error.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import singledispatch

from libs.contracts.ids import ONLY_ARM
from libs.contracts.orchestrator import PausedFor
from libs.contracts.orchestrator import SimulationState as State
from libs.contracts.protocol import Step, total_usage
from libs.contracts.timelines import MAIN, joined
from services.orchestrator.domain.checkpoint import restored, why_not_restored
from services.orchestrator.domain.deliveries import deliveries_for
from services.orchestrator.domain.effects import (
    Analyse,
    Announce,
    AskForArms,
    Close,
    Deliver,
    DeliverAgain,
    Effect,
    Fork,
    Keep,
    Report,
)
from services.orchestrator.domain.inputs import (
    NEVER_LATE,
    AgentsAssigned,
    AnalysisFinished,
    BudgetChanged,
    CancelRequested,
    DeliveryFinished,
    DeliveryWasClosed,
    EndRequested,
    Input,
    NobodyAssigned,
    PastIsMissing,
    PauseRequested,
    PopulationIsMissing,
    PopulationIsReady,
    RestoreRequested,
    ResumeRequested,
    StepsRequested,
    TimedOut,
    WorkGivenUp,
    WorkHeld,
)
from services.orchestrator.domain.simulation import ENDS, PAUSABLE, AudienceSize, Simulation, clocked


@dataclass(frozen=True, slots=True)
class Decision:
    """The simulation afterwards, and what must happen for it."""

    simulation: Simulation
    effects: tuple[Effect, ...] = ()


def decide(simulation: Simulation, received: Input, now: datetime) -> Decision:
    """What an input means for a simulation in its present state."""
    if simulation.state.is_terminal:
        decision = Decision(simulation if isinstance(received, NEVER_LATE) else _late(simulation))
    else:
        decision = _on(received, simulation)
    after = decision.simulation
    if after.model_copy(update={"late_messages": simulation.late_messages}) != simulation:
        after = clocked(simulation, after, now)  # what moves nothing gives the state no more time
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
def _(received: PastIsMissing, simulation: Simulation) -> Decision:
    return _enter(simulation, State.FAILED, reason=f"it cannot start from another simulation: {received.reason}")


@_on.register
def _(received: AgentsAssigned, simulation: Simulation) -> Decision:
    if simulation.state not in {State.READY, State.PAUSED} or simulation.has_arms:
        return Decision(simulation)
    simulation = simulation.model_copy(update={"arms": received.arms, "is_assigned": received.is_last})
    if not received.is_last:
        return Decision(simulation)
    if not simulation.is_within:
        return _go_on(simulation)
    forks = MAIN.fork_arms(tuple(simulation.arms), place=0)
    started = _go_on(simulation.model_copy(update={"timeline": joined(forks)}))
    return Decision(started.simulation, (Fork(), *started.effects))


@_on.register
def _(received: NobodyAssigned, simulation: Simulation) -> Decision:
    return _enter(simulation, State.FAILED, reason=received.reason)


@_on.register
def _(received: StepsRequested, simulation: Simulation) -> Decision:
    is_open = simulation.state in (*PAUSABLE, State.PAUSED) and not (simulation.is_ending or simulation.is_complete)
    if not simulation.is_interactive or not is_open:
        return Decision(_late(simulation))
    first = len(simulation.steps)
    simulation = simulation.model_copy(
        update={
            "steps": (*simulation.steps, *received.steps),
            "protocols": simulation.protocols | {received.protocol_id: (first, first + len(received.steps))},
            "audiences": simulation.audiences | received.audiences,
            "is_complete": simulation.is_complete or received.ends,
        }
    )
    return _go_on(simulation) if simulation.open_deliveries == 0 else Decision(simulation)


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
            "cpu_s": simulation.cpu_s + received.cpu_s,
        }
    )
    if simulation.open_deliveries > 0:
        return Decision(simulation)
    after = _go_on(simulation)
    return Decision(after.simulation, (Keep(simulation), *after.effects))


@_on.register
def _(_received: DeliveryWasClosed, simulation: Simulation) -> Decision:
    return Decision(_late(simulation))


@_on.register
def _(received: WorkHeld, simulation: Simulation) -> Decision:
    if simulation.state is not State.RUNNING or received.pauses != simulation.pauses:
        return Decision(simulation)
    return _pause(simulation, "budget", received.reason)


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
    if simulation.state is State.PAUSED:
        return _resume(simulation)
    if simulation.open_deliveries == 0:
        return _finish(simulation)
    return Decision(simulation, (Announce(simulation.state),))


@_on.register
def _(_received: CancelRequested, simulation: Simulation) -> Decision:
    return _enter(simulation, State.CANCELLED, reason="cancelled on request")


@_on.register
def _(_received: PauseRequested, simulation: Simulation) -> Decision:
    if simulation.paused_for == "budget":  # a higher cap does not end what somebody asked for
        return Decision(simulation.model_copy(update={"paused_for": "request"}))
    if simulation.state not in PAUSABLE:
        return Decision(simulation)
    return _pause(simulation, "request", "paused on request")


@_on.register
def _(_received: ResumeRequested, simulation: Simulation) -> Decision:
    return _resume(simulation) if simulation.state is State.PAUSED else Decision(simulation)


@_on.register
def _(_received: BudgetChanged, simulation: Simulation) -> Decision:
    return _resume(simulation) if simulation.paused_for == "budget" else Decision(simulation)


@_on.register
def _(received: RestoreRequested, simulation: Simulation) -> Decision:
    if why_not_restored(simulation) is not None:
        return Decision(simulation)
    ready = _enter(restored(simulation, received.checkpoint), State.READY)
    return Decision(ready.simulation, (Close(), Fork(), *ready.effects))


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


def _late(simulation: Simulation) -> Simulation:
    return simulation.model_copy(update={"late_messages": simulation.late_messages + 1})


def _pause(simulation: Simulation, paused_for: PausedFor, reason: str) -> Decision:
    paused = simulation.model_copy(update={"pauses": simulation.pauses + 1, "paused_for": paused_for})
    return _enter(paused, State.PAUSED, reason=reason)


def _resume(simulation: Simulation) -> Decision:
    """Go on where it was: what is open of the step in hand is asked for again."""
    if not simulation.has_arms:
        return _enter(simulation, State.READY)
    if simulation.open_deliveries == 0:
        return _next_step(simulation)
    running = _enter(simulation, State.RUNNING)
    return Decision(running.simulation, (*running.effects, DeliverAgain(simulation.steps[simulation.next_step - 1])))


def _go_on(simulation: Simulation) -> Decision:
    """The next step, unless the simulation is paused."""
    return Decision(simulation) if simulation.state is State.PAUSED else _next_step(simulation)


def _next_step(simulation: Simulation) -> Decision:
    """The next step; what was asked for and not begun is dropped when the simulation is ending."""
    if simulation.is_ending or (simulation.next_step == len(simulation.steps) and simulation.has_all_steps):
        return _finish(simulation)
    if simulation.next_step == len(simulation.steps):
        return _enter(simulation, State.READY)
    step = simulation.steps[simulation.next_step]
    sizes = sizes_of(simulation, step)
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


def sizes_of(simulation: Simulation, step: Step) -> dict[str, AudienceSize]:
    """By arm: an audience that a step names is in the only arm there is."""
    if step.audience_id is not None:
        return {ONLY_ARM: simulation.audiences[step.audience_id]}
    return {
        arm: AudienceSize(count, deliveries_for(count, simulation.largest_delivery))
        for arm, count in simulation.arms.items()
        if step.is_for(arm)
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
    paused_for = simulation.paused_for if state is State.PAUSED else None
    entered = simulation.model_copy(update={"state": state, "reason": reason, "paused_for": paused_for})
    closed = (Close(),) if state.is_terminal and simulation.open_deliveries else ()
    return Decision(entered, (Announce(simulation.state), *closed))
