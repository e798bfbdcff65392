"""People of several arms who heard each other: their group is one unit, which is in several arms."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from libs.contracts.evidence import Analysis
from libs.contracts.instruments import Instrument
from libs.contracts.planning import MainEffect
from services.results.domain.live import Running
from services.results.domain.records import Study, Turn
from services.results.service.files.lines import Records
from tests.services.results import build
from tests.services.results.told import analyse, describe, file_of, findings

SPENT = build.instrument("spent", "numeric", role="primary", minimum=-100, maximum=100)
LIKED = build.instrument("liked", "ordinal", role="primary", minimum=1, maximum=5)
OPENED = build.instrument("opened")
BOUGHT = build.instrument("bought", requires="opened")


def mixed(
    instruments: Sequence[Instrument] = (SPENT,), *, arms: str = "ab", groups: int = 14, seed: int = 5
) -> tuple[Study, list[Turn]]:
    """Groups with one person of each arm, whose answers have much in common; segments cut through them."""
    draw, turns, planned = random.Random(seed), [], dict.fromkeys(arms, groups)
    for group in range(groups):
        mood = draw.gauss(0, 10)
        for place, arm in enumerate(arms):
            value = mood + draw.gauss(0, 2) + place
            opened = value > 0
            answers = {
                "spent": value,
                "liked": float(min(5, max(1, round(3 + value / 8)))),
                "opened": opened,
                "bought": draw.random() < 0.5 if opened else None,
            }
            asked = {one.name: answers[one.name] for one in instruments}
            number = len(arms) * group + place
            segment = "young" if (group + place) % 3 else "old"
            turns.append(build.turn(number, arm, asked, cluster_id=f"group-{group}", segment=segment))
    return build.study(build.plan(tuple(arms), instruments, planned)), turns


def values(turns: Sequence[Turn], arm: str) -> list[float]:
    return [float(str(turn.answers["spent"])) for turn in turns if turn.arm == arm]


def test_groups_with_people_of_both_arms_are_compared_with_themselves() -> None:
    study, turns = mixed()
    [found] = analyse(study, turns).comparisons
    a, b = values(turns, "a"), values(turns, "b")
    assert found.p_value == pytest.approx(stats.ttest_rel(b, a).pvalue)
    assert (found.evidence.clusters, found.pairs) == (14, None)
    assert found.effect_size_interval is not None
    x = sm.add_constant(np.repeat([0.0, 1.0], 14))
    fit = sm.OLS(np.array([*a, *b]), x).fit(
        cov_type="cluster", cov_kwds={"groups": np.tile(np.arange(14), 2), "use_correction": False}
    )
    assert found.interval is not None
    half = stats.t.ppf(0.975, 13) * fit.bse[1] * (14 / 13) ** 0.5
    assert found.interval == pytest.approx((fit.params[1] - half, fit.params[1] + half))


def test_the_rows_of_an_export_are_enough_to_do_a_cluster_robust_test_again() -> None:
    study, turns = mixed()
    before = [replace(turn, cluster_id=None, round=1, step_id="survey") for turn in turns]
    told = findings(study, [*before, *(replace(turn, round=2) for turn in turns)])
    cells: dict[str, dict[str, list[float]]] = {"a": {}, "b": {}}
    for row in json.loads(file_of(Records, told)):
        cells[row["arm"]].setdefault(row["cluster_id"], []).append(row["spent"])
    a, b = ([np.mean(cells[arm][group]) for group in sorted(cells["a"])] for arm in "ab")
    assert told.analysis is not None
    assert told.analysis.comparisons[0].p_value == pytest.approx(stats.ttest_rel(b, a).pvalue)


def test_a_person_of_one_arm_alone_is_compared_too() -> None:
    study, turns = mixed()
    alone = [*turns, build.turn(90, "a", {"spent": 1.0}), build.turn(91, "b", {"spent": 2.0})]
    [found] = analyse(study, alone).comparisons
    assert found.evidence.clusters == 16
    assert found.difference == pytest.approx(np.mean(values(alone, "b")) - np.mean(values(alone, "a")))
    assert found.method.startswith("cluster-robust")


def test_all_in_one_group_show_no_difference_that_could_be_tested() -> None:
    study, turns = mixed(groups=6)
    [found] = analyse(study, [replace(turn, cluster_id="all") for turn in turns]).comparisons
    assert (found.p_value, found.interval, found.finding) == (None, None, "not_estimable")


def test_the_study_counts_a_group_once_as_analysed_and_while_it_grows() -> None:
    study, turns = mixed()
    running = Running()
    running.learn(study)
    for turn in turns:
        running.add(turn)
    assert describe(study, turns).evidence.clusters == running.heads(study).clusters == 14
    score = describe(study, turns).score
    assert score is not None
    assert (score.n, score.evidence.clusters) == (28, 14)


def test_a_scale_is_tested_by_clusters_and_not_by_order() -> None:
    [found] = analyse(*mixed((LIKED,))).comparisons
    assert found.method == "cluster-robust t-test and interval"
    assert {view.name for view in found.views or ()} == {"top_2_box"}


def test_a_guardrail_is_held_against_its_margin_by_clusters() -> None:
    guard = build.instrument("spent", "numeric", role="guardrail", minimum=-100, maximum=100, margin=3)
    [found] = analyse(*mixed((guard,))).comparisons
    assert found.non_inferiority is not None
    assert found.non_inferiority.method == "two one-sided cluster-robust t-tests"
    assert found.non_inferiority.is_non_inferior


def three(turns_of: str = "abc") -> Analysis:
    study, turns = mixed(arms=turns_of)
    assert study.plan is not None
    effect = MainEffect(factor="tone", level="warm", reference="cold", weights={"a": -1.0, "b": 0.5, "c": 0.5})
    return analyse(replace(study, plan=study.plan.model_copy(update={"contrasts": (effect,)})), turns)


def test_several_arms_factors_and_segments_keep_to_the_groups() -> None:
    _, turns = mixed(arms="abc")
    a, b, c = (np.array(values(turns, arm)) for arm in "abc")
    analysis = three()
    [omnibus], [factor] = analysis.omnibus or (), analysis.factor_effects or ()
    assert omnibus.method == "cluster-robust Hotelling test"
    assert omnibus.evidence.clusters == 14
    assert factor.p_value == pytest.approx(stats.ttest_1samp((b + c) / 2 - a, 0).pvalue)
    interactions = [one for one in analysis.interactions or () if one.arm == "b"]
    inside = {arm: [t for t in turns if t.arm == arm and t.segment == "old"] for arm in "ab"}
    outside = {arm: [t for t in turns if t.arm == arm and t.segment == "young"] for arm in "ab"}
    effects = [np.mean(values(one["b"], "b")) - np.mean(values(one["a"], "a")) for one in (inside, outside)]
    old = next(one for one in interactions if one.segment == "old")
    assert old.difference == pytest.approx(effects[0] - effects[1])


def test_stages_of_a_funnel_are_compared_by_groups() -> None:
    study, turns = mixed((OPENED, BOUGHT))
    alone = [replace(turn, cluster_id=None) for turn in turns]
    [linked], [apart] = describe(study, turns).stage_contrasts, describe(study, alone).stage_contrasts
    assert linked.of_all == apart.of_all
    assert linked.of_all_interval != apart.of_all_interval


def test_where_groups_decide_and_arms_do_nothing_one_in_twenty_studies_finds_something() -> None:
    found = 0
    for seed in range(200):
        study, turns = mixed(seed=seed, groups=10)
        level = [replace(t, answers={"spent": float(str(t.answers["spent"])) - "ab".index(t.arm)}) for t in turns]
        [comparison] = analyse(study, level).comparisons
        found += comparison.finding != "no_clear_difference"
    assert 3 <= found <= 18
