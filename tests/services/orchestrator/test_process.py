"""How a simulation moves, as a table of inputs."""

from datetime import UTC, datetime, timedelta

import pytest

from libs.contracts.orchestrator import SimulationState as State
from libs.contracts.protocol import NO_USAGE, Step
from services.orchestrator.domain import effects, inputs, process
from services.orchestrator.domain.deliveries import deliveries_for
from services.orchestrator.domain.effects import Analyse, Announce, AskForArms, Close, Deliver, Report
from services.orchestrator.domain.process import decide
from services.orchestrator.domain.simulation import TIME_LIMITS, AudienceSize, Simulation, excused

NOW = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
STEP = Step(kind="measure", step_id="one", round=1, stimuli={}, instruments=())
SECOND = STEP.model_copy(update={"step_id": "two", "round": 2})


def simulation(*steps: Step, intervention_id: str | None = "int_1", **changes: object) -> Simulation:
    created = Simulation(
        simulation_id="sim_1",
        name="A rehearsal",
        population_id="pop_1",
        intervention_id=intervention_id,
        seed=1,
        model="offline",
        steps=steps,
        created_at=NOW,
        updated_at=NOW,
    )
    return created.model_copy(update=changes)


def play(start: Simulation, *told: inputs.Input) -> tuple[Simulation, list[effects.Effect]]:
    """The simulation after these inputs, and the effects of the last of them, checkpoints apart."""
    last: tuple[effects.Effect, ...] = ()
    for received in told:
        start, last = (decision := decide(start, received, NOW)).simulation, decision.effects
    return start, [effect for effect in last if not isinstance(effect, effects.Keep)]


def finished(answered: int = 10, failed: int = 0) -> inputs.DeliveryFinished:
    return inputs.DeliveryFinished(answered, failed, NO_USAGE)


def asked(step: Step, agents: int) -> inputs.StepsRequested:
    """A request for one step, for so many agents."""
    size = AudienceSize(agents, deliveries_for(agents))
    steps = (step.model_copy(update={"audience_id": step.step_id}),)
    return inputs.StepsRequested(f"brd_{step.step_id}", steps, {step.step_id: size})


ASSIGNED = inputs.AgentsAssigned({"a": 63, "b": 62}, is_last=True)
READY = inputs.PopulationIsReady(200)


def provisioning(*steps: Step, **changes: object) -> Simulation:
    return process.begin(simulation(*steps, **changes)).simulation


def test_a_new_simulation_waits_for_its_population_and_says_so() -> None:
    decision = process.begin(simulation(STEP))
    assert decision.simulation.state is State.PROVISIONING
    assert decision.effects == (Announce(State.DRAFT),)


def test_a_ready_population_leads_to_the_assignment_of_arms() -> None:
    after, effects = play(provisioning(STEP), READY)
    assert after.state is State.READY
    assert effects == [Announce(State.PROVISIONING), AskForArms()]


def test_the_first_step_starts_when_the_last_part_of_the_assignments_is_there() -> None:
    first_part = inputs.AgentsAssigned({"a": 63}, is_last=False)
    after, effects = play(provisioning(STEP), READY, first_part)
    assert (after.state, effects) == (State.READY, [])
    after, effects = play(after, ASSIGNED)
    assert after.state is State.RUNNING
    assert after.planned == {"a": 63, "b": 62}
    assert effects == [Announce(State.READY), Deliver(STEP)]


def test_assignments_that_come_again_start_nothing_again() -> None:
    running, _ = play(provisioning(STEP, SECOND), READY, ASSIGNED)
    after, effects = play(running, inputs.AgentsAssigned({}, is_last=True))
    assert (after, effects) == (running, [])


def test_deliveries_hold_at_most_64_agents() -> None:
    assert [deliveries_for(n) for n in (0, 1, 64, 65, 128, 129)] == [0, 1, 1, 2, 2, 3]
    after, _ = play(provisioning(STEP), READY, inputs.AgentsAssigned({"a": 65, "b": 64}, is_last=True))
    assert after.open_deliveries == 3


