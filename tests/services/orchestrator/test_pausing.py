"""Pause, resume, cancel and a spent budget, as a table of inputs."""

from datetime import timedelta

import pytest

from libs.contracts.orchestrator import SimulationState as State
from libs.contracts.protocol import NO_USAGE
from services.orchestrator.domain import inputs
from services.orchestrator.domain.effects import Analyse, Announce, Close, Deliver, DeliverAgain, Report
from services.orchestrator.domain.process import decide
from services.orchestrator.domain.simulation import Simulation
from tests.services.orchestrator.test_process import (
    ASSIGNED,
    LATER,
    NOW,
    READY,
    SECOND,
    STEP,
    asked,
    finished,
    play,
    provisioning,
)

PAUSE, RESUME, CANCEL = inputs.PauseRequested(), inputs.ResumeRequested(), inputs.CancelRequested()
SPENT = "the budget of simulation 'sim_1' is 3 call(s)"


def running(*told: inputs.Input) -> Simulation:
    """Two arms, two deliveries open in the first of two steps."""
    return play(provisioning(STEP, SECOND), READY, ASSIGNED, *told)[0]


def interactive(*told: inputs.Input) -> Simulation:
    return play(provisioning(intervention_id=None), READY, *told)[0]


def held(pauses: int = 0) -> inputs.WorkHeld:
    return inputs.WorkHeld(SPENT, pauses)


def test_a_paused_simulation_says_so_and_why() -> None:
    after, effects = play(running(), PAUSE)
    assert (after.state, after.reason, after.paused_for) == (State.PAUSED, "paused on request", "request")
    assert effects == [Announce(State.RUNNING)]
    assert play(after, PAUSE) == (after, [])


def test_turns_in_hand_are_counted_while_it_is_paused_and_no_step_begins() -> None:
    after, effects = play(running(), PAUSE, finished(63), finished(60, 2))
    assert (after.state, after.answered, after.failed, after.open_deliveries) == (State.PAUSED, 123, 2, 0)
    assert effects == []


def test_resumed_it_asks_again_for_what_is_open_of_the_step_in_hand() -> None:
    after, effects = play(running(), PAUSE, finished(), RESUME)
    assert (after.state, after.reason, after.paused_for, after.pauses) == (State.RUNNING, None, None, 1)
    assert effects == [Announce(State.PAUSED), DeliverAgain(STEP)]


def test_resumed_after_the_step_in_hand_has_ended_it_begins_the_next_one() -> None:
    after, effects = play(running(), PAUSE, finished(), finished(), RESUME)
    assert effects == [Announce(State.PAUSED), Deliver(SECOND)]
    assert after.planned == {"a": 126, "b": 124}


def test_resumed_after_the_last_step_has_ended_it_is_analysed() -> None:
    last = play(provisioning(STEP), READY, ASSIGNED, PAUSE, finished(), finished())[0]
    after, effects = play(last, RESUME)
    assert after.state is State.ANALYSING
    assert effects == [Announce(State.PAUSED), Analyse(20)]


def test_paused_before_it_knows_its_arms_it_begins_when_it_is_resumed() -> None:
    paused = play(provisioning(STEP), READY, PAUSE)[0]
    assert play(paused, RESUME)[0].state is State.READY
    after, effects = play(paused, inputs.AgentsAssigned({"a": 1}, is_last=False), ASSIGNED)
    assert (after.state, effects) == (State.PAUSED, [])
    assert play(after, RESUME)[1] == [Announce(State.PAUSED), Deliver(STEP)]


def test_what_is_asked_of_a_paused_simulation_waits_for_it() -> None:
    paused = interactive(PAUSE, asked(STEP, 10))
    assert (paused.state, paused.step_states) == (State.PAUSED, ["pending"])
    after, effects = play(paused, RESUME)
    assert after.state is State.RUNNING
    assert effects == [
        Announce(State.PAUSED),
        Deliver(STEP.model_copy(update={"audience_id": "one"})),
        Report("brd_one", "running"),
    ]


def test_a_paused_simulation_with_nothing_to_do_is_ready_again() -> None:
    assert interactive(PAUSE, RESUME).state is State.READY


def test_ending_a_paused_simulation_lets_the_step_in_hand_finish_first() -> None:
    after, effects = play(interactive(asked(STEP, 10), PAUSE), inputs.EndRequested())
    assert (after.state, after.is_ending) == (State.RUNNING, True)
    assert isinstance(effects[1], DeliverAgain)
    assert Analyse(10) in play(after, finished())[1]


