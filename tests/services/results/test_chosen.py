"""Who is asked again because of an answer is no sample of its arm."""

import random

import pytest

from libs.contracts.chosen import NOBODY, Asking, Chosen, chosen_by
from libs.contracts.orchestrator import StepStarted
from libs.contracts.protocol import Condition, Contact, Plan, Step, Stimulus
from services.results.domain.live import Running
from services.results.domain.records import Study, Turn
from tests.services.results import build
from tests.services.results.scene import SIMULATION, Scene, analyse, created, frozen
from tests.services.results.told import analyse as analysis_of
from tests.services.results.told import describe

OPENED = build.instrument("opened", role="primary")
LIKED = build.instrument("liked", "ordinal", minimum=1, maximum=7)
PEOPLE = 400
ARMS = ("one_mail", "with_thanks")
FIRST = Asking("touch-1", ARMS, ("opened",), is_conditional=False)
THANKS = Asking("touch-2", ("with_thanks",), ("opened",), is_conditional=True)
IF_OPENED = Condition(metric="opened", step_id="touch-1", operator="is", value=True)


def turns(*, only: bool = True) -> list[Turn]:
    """Both arms get the same mail; of the second those who opened it, or did not, get another. All are opened alike."""
    draw, found = random.Random(5), []
    for number in range(PEOPLE):
        arm, opened = ARMS[number % 2], draw.random() < 0.3
        found.append(build.turn(number, arm, {"opened": opened}, step_id="touch-1"))
        if arm == "with_thanks" and opened is only:
            again = {"opened": draw.random() < 0.3}
            found.append(build.turn(number, arm, again, step_id="touch-2", round=2, step_place=2))
    return found


def plan() -> Plan:
    made = build.plan(ARMS, [OPENED], dict.fromkeys(ARMS, PEOPLE // 2))
    shown = Stimulus(content="Thank you.", channel="email", timing="morning")
    contacts = [
        Contact(name=name, stimulus=shown, at_s=at, metrics=("opened",), condition=condition, responds=True, rich=None)
        for name, at, condition in (("first", 0, None), ("thanks", 86_400, IF_OPENED))
    ]
    arms = (made.arms[0], made.arms[1].model_copy(update={"contacts": tuple(contacts)}))
    return made.model_copy(update={"arms": arms})


def study(chosen: Chosen) -> Study:
    return build.study(plan(), chosen=chosen)


def firsts(found: list[Turn]) -> list[Turn]:
    return [turn for turn in found if turn.step_id == "touch-1"]


@pytest.mark.parametrize("only", [True, False])
def test_who_is_asked_again_for_an_answer_moves_no_estimate(only: bool) -> None:
    given = turns(only=only)
    found, alone = (analysis_of(study(chosen_by([THANKS, FIRST])), some) for some in (given, firsts(given)))
    assert found.estimates == alone.estimates
    assert found.comparisons == alone.comparisons
    assert found.comparisons[0].finding == "no_clear_difference"
    assert found.changes is None, "of the chosen alone a change is what they were chosen for"
    averaged = analysis_of(study(NOBODY), given).comparisons[0]
    assert averaged.difference != found.comparisons[0].difference


def test_what_they_answer_is_shown_where_it_was_asked() -> None:
    given, made = turns(), study(chosen_by([FIRST, THANKS]))
    points = {(one.step_id, one.arm): one.n for one in describe(made, given).series if one.metric == "opened"}
    assert points["touch-2", "with_thanks"] == len(given) - PEOPLE


def test_a_repetition_for_everybody_is_averaged_and_changes() -> None:
    everybody = THANKS._replace(is_conditional=False)
    assert chosen_by([FIRST, everybody]) == NOBODY
    assert analysis_of(study(NOBODY), turns()).changes


def test_a_metric_of_the_chosen_alone_is_compared_with_a_warning() -> None:
    steps = [FIRST._replace(metrics=("opened",)), THANKS._replace(metrics=("liked",), arms=ARMS[1:])]
    steps.append(Asking("touch-3", ARMS[:1], ("liked",), is_conditional=False))
    chosen = chosen_by(steps)
    assert chosen == Chosen({}, frozenset({("liked", "with_thanks")}))
    draw = random.Random(2)
    given = [
        build.turn(number, ARMS[number % 2], {"liked": float(draw.randint(1, 7))}, step_id=f"touch-{3 - number % 2}")
        for number in range(80)
    ]
    made = build.study(build.plan(ARMS, [LIKED], dict.fromkeys(ARMS, 40)), chosen=chosen)
    assert (
        analysis_of(made, given)
        .comparisons[0]
        .method.endswith("among agents that a condition chose, so not a randomised comparison")
    )


@pytest.mark.parametrize("seed", range(3))
def test_live_aggregates_are_those_of_the_analysis(seed: int) -> None:
    made, given = study(chosen_by([FIRST, THANKS])), turns()
    random.Random(seed).shuffle(given)
    running = Running()
    running.learn(made)
    for turn in given:
        running.add(turn)
    batch = {(one.metric, one.arm): (one.n, one.value) for one in analysis_of(made, given).estimates}
    assert {(one.metric, one.arm): (one.n, one.value) for one in running.estimates(made)} == batch


async def test_it_is_analysed_once_the_steps_are_known_whichever_message_comes_last(scene: Scene) -> None:
    given, made = turns(), plan()
    steps = [
        StepStarted(
            simulation_id=SIMULATION,
            step=Step(
                kind="deliver",
                step_id=one.step_id,
                round=place,
                stimuli={},
                instruments=(OPENED,),
                condition=IF_OPENED if one.is_conditional else None,
            ),
            planned=dict.fromkeys(one.arms, 1),
            place=place,
        )
        for place, one in enumerate((FIRST, THANKS), start=1)
    ]
    await scene.publish(created(made), frozen(made), *build.recorded(given), analyse(len(given)), steps[0])
    await scene.counted(PEOPLE)
    await scene.publish(steps[1])
    (completed,) = await scene.completed()
    expected = analysis_of(study(chosen_by([FIRST, THANKS])), firsts(given)).comparisons[0]
    assert completed.analysis.comparisons[0].difference == expected.difference
    live = (await scene.client.get(f"/results/{SIMULATION}/live")).json()
    assert {one["arm"]: one["value"] for one in live["estimates"]} == {
        one.arm: one.value for one in completed.analysis.estimates
    }