def test_deliveries_of_a_large_arm_hold_256_once_there_are_16_of_them() -> None:
    assert [deliveries_for(n) for n in (4_095, 4_096, 4_097, 100_000)] == [64, 16, 17, 391]
    large = inputs.AgentsAssigned({"a": 4_095, "b": 4_096}, is_last=True)
    after, _ = play(provisioning(STEP, largest_delivery=256), READY, large)
    assert after.open_deliveries == 64 + 16


def test_a_simulation_that_began_before_there_were_large_deliveries_keeps_its_own() -> None:
    before = provisioning(STEP).model_dump(mode="json", exclude={"largest_delivery"})
    after, _ = play(Simulation.model_validate(before), READY, inputs.AgentsAssigned({"a": 4_096}, is_last=True))
    assert after.open_deliveries == 64


def test_a_step_ends_with_its_last_delivery_and_the_next_one_begins() -> None:
    after, effects = play(provisioning(STEP, SECOND), READY, ASSIGNED, finished())
    assert effects == []
    after, effects = play(after, finished())
    assert effects == [Deliver(SECOND)]
    assert after.planned == {"a": 126, "b": 124}


def test_the_analysis_waits_for_every_finished_turn_answered_or_failed() -> None:
    after, effects = play(provisioning(STEP), READY, ASSIGNED, finished(60, 3), finished(61, 1))
    assert after.state is State.ANALYSING
    assert effects == [Announce(State.RUNNING), Analyse(125)]


def test_a_simulation_in_which_nobody_could_answer_fails_with_the_reason() -> None:
    refused = inputs.DeliveryFinished(0, 63, NO_USAGE, "no model 'x' here; known: offline")
    after, effects = play(provisioning(STEP), READY, ASSIGNED, refused, refused)
    assert (after.state, after.reason) == (State.FAILED, "not one turn was answered: no model 'x' here; known: offline")
    assert effects == [Announce(State.RUNNING)]


def test_an_analysed_simulation_is_complete() -> None:
    after, effects = play(provisioning(STEP), READY, ASSIGNED, finished(), finished(), inputs.AnalysisFinished())
    assert after.state is State.COMPLETED
    assert effects == [Announce(State.ANALYSING)]


@pytest.mark.parametrize(
    ("received", "reason"),
    [
        (inputs.PopulationIsMissing("no such base"), "the population could not be drawn: no such base"),
        (inputs.NobodyAssigned("no agent is in 'families'"), "no agent is in 'families'"),
    ],
)
def test_a_simulation_that_cannot_run_fails_with_its_reason(received: inputs.Input, reason: str) -> None:
    after, _ = play(provisioning(STEP), received)
    assert (after.state, after.reason) == (State.FAILED, reason)


@pytest.mark.parametrize("state", [State.COMPLETED, State.FAILED, State.CANCELLED])
@pytest.mark.parametrize("received", [READY, ASSIGNED, finished(), inputs.AnalysisFinished()])
def test_what_comes_after_the_end_is_counted_and_changes_nothing_else(state: State, received: inputs.Input) -> None:
    over = simulation(STEP, state=state)
    after, effects = play(over, received)
    assert effects == []
    assert after == over.model_copy(update={"late_messages": 1})


def test_ending_a_protocol_before_it_is_complete_cancels_it() -> None:
    after, effects = play(provisioning(STEP), READY, ASSIGNED, inputs.EndRequested())
    assert after.state is State.CANCELLED
    assert effects == [Announce(State.RUNNING), Close()]


def test_an_interactive_simulation_goes_back_to_ready_after_each_broadcast() -> None:
    interactive = provisioning(intervention_id=None)
    after, effects = play(interactive, READY)
    assert after.state is State.READY
    assert AskForArms() not in effects
    after, effects = play(after, asked(STEP, 70))
    assert (after.state, after.open_deliveries) == (State.RUNNING, 2)
    after, _ = play(after, finished(), finished())
    assert after.state is State.READY


