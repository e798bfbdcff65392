"""Simulations side by side."""

import random
from dataclasses import replace

import pytest

from libs.contracts.population import PopulationReady
from services.results.domain.people import people_of
from services.results.domain.records import Study, Turn
from services.results.domain.versus import Analysed, default_baseline, set_side_by_side
from tests.services.results import build
from tests.services.results.scene import Scene, campaign, story
from tests.services.results.told import replies

LIKED = build.instrument("liked", "numeric", role="primary", minimum=0, maximum=100)


def simulation(
    number: int, lift: float, *, population: str = "pop_1", model: str = "some-model", older: int = 0
) -> Analysed:
    """One arm that fifty people met, each with a liking of their own."""
    rng, noise = random.Random(1), random.Random(number)
    study: Study = build.study(
        build.plan(("mail",), [LIKED], {"mail": 50}),
        simulation_id=f"sim_{number}",
        population_id=population,
        model=model,
    )
    turns: list[Turn] = [
        build.turn(
            i,
            "mail",
            {"liked": 40 + rng.gauss(0, 12) + lift + noise.gauss(0, 1)},
            model=model,
            demographic_profile={"age": 20 + i + (older if i == 49 else 0)},
        )
        for i in range(50)
    ]
    return Analysed(study, replies(study, turns))


def drawn(one: Analysed, told: PopulationReady) -> Analysed:
    return replace(one, study=replace(one.study, people=people_of(told)))


def test_the_same_people_are_compared_in_pairs_and_others_are_not() -> None:
    same = [simulation(1, 0.0), simulation(2, 1.5)]
    found = set_side_by_side(same, default_baseline(same))
    [comparison] = found.comparisons
    assert (comparison.arm, comparison.baseline) == ("sim_2/mail", "sim_1/mail")
    assert (comparison.pairs, comparison.finding) == (50, "higher")
    others = [simulation(1, 0.0), simulation(2, 1.5, population="pop_2")]
    [comparison] = set_side_by_side(others, default_baseline(others)).comparisons
    assert (comparison.pairs, comparison.finding) == (None, "no_clear_difference")


@pytest.mark.parametrize(
    ("told", "older", "is_paired"),
    [
        (build.ready(build.makeup(), name="Again"), 0, True),
        (build.ready(build.makeup(seed=8)), 0, False),
        (build.ready(build.makeup("others")), 0, False),
        (build.ready(build.makeup(), size=124), 0, False),
        (build.ready(), 0, False),
        (build.ready(build.makeup()), 1, False),
    ],
)
def test_people_who_were_drawn_again_are_the_same_people(told: PopulationReady, older: int, is_paired: bool) -> None:
    first = drawn(simulation(1, 0.0), build.ready(build.makeup()))
    again = drawn(simulation(2, 1.5, population="pop_2", older=older), told)
    found = set_side_by_side([first, again], "sim_1/mail")
    assert (found.comparisons[0].pairs == 50) is is_paired
    assert any("same people were drawn with one seed" in warning for warning in found.warnings) is is_paired
    assert any("different populations" in warning for warning in found.warnings) is not is_paired


def test_all_comparisons_are_one_family_and_each_has_its_evidence() -> None:
    sides = [simulation(number, 0.25 * number) for number in range(1, 5)]
    found = set_side_by_side(sides, "sim_1/mail")
    assert len(found.comparisons) == 3
    assert all((c.p_adjusted or 0) >= (c.p_value or 0) for c in found.comparisons)
    assert any((c.p_adjusted or 0) > (c.p_value or 0) for c in found.comparisons)
    assert {one.evidence.grade for one in (*found.estimates, *found.comparisons)} == {"C"}
    assert {side.answered for side in found.sides} == {50}


def test_a_control_is_no_part_of_the_family_of_simulations_either() -> None:
    control = LIKED.model_copy(update={"name": "rooms", "role": "secondary", "is_control": True})

    def asked(number: int) -> Analysed:
        one = simulation(number, 2.0 * number)
        one.replies.all = [
            replace(reply, answers={**reply.answers, "rooms": float(place % 5)})
            for place, reply in enumerate(one.replies.all)
        ]
        return replace(one, study=replace(one.study, instruments=(LIKED, control)))

    found = set_side_by_side([asked(1), asked(2)], "sim_1/mail")
    liked, rooms = found.comparisons
    assert (liked.is_control, rooms.is_control) == (None, True)
    assert (liked.p_adjusted, rooms.p_adjusted) == (liked.p_value, rooms.p_value)
    assert rooms.p_value is not None


