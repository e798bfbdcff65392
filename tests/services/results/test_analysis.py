"""Small studies by hand, and what may not change an analysis."""

import json
import math
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportions_ztest
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from libs.contracts.evidence import Analysis, Comparison, Estimate
from libs.contracts.instruments import Instrument
from libs.contracts.names import in_words
from services.results.domain.canonical import canonical_json
from services.results.domain.records import Study, Turn
from tests.services.results import build
from tests.services.results.told import analyse

BOUGHT = build.instrument("bought", role="primary")
LIKED = build.instrument("liked", "ordinal", minimum=1, maximum=10)


def two_arms(yes: tuple[int, int], n: tuple[int, int]) -> tuple[Study, list[Turn]]:
    """A binary study with these counts in the arms a (baseline) and b."""
    study = build.study(build.plan(("a", "b"), [BOUGHT], {"a": n[0], "b": n[1]}))
    turns = [build.turn(i, "a", {"bought": i < yes[0]}) for i in range(n[0])]
    return study, turns + [build.turn(1_000 + i, "b", {"bought": i < yes[1]}) for i in range(n[1])]


def scales(values: dict[str, Sequence[float]], *, instrument: Instrument = LIKED) -> tuple[Study, list[Turn]]:
    """A study of one scale with these answers in its arms, the first being the baseline."""
    study = build.study(build.plan(tuple(values), [instrument], {arm: len(found) for arm, found in values.items()}))
    answers = [(arm, value) for arm, found in values.items() for value in found]
    return study, [build.turn(i, arm, {instrument.name: value}) for i, (arm, value) in enumerate(answers)]


def one(analysis: Analysis) -> Comparison:
    [comparison] = analysis.comparisons
    return comparison


def test_two_proportions_are_compared_as_statsmodels_does() -> None:
    analysis = analyse(*two_arms((20, 35), (60, 62)))
    comparison = one(analysis)
    assert comparison.difference == pytest.approx(35 / 62 - 20 / 60)
    assert comparison.p_value == pytest.approx(proportions_ztest([35, 20], [62, 60])[1])
    expected = confint_proportions_2indep(35, 62, 20, 60, method="newcomb")
    assert comparison.interval == pytest.approx(tuple(expected), abs=1e-9)
    assert comparison.relative_lift == pytest.approx((35 / 62) / (20 / 60) - 1)
    assert comparison.effect_size == pytest.approx(2 * math.asin(math.sqrt(35 / 62)) - 2 * math.asin(math.sqrt(1 / 3)))
    estimate = analysis.estimates[1]
    assert estimate.interval == pytest.approx(proportion_confint(35, 62, method="wilson"))
    assert (estimate.arm, estimate.n, estimate.measure) == ("b", 62, "proportion")


def test_no_interval_of_an_estimate_leaves_the_range_of_its_measure() -> None:
    """Three groups of six talked; shares, a scale and places of each are units of their own."""
    metrics = (
        BOUGHT,
        build.instrument("liked", "ordinal", minimum=1, maximum=7),
        build.instrument("vote", "choice", options=("x", "y")),
        build.instrument("order", "ranking", options=("x", "y")),
    )
    study = build.study(None, instruments=metrics)
    many = {0: 1, 1: 1, 2: 3}  # of each group, how many say yes
    turns = []
    for i in range(18):
        group, is_yes = i % 3, i // 3 < many[i % 3]
        first = "x" if is_yes else "y"
        answers = {
            "bought": is_yes,
            "liked": 7.0 if group else 3.0,
            "vote": first,
            "order": (first, "y" if is_yes else "x"),
        }
        turns.append(build.turn(i, "all", answers, cluster_id=f"group-{group}"))
    found = {(one.metric, one.option): one for one in analyse(study, turns).estimates}
    limits = {"bought": (0, 1), "vote": (0, 1), "liked": (1, 7), "order": (1, 2)}
    for (metric, _), estimate in found.items():
        assert estimate.interval is not None
        assert limits[metric][0] <= estimate.interval[0] < estimate.interval[1] <= limits[metric][1]
    assert found["bought", None].interval == pytest.approx((0.0477, 0.7439), abs=1e-3)
    assert found["bought", None].method.startswith("Wilson score interval on the effective sample size")
    assert found["liked", None].method == "t interval, cut at the end of the scale"