def test_ending_an_interactive_simulation_lets_open_deliveries_finish_first() -> None:
    running, _ = play(provisioning(intervention_id=None), READY, asked(STEP, 10))
    after, effects = play(running, inputs.EndRequested())
    assert (after.state, effects) == (State.RUNNING, [Announce(State.RUNNING)])
    after, effects = play(after, finished())
    assert effects == [Announce(State.RUNNING), Analyse(10), Report("brd_one", "finished")]


def test_ending_an_interactive_simulation_that_asked_nothing_completes_it_without_analysis() -> None:
    after, effects = play(provisioning(intervention_id=None), READY, inputs.EndRequested())
    assert after.state is State.COMPLETED
    assert effects == [Announce(State.READY)]


def test_steps_that_were_asked_for_run_one_after_the_other_in_the_order_of_asking() -> None:
    interactive, _ = play(provisioning(intervention_id=None), READY)
    running, effects = play(interactive, asked(STEP, 10))
    assert [effect.step.step_id for effect in effects if isinstance(effect, Deliver)] == ["one"]
    queued, effects = play(running, asked(SECOND, 5))
    assert effects == []
    after, effects = play(queued, finished())
    assert [effect.step.step_id for effect in effects if isinstance(effect, Deliver)] == ["two"]
    assert (after.state, after.open_deliveries, after.planned) == (State.RUNNING, 1, {"all": 15})


def test_ending_again_does_not_wait_for_the_step_in_hand() -> None:
    running, _ = play(provisioning(intervention_id=None), READY, asked(STEP, 10))
    after, _ = play(running, inputs.EndRequested(), inputs.EndRequested())
    assert (after.state, after.reason) == (State.CANCELLED, "ended again before its last step was complete")


def test_each_step_says_where_it_stands() -> None:
    interactive, _ = play(provisioning(intervention_id=None), READY)
    running, _ = play(interactive, asked(STEP, 10), asked(SECOND, 5))
    assert running.step_states == ["running", "pending"]
    after, _ = play(running, finished())
    assert after.step_states == ["finished", "running"]
    ending, _ = play(running, inputs.EndRequested())
    assert ending.step_states == ["running", "dropped"]


def test_what_is_queued_and_not_begun_is_dropped_when_the_simulation_ends() -> None:
    interactive, _ = play(provisioning(intervention_id=None), READY)
    after, effects = play(interactive, asked(STEP, 10), asked(SECOND, 5), inputs.EndRequested(), finished())
    assert after.state is State.ANALYSING
    assert effects == [Announce(State.RUNNING), Analyse(10), Report("brd_one", "finished")]


def test_agents_who_skip_a_step_are_not_planned_any_more() -> None:
    interactive, _ = play(provisioning(intervention_id=None), READY)
    skipping = inputs.DeliveryFinished(6, 0, NO_USAGE, skipped=4)
    after, _ = play(interactive, asked(STEP, 10), skipping)
    assert after.planned == {"all": 6}


def test_a_broadcast_to_a_simulation_with_a_protocol_is_refused_as_late() -> None:
    after, effects = play(provisioning(STEP), READY, asked(SECOND, 5))
    assert effects == [Report("brd_two", "dropped")]
    assert after.late_messages == 1


@pytest.mark.parametrize("state", sorted(TIME_LIMITS))
def test_no_state_lasts_for_ever(state: State) -> None:
    waiting = simulation(STEP, state=state)
    assert waiting.deadline_at is not None
    assert waiting.deadline_at > NOW + timedelta(minutes=1)
    after, effects = play(waiting, inputs.TimedOut())
    assert after.state is State.FAILED
    assert str(state) in str(after.reason)
    assert effects == [Announce(state)]


def test_an_interactive_simulation_that_nobody_uses_is_closed_and_keeps_what_it_has() -> None:
    idle = simulation(intervention_id=None, state=State.READY, answered=4)
    after, effects = play(idle, inputs.TimedOut())
    assert after.state is State.ANALYSING
    assert Analyse(4) in effects


LATER = NOW + timedelta(hours=1)


def test_what_moves_the_simulation_on_gives_its_state_more_time() -> None:
    running, _ = play(provisioning(STEP), READY, ASSIGNED)
    assert decide(running, finished(), LATER).simulation.updated_at == LATER