def test_which_way_is_good_is_said_of_all_but_options_texts_and_controls() -> None:
    asked = (
        build.instrument("opened"),
        build.instrument("annoyed", "ordinal", minimum=1, maximum=7, better="lower"),
        build.instrument("days", "numeric", minimum=0, maximum=30, better="higher"),
        build.instrument("colour", "choice", options=("red", "blue")),
        build.instrument("order", "ranking", options=("x", "y")),
        build.instrument("why", "text"),
        build.instrument("breakfast", is_control=True),
    )
    side = simulation(1, 0.0)
    found = set_side_by_side([replace(side, study=replace(side.study, instruments=asked))], "sim_1/mail")
    assert found.better == {"opened": "higher", "annoyed": "lower", "days": "higher"}


def test_what_was_not_asked_alike_is_left_out_with_the_reason() -> None:
    first, second = simulation(1, 0.0), simulation(2, 0.0)
    other = replace(second.study, instruments=(LIKED.model_copy(update={"maximum": 10.0}),))
    found = set_side_by_side([first, replace(second, study=other)], "sim_1/mail")
    assert found.comparisons == ()
    assert found.not_compared == {"liked": "asked with another scale, other options or another condition"}


def test_what_else_differs_between_simulations_is_said() -> None:
    found = set_side_by_side([simulation(1, 0.0), simulation(2, 0.0, model="other", population="pop_2")], "sim_1/mail")
    assert len(found.warnings) == 3
    assert any("different models" in warning for warning in found.warnings)


async def test_simulations_and_interventions_are_compared_over_http(quick_scene: Scene) -> None:
    plan, turns = campaign()
    for simulation_id in ("sim_1", "sim_2"):
        await quick_scene.publish(*story(turns, plan, simulation_id))
    await quick_scene.completed(2)
    ask = quick_scene.client.post
    answer = await ask("/results/compare-interventions", json={"simulations": ["sim_1", "sim_2"]})
    assert answer.status_code == 200, answer.text
    seen = answer.json()
    assert {side["label"] for side in seen["sides"]} == {f"sim_{n}/{arm}" for n in (1, 2) for arm in build.EMAILS}
    copies = [c for c in seen["comparisons"] if c["arm"] == "sim_2/emotional_appeal"]
    assert {c["difference"] for c in copies} == {0}
    alone = (await ask("/results/compare-interventions", json={"interventions": ["int_1"]})).json()
    assert len(alone["sides"]) == 2


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "interventions"),
        ({"simulations": ["sim_1"], "baseline": "sim_1/nobody"}, 422, "baseline"),
        ({"simulations": ["sim_1"], "metrics": ["unheard"]}, 422, "metrics.0"),
        ({"simulations": ["sim_9"]}, 404, None),
        ({"interventions": ["int_9"]}, 404, None),
    ],
)
async def test_what_cannot_be_compared_is_refused(
    quick_scene: Scene, body: dict[str, object], status: int, field: str | None
) -> None:
    plan, turns = campaign()
    await quick_scene.publish(*story(turns, plan))
    await quick_scene.completed()
    answer = await quick_scene.client.post("/results/compare-interventions", json=body)
    assert answer.status_code == status, answer.text
    if field is not None:
        assert field in answer.text


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, None),
        ({"content": "Another mail"}, "the arm mail is not the same in all of them: it shows another text"),
        ({"channel": "sms"}, "the arm mail is not the same in all of them: it shows the same text in another way"),
    ],
)
def test_an_arm_that_shows_something_else_is_named(change: dict[str, str], said: str | None) -> None:
    first, again = simulation(1, 0.0), simulation(2, 1.5)
    assert again.study.plan is not None
    [mail] = again.study.plan.arms
    shown = mail.model_copy(update={"stimulus": mail.stimulus.model_copy(update=change)})
    plan = again.study.plan.model_copy(update={"arms": (shown,)})
    found = set_side_by_side([first, replace(again, study=replace(again.study, plan=plan))], "sim_1/mail")
    assert [one for one in found.warnings if "the arm" in one and "dealt" not in one] == ([said] if said else [])
