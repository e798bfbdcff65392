"""Simulations that went back: what is analysed is of the present timeline, and of its past up to the mark."""

from itertools import permutations
from typing import Any

from libs.contracts.communication import ResponsesRecorded
from libs.contracts.instruments import Answer
from libs.contracts.orchestrator import StepStarted, TimelineForked
from libs.contracts.protocol import Step
from libs.contracts.results import AnalyseSimulation
from libs.contracts.timelines import MAIN, Timeline
from tests.services.results import build
from tests.services.results.scene import SIMULATION, Scene, created

FORK = MAIN.fork(2, 1)
BOUGHT = build.instrument("bought", role="primary")
Said = tuple[Timeline, int, dict[int, Answer]]
BEFORE: Said = (MAIN, 1, {1: True, 2: False, 3: True, 4: False})
LEFT: Said = (MAIN, 2, dict.fromkeys(range(1, 31), False))
AFTER: Said = (FORK, 2, {1: True, 2: True})


def step(said: Said) -> StepStarted:
    timeline, place, answers = said
    asked = Step(kind="measure", step_id=_id(said), round=place, stimuli={}, instruments=(BOUGHT,))
    return StepStarted(
        simulation_id=SIMULATION, step=asked, planned={"all": len(answers)}, timeline=timeline, place=place
    )


def responses(said: Said) -> ResponsesRecorded:
    timeline, place, answers = said
    turns = [build.turn(number, "all", {"bought": answer}) for number, answer in answers.items()]
    given = [build.response(turn).model_copy(update={"turn_id": f"{_id(said)}-{turn.agent_id}"}) for turn in turns]
    return ResponsesRecorded(
        simulation_id=SIMULATION,
        delivery_id=_id(said),
        timeline_id=timeline.timeline_id,
        step_id=_id(said),
        round=place,
        arm="all",
        responses=tuple(given),
        place=place,
    )


def _id(said: Said) -> str:
    return f"step-{said[0].number}-{said[1]}"


def forked(timeline: Timeline = FORK) -> TimelineForked:
    last = timeline.ancestors[-1]
    return TimelineForked(
        simulation_id=SIMULATION,
        timeline_id=timeline.timeline_id,
        parent_id=last.timeline_id,
        place=last.through,
        timeline=timeline,
        forked_at=build.START,
    )


def analyse(expected: int) -> AnalyseSimulation:
    return AnalyseSimulation(simulation_id=SIMULATION, intervention_id=None, expected_responses=expected, timeline=FORK)


async def individuals(scene: Scene, agent: str) -> list[dict[str, Any]]:
    answer = await scene.client.get(f"/results/{SIMULATION}/individual/{agent}")
    turns: list[dict[str, Any]] = answer.json()["turns"]
    return turns


async def test_what_was_recorded_on_a_timeline_that_was_left_is_not_analysed(scene: Scene) -> None:
    told = [created(None), step(BEFORE), responses(BEFORE), step(LEFT), responses(LEFT)]
    await scene.publish(*told)
    await scene.counted(30)
    await scene.publish(forked(), step(AFTER), responses(AFTER), analyse(6))
    (made,) = await scene.completed()
    assert made.analysis.answered == {"all": 4}
    assert made.analysis.assigned == {"all": 4}
    (estimate,) = made.analysis.estimates
    assert estimate.value == 2.5 / 4, "each agent's answers are averaged: 1, (0 + 1) / 2, 1 and 0"
    shown = await scene.aggregate()
    assert (shown["timeline_id"], shown["timelines"]) == ("main.2", 2)
    served = (await scene.export("csv")).text
    assert "step-1-2" not in served
    assert "step-2-2" in served


async def test_an_analysis_waits_for_the_responses_of_its_timeline_whatever_else_is_there(quick_scene: Scene) -> None:
    told = [created(None), step(BEFORE), step(LEFT), responses(LEFT), step(AFTER), responses(AFTER)]
    await quick_scene.publish(*told, analyse(6))
    await quick_scene.in_state("analysing")
    assert await quick_scene.counted(2)
    await quick_scene.publish(responses(BEFORE))
    (made,) = await quick_scene.completed()
    assert made.analysis.answered == {"all": 4}


async def test_news_of_forks_may_come_twice_and_in_any_order(quick_scene: Scene) -> None:
    third = MAIN.fork(3, 1)
    await quick_scene.publish(created(None), step(BEFORE), responses(BEFORE), step(LEFT), responses(LEFT))
    await quick_scene.publish(step(AFTER), responses(AFTER))
    for order in permutations([forked(), forked(third), forked(third)]):
        await quick_scene.publish(*order)
    await quick_scene.counted(4)
    assert [turn["timeline_id"] for turn in await individuals(quick_scene, "agent_0001")] == ["main"]