def test_ending_a_paused_simulation_that_has_nothing_in_hand_analyses_it() -> None:
    _, effects = play(interactive(asked(STEP, 10), finished(), PAUSE), inputs.EndRequested())
    assert Analyse(10) in effects


@pytest.mark.parametrize("told", [(), (PAUSE,), (finished(),)])
def test_a_cancelled_simulation_waits_for_nothing(told: tuple[inputs.Input, ...]) -> None:
    before = running(*told)
    after, effects = play(before, CANCEL)
    assert (after.state, after.reason, after.paused_for) == (State.CANCELLED, "cancelled on request", None)
    assert effects == [Announce(before.state), Close()]
    assert play(after, CANCEL, PAUSE, RESUME, inputs.EndRequested()) == (after, [])


def test_replies_after_a_cancellation_are_counted_and_change_nothing_else() -> None:
    cancelled = running(CANCEL)
    after = play(cancelled, inputs.DeliveryWasClosed(), inputs.DeliveryWasClosed(), held())[0]
    assert after == cancelled.model_copy(update={"late_messages": 3})


def test_a_spent_budget_pauses_and_says_which_and_how_much() -> None:
    after, effects = play(running(), held())
    assert (after.state, after.reason, after.paused_for) == (State.PAUSED, SPENT, "budget")
    assert effects == [Announce(State.RUNNING)]


def test_the_other_deliveries_that_meet_the_same_cap_change_nothing() -> None:
    paused = running(held())
    assert play(paused, held(), held()) == (paused, [])


def test_a_higher_cap_ends_a_pause_for_the_budget_and_no_other() -> None:
    after, effects = play(running(held()), inputs.BudgetChanged())
    assert after.state is State.RUNNING
    assert effects == [Announce(State.PAUSED), DeliverAgain(STEP)]
    assert running(PAUSE, inputs.BudgetChanged()).state is State.PAUSED
    assert running(held(), PAUSE, inputs.BudgetChanged()).state is State.PAUSED


def test_a_delivery_from_before_a_pause_that_comes_to_the_cap_late_does_not_pause_again() -> None:
    resumed = running(held(), inputs.BudgetChanged())
    assert play(resumed, held()) == (resumed, [])
    assert play(resumed, held(pauses=1))[0].pauses == 2


@pytest.mark.parametrize("state", [State.PROVISIONING, State.ANALYSING])
def test_what_makes_no_calls_is_not_paused(state: State) -> None:
    waiting = running().model_copy(update={"state": state})
    assert play(waiting, PAUSE) == (waiting, [])
    assert play(waiting, held()) == (waiting, [])


def test_a_pause_ends_by_itself_after_a_month_whatever_is_ignored_meanwhile() -> None:
    paused = running(PAUSE)
    after = decide(paused, held(), LATER).simulation
    assert after.deadline_at == paused.deadline_at
    assert paused.deadline_at is not None
    assert (paused.deadline_at - NOW).days == 30
    over, effects = play(after, inputs.TimedOut())
    assert (over.state, effects) == (State.FAILED, [Announce(State.PAUSED), Close()])


def test_the_simulated_clock_stands_still_while_it_is_paused() -> None:
    steps = (STEP, SECOND.model_copy(update={"simulated_at": LATER}))
    begun = play(provisioning(*steps), READY, ASSIGNED, PAUSE, finished(), finished())[0]
    a_day_later = NOW.replace(day=2)
    resumed = decide(begun, RESUME, a_day_later)
    assert Deliver(steps[1]) in resumed.effects, "when a step happens is its own, not the time at which it is delivered"


def test_the_clock_of_a_simulation_stands_while_it_is_paused() -> None:
    after = play(running(), PAUSE)[0]
    assert (after.ran_s, after.running_since) == (0.0, None)
    seen = NOW
    for received, seconds in ((RESUME, 50), (PAUSE, 10), (RESUME, 100), (finished(), 5)):
        seen += timedelta(seconds=seconds)
        after = decide(after, received, seen).simulation
    assert (after.ran_s, after.running_since) == (10.0, seen - timedelta(seconds=5))
    assert after.wall_s(seen) == 15.0


def test_the_processor_time_of_deliveries_is_added_up() -> None:
    taken = [inputs.DeliveryFinished(1, 0, NO_USAGE, cpu_s=seconds) for seconds in (0.25, 0.5)]
    assert running(*taken).cpu_s == 0.75