def test_two_means_are_compared_by_welch() -> None:
    a, b = [3.0, 4, 5, 6, 7, 5, 4], [6.0, 7, 8, 9, 6, 7, 8, 10]
    amount = build.instrument("amount", "numeric", minimum=1, maximum=10)
    comparison = one(analyse(*scales({"a": a, "b": b}, instrument=amount)))
    reference = CompareMeans(DescrStatsW(b), DescrStatsW(a))
    assert comparison.p_value == pytest.approx(reference.ttest_ind(usevar="unequal")[1])
    assert comparison.interval == pytest.approx(reference.tconfint_diff(usevar="unequal"))
    assert (comparison.finding, comparison.effect_size_name) == ("higher", "Hedges' g")


def test_every_comparison_of_the_study_is_one_family_for_holm() -> None:
    rng = random.Random(3)
    arms = ("a", "b", "c")
    study = build.study(build.plan(arms, [BOUGHT, LIKED], dict.fromkeys(arms, 40)))
    shift = {"a": 0.0, "b": 0.25, "c": 0.4}
    turns = [
        build.turn(
            i,
            arms[i % 3],
            {
                "bought": rng.random() < 0.3 + shift[arms[i % 3]],
                "liked": float(min(10, max(1, round(rng.gauss(5 + 3 * shift[arms[i % 3]], 2))))),
            },
        )
        for i in range(120)
    ]
    comparisons = analyse(study, turns).comparisons
    assert [(c.metric, c.arm, c.baseline) for c in comparisons] == [
        ("bought", "b", "a"),
        ("bought", "c", "a"),
        ("liked", "b", "a"),
        ("liked", "c", "a"),
    ]
    expected = multipletests([c.p_value for c in comparisons], method="holm")[1]
    assert [c.p_adjusted for c in comparisons] == pytest.approx(list(expected))
    for c in comparisons:
        assert c.p_adjusted is not None
        assert c.finding == ("higher" if c.p_adjusted <= 0.05 else "no_clear_difference")


def test_the_declared_baseline_is_the_baseline_wherever_it_stands() -> None:
    study, turns = two_arms((20, 35), (60, 62))
    assert study.plan is not None
    arms = tuple(arm.model_copy(update={"is_baseline": arm.name == "b"}) for arm in study.plan.arms)
    turned = replace(study, plan=study.plan.model_copy(update={"arms": arms}))
    comparison = one(analyse(turned, turns))
    assert (comparison.arm, comparison.baseline) == ("a", "b")
    assert comparison.difference == pytest.approx(20 / 60 - 35 / 62)
    assert comparison.finding == "lower"


def test_those_the_funnel_lost_stay_in_the_denominator_of_a_binary_metric() -> None:
    opened, clicked = build.instrument("opened", role="primary"), build.instrument("clicked", requires="opened")
    intent = build.instrument("intent", "ordinal", minimum=1, maximum=10, requires="opened")
    study = build.study(build.plan(("a", "b"), [opened, clicked, intent], {"a": 3, "b": 1}))
    turns = [
        build.turn(1, "a", {"opened": True, "clicked": True, "intent": 7.0}),
        build.turn(2, "a", {"opened": False, "clicked": None, "intent": None}),
        build.turn(3, "a", {"opened": False, "clicked": None, "intent": None}),
        build.turn(4, "b", {"opened": True, "clicked": False, "intent": 2.0}),
    ]
    analysis = analyse(study, turns)
    found = {(e.metric, e.arm): (e.n, e.value) for e in analysis.estimates}
    assert found["clicked", "a"] == (3, pytest.approx(1 / 3))
    assert found["intent", "a"] == (1, 7.0)
    methods = {c.metric: c.method for c in analysis.comparisons}
    assert "not a randomised comparison" in methods["intent"]
    assert "randomised" not in methods["clicked"]