def test_time_in_which_nobody_could_move_it_is_no_part_of_a_state() -> None:
    running, _ = play(provisioning(STEP), READY, ASSIGNED)
    back = NOW + timedelta(hours=31)
    limit = TIME_LIMITS[State.RUNNING]
    after = excused(running, timedelta(hours=30), back)
    assert after.deadline_at == back + limit - timedelta(hours=1)
    assert after.wall_s(back) == timedelta(hours=1).total_seconds()
    assert excused(after, timedelta(days=400), back).deadline_at == back + limit
    assert decide(after, finished(), back).simulation.excused_s == 0


def test_a_clock_that_was_set_back_gives_no_state_more_time_than_it_has() -> None:
    running, _ = play(provisioning(STEP), READY, ASSIGNED)
    back = NOW - timedelta(days=40)
    after = excused(running, timedelta(days=-40), back)
    assert after.deadline_at == back + TIME_LIMITS[State.RUNNING]
    assert after.wall_s(back) == 0


@pytest.mark.parametrize(
    "ignored",
    [
        READY,
        ASSIGNED,
        asked(SECOND, 5),
        inputs.AnalysisFinished(),
        inputs.ResumeRequested(),
        inputs.DeliveryWasClosed(),
        inputs.WorkHeld("of an earlier pause", pauses=-1),
    ],
)
def test_what_is_ignored_gives_no_state_more_time(ignored: inputs.Input) -> None:
    running, _ = play(provisioning(STEP), READY, ASSIGNED)
    after = decide(running, ignored, LATER).simulation
    assert (after.updated_at, after.deadline_at) == (NOW, running.deadline_at)


def test_a_simulation_fails_when_work_it_waits_for_is_given_up() -> None:
    running, _ = play(provisioning(STEP, SECOND), READY, ASSIGNED)
    after, effects = play(running, inputs.WorkGivenUp("deliver-stimulus", "ModelsError: no reply"))
    assert (after.state, after.reason) == (State.FAILED, "deliver-stimulus was given up: ModelsError: no reply")
    assert effects == [Announce(State.RUNNING), Close()]
    assert play(after, finished())[0].state is State.FAILED


@pytest.mark.parametrize(
    ("inputs", "states"),
    [
        ((), {}),
        ((asked(STEP, 5), asked(SECOND, 5)), {"brd_one": "running"}),
        ((asked(STEP, 5), asked(SECOND, 5), finished(5)), {"brd_one": "finished", "brd_two": "running"}),
        ((asked(STEP, 5), asked(SECOND, 5), inputs.EndRequested()), {"brd_one": "running", "brd_two": "dropped"}),
        ((asked(STEP, 5), inputs.EndRequested(), asked(SECOND, 5)), {"brd_one": "running", "brd_two": "dropped"}),
        ((inputs.EndRequested(), asked(SECOND, 5)), {"brd_two": "dropped"}),
        ((asked(STEP, 5), inputs.WorkGivenUp("deliver-stimulus", "why")), {"brd_one": "dropped"}),
        ((asked(STEP, 5), inputs.EndRequested(), inputs.EndRequested()), {"brd_one": "dropped"}),
    ],
)
def test_whatever_becomes_of_a_request_is_reported(inputs: tuple[inputs.Input, ...], states: dict[str, str]) -> None:
    after, _ = play(provisioning(intervention_id=None), READY)
    reported: dict[str, str] = {}
    for received in inputs:
        after, effects = play(after, received)
        reported |= {effect.protocol_id: effect.state for effect in effects if isinstance(effect, Report)}
    assert reported == states


def test_a_request_of_several_steps_runs_until_its_last_one_has_ended() -> None:
    steps = tuple(step.model_copy(update={"audience_id": "all"}) for step in (STEP, SECOND))
    both = inputs.StepsRequested("seq_1", steps, {"all": AudienceSize(5, 1)})
    after, effects = play(provisioning(intervention_id=None), READY, both)
    assert Report("seq_1", "running") in effects
    after, effects = play(after, finished(5))
    assert [effect for effect in effects if isinstance(effect, Report)] == []
    assert Report("seq_1", "finished") in play(after, finished(5))[1]
