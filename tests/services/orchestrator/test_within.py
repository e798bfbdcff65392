"""A within design: everybody is in every arm, each on a fork of the same beginning, and all of it is the past."""

from libs.contracts.timelines import MAIN, joined
from services.orchestrator.domain import process
from services.orchestrator.domain.effects import Deliver, Fork
from services.orchestrator.domain.inputs import AgentsAssigned
from services.orchestrator.domain.process import decide
from services.orchestrator.domain.simulation import Simulation, SimulationState
from tests.services.orchestrator.parts import NOW, START, STEP


def ready(**changes: object) -> Simulation:
    values = START.model_dump() | {"created_at": NOW, "updated_at": NOW, "state": SimulationState.READY} | changes
    return Simulation.model_validate(values)


def test_arms_are_forks_of_the_beginning_whose_past_holds_no_other_arm() -> None:
    decision = decide(ready(design="within"), AgentsAssigned({"a": 5, "b": 5}, True), NOW)
    simulation = decision.simulation
    a, b = simulation.timeline_of("a"), simulation.timeline_of("b")
    assert (a.timeline_id, b.timeline_id) == ("main.arm-1", "main.arm-2")
    assert a.includes("main", 0)
    assert not a.includes("main", 1)
    assert not a.includes(b.timeline_id, 1)
    assert [type(effect) for effect in decision.effects if isinstance(effect, Fork | Deliver)] == [Fork, Deliver]


def test_what_happens_in_any_arm_is_the_past_of_the_simulation() -> None:
    forks = MAIN.fork_arms(["b", "a"], place=0)
    together = joined(forks)
    assert all(together.includes(fork.timeline_id, place) for fork in forks.values() for place in (1, 99))
    assert together.number == forks["a"].number > MAIN.number


def test_between_there_is_one_timeline() -> None:
    decision = decide(ready(), AgentsAssigned({"a": 5, "b": 5}, True), NOW)
    assert decision.simulation.timeline_of("a") == decision.simulation.timeline_of("b") == MAIN
    assert not any(isinstance(effect, Fork) for effect in decision.effects)


def test_a_step_is_delivered_to_its_arms_and_passed_over_where_nobody_is_in_them() -> None:
    steps = [STEP.model_copy(update={"step_id": f"touch-{arm}", "arms": (arm,)}) for arm in ("c", "b")]
    decision = decide(ready(steps=tuple(steps)), AgentsAssigned({"a": 65, "b": 65}, True), NOW)
    assert [effect.step.step_id for effect in decision.effects if isinstance(effect, process.Deliver)] == ["touch-b"]
    assert (decision.simulation.planned, decision.simulation.open_deliveries) == ({"b": 65}, 2)