def test_agents_with_several_turns_are_compared_by_their_means() -> None:
    study = build.study(build.plan(("a", "b"), [BOUGHT], {"a": 3, "b": 3}))
    rounds = {
        1: (True, False),
        2: (False, False),
        3: (True, True),
        11: (True, True),
        12: (True, False),
        13: (True, True),
    }
    turns = [
        build.turn(agent, "a" if agent < 10 else "b", {"bought": answer}, step_id=f"step-{index}", round=index)
        for agent, answers in rounds.items()
        for index, answer in enumerate(answers, start=1)
    ]
    comparison = one(analyse(study, turns))
    reference = CompareMeans(DescrStatsW([1, 0.5, 1]), DescrStatsW([0.5, 0, 1])).ttest_ind(usevar="unequal")
    assert comparison.p_value == pytest.approx(reference[1])
    assert comparison.evidence.clusters == 6


def test_choices_and_rankings_are_estimated_option_by_option() -> None:
    colour = build.instrument("colour", "choice", options=("red", "blue"))
    order = build.instrument("order", "ranking", options=("x", "y"))
    study = build.study(build.plan(("a", "b"), [colour, order], {"a": 2, "b": 2}))
    answers = [("red", ("x", "y")), ("blue", ("x", "y")), ("blue", ("y", "x")), ("blue", ("y", "x"))]
    turns = [build.turn(i, "aabb"[i], {"colour": c, "order": o}) for i, (c, o) in enumerate(answers)]
    analysis = analyse(study, turns)
    assert {(e.metric, e.option, e.arm): e.value for e in analysis.estimates} == {
        ("colour", "red", "a"): 0.5,
        ("colour", "red", "b"): 0.0,
        ("colour", "blue", "a"): 0.5,
        ("colour", "blue", "b"): 1.0,
        ("order", "x", "a"): 1.0,
        ("order", "x", "b"): 2.0,
        ("order", "y", "a"): 2.0,
        ("order", "y", "b"): 1.0,
    }
    assert all(c.relative_lift is None for c in analysis.comparisons if c.metric == "order")


def test_a_lift_is_told_of_shares_and_amounts_and_not_of_a_scale_that_has_no_zero() -> None:
    liked = build.instrument("liked", "ordinal", minimum=1, maximum=7)
    spent = build.instrument("spent", "numeric", minimum=0, maximum=100)
    opened = build.instrument("opened")
    study = build.study(build.plan("ab", (liked, spent, opened), {"a": 20, "b": 20}))
    turns = [
        build.turn(i, "ab"[i % 2], {"liked": 2.0 + i % 5, "spent": 10.0 + i, "opened": i % 3 == 0}) for i in range(40)
    ]
    lifts = {one.metric: one.relative_lift for one in analyse(study, turns).comparisons}
    assert lifts["liked"] is None
    assert lifts["spent"] == pytest.approx(30 / 29 - 1)
    assert lifts["opened"] is not None


@pytest.mark.parametrize(("a", "b"), [([], []), ([5.0], []), ([5.0], [7.0])])
def test_what_cannot_be_estimated_says_so(a: list[float], b: list[float]) -> None:
    study, turns = scales({"a": a, "b": b})
    comparison = one(analyse(study, turns))
    assert (comparison.finding, comparison.p_adjusted, comparison.interval) == ("not_estimable", None, None)


def test_an_analysis_without_any_turn_is_still_an_analysis() -> None:
    study, _ = two_arms((1, 1), (2, 2))
    analysis = analyse(study, [])
    assert analysis.answered == {"a": 0, "b": 0}
    assert [e.value for e in analysis.estimates] == [None, None]
    assert analysis.verdict.startswith("Nobody answered")


def test_unequal_losses_are_flagged_and_said() -> None:
    study, turns = two_arms((30, 20), (60, 60))
    kept = [turn for turn in turns if turn.arm == "a"] + [turn for turn in turns if turn.arm == "b"][:35]
    analysis = analyse(study, kept)
    assert analysis.sample_ratio.is_flagged
    assert analysis.comparisons[0].evidence.attrition == {"a": 0.0, "b": pytest.approx(25 / 60)}
    assert "lost people unequally" in analysis.verdict


def test_every_number_carries_its_worth() -> None:
    study, turns = build.campaign()
    hosted = [replace(turn, model="some-model") for turn in turns]
    analysis = analyse(replace(study, model="some-model"), hosted)
    comparison = next(c for c in analysis.comparisons if c.metric == "open_rate")
    assert comparison.evidence.grade == "C"
    assert 0 < comparison.evidence.effective_n < 15  # 62 agents in the smaller arm are worth a dozen people at most
    assert "direction" in comparison.evidence.caveat
    offline = analyse(study, turns)
    numbers: list[Estimate | Comparison] = [*offline.estimates, *offline.comparisons]
    assert {number.evidence.effective_n for number in numbers} == {0.0}


def test_shuffled_arms_change_the_p_values() -> None:
    study, turns = build.campaign()
    arms = [turn.arm for turn in turns]
    random.Random(1).shuffle(arms)
    shuffled = [replace(turn, arm=arm) for turn, arm in zip(turns, arms, strict=True)]
    before, after = analyse(study, turns), analyse(study, shuffled)
    pairs = zip(before.comparisons, after.comparisons, strict=True)
    assert all(one.p_value != other.p_value for one, other in pairs)


def test_order_duplicated_places_and_ids_of_the_run_change_no_byte() -> None:
    study, turns = build.campaign(failures=2)
    other = replace(study, simulation_id="sim_2")
    moved = [replace(turn, turn_id=f"other-{index}") for index, turn in enumerate(turns)]
    random.Random(2).shuffle(moved)
    assert canonical_json(analyse(study, turns)) == canonical_json(analyse(other, moved))


def test_other_names_for_the_arms_change_the_names_alone() -> None:
    study, turns = build.campaign()
    names = {"emotional_appeal": "zz", "rational_appeal": "aa"}  # in the other order of the alphabet
    assert study.plan is not None
    plan = study.plan.model_copy(
        update={
            "arms": tuple(arm.model_copy(update={"name": names[arm.name]}) for arm in study.plan.arms),
            "planned_n": {names[arm]: count for arm, count in study.plan.planned_n.items()},
        }
    )
    renamed = analyse(replace(study, plan=plan), [replace(turn, arm=names[turn.arm]) for turn in turns])
    text = canonical_json(renamed).decode()
    for name, new in names.items():
        said = in_words(name)
        text = text.replace(f'"{new}"', f'"{name}"').replace(f" {new} ", f" {said} ").replace(f" {new}:", f" {said}:")
    assert canonical_json(json.loads(text)) == canonical_json(analyse(study, turns))


def test_equal_arms_are_found_different_no_oftener_than_the_error_rate() -> None:
    rng = np.random.default_rng(11)
    false_alarms = 0
    runs = 400
    for _ in range(runs):
        yes = rng.binomial(60, 0.4, size=2)
        analysis = analyse(*two_arms((int(yes[0]), int(yes[1])), (60, 60)))
        false_alarms += one(analysis).finding != "no_clear_difference"
    assert false_alarms / runs < 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_with_two_metrics_the_whole_family_stays_at_the_error_rate() -> None:
    rng = np.random.default_rng(12)
    study = build.study(build.plan(("a", "b"), [BOUGHT, LIKED], {"a": 40, "b": 40}))
    alarms, runs = 0, 200
    for _ in range(runs):
        answers = zip(rng.random(80) < 0.5, rng.integers(1, 11, 80), strict=True)
        turns = [
            build.turn(i, "ab"[i % 2], {"bought": bool(bought), "liked": float(liked)})
            for i, (bought, liked) in enumerate(answers)
        ]
        alarms += any(c.finding in {"higher", "lower"} for c in analyse(study, turns).comparisons)
    assert alarms / runs < 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)
