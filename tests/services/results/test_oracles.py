"""Known answers go in as messages, and what is served is what scipy and statsmodels make of them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import stats
from statsmodels.duration.survfunc import SurvfuncRight, survdiff
from statsmodels.stats.contingency_tables import Table2x2
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.oneway import anova_oneway
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint, proportions_ztest

from libs.contracts.instruments import Answer, Instrument
from services.results.domain.records import Turn
from tests.services.results import build
from tests.services.results.scene import Scene, story

BOUGHT = build.instrument("bought", role="primary")
SPENT = build.instrument("spent", "numeric", role="primary", minimum=-1e6, maximum=1e6)
LIKED = build.instrument("liked", "ordinal", role="primary", minimum=1, maximum=7)
Given = Mapping[str, Sequence[Answer]]
"""Answers by arm; those of `LOST` failed."""
LOST = "lost"


class Served(NamedTuple):
    """One simulation as it is exported."""

    analysis: dict[str, Any]
    description: dict[str, Any]

    @property
    def comparison(self) -> dict[str, Any]:
        found: dict[str, Any] = self.analysis["comparisons"][0]
        return found

    def estimate(self, arm: str) -> dict[str, Any]:
        return next(one for one in self.analysis["estimates"] if one["arm"] == arm)

    def view(self, name: str) -> dict[str, Any]:
        return next(one for one in self.comparison["views"] if one["name"] == name)


async def serve(
    scene: Scene, studies: Mapping[str, tuple[Instrument, Given]], *, design: str = "between"
) -> dict[str, Served]:
    """Send all of these studies; what is served of each, by its name."""
    for name, (instrument, given) in studies.items():
        frozen = build.plan(tuple(given), [instrument], {arm: len(v) for arm, v in given.items()}, design=design)
        await scene.publish(*story(turns_of(instrument, given, is_within=design == "within"), frozen, name))
    await scene.completed(len(studies))
    return {name: await served(scene, name) for name in studies}


async def served(scene: Scene, name: str) -> Served:
    content = (await scene.export("json", name)).json()["content"]
    return Served(content["analysis"], content["description"])


def turns_of(instrument: Instrument, given: Given, *, is_within: bool) -> list[Turn]:
    turns = []
    for place, (arm, answers) in enumerate(given.items()):
        for number, answer in enumerate(answers):
            who = number if is_within else 1000 * place + number
            said = None if answer == LOST else {instrument.name: answer}
            turns.append(build.turn(who, arm, said, step_id=arm if is_within else "deliver"))
    return turns


def yes(count: int, n: int) -> list[Answer]:
    return [place < count for place in range(n)]


def check_proportions(found: Served, a: int, n: int, b: int, m: int) -> None:
    one = found.comparison
    assert one["difference"] == pytest.approx(b / m - a / n)
    assert one["p_value"] == pytest.approx(proportions_ztest([b, a], [m, n])[1])
    assert one["interval"] == pytest.approx(confint_proportions_2indep(b, m, a, n, method="newcomb"), abs=1e-9)
    assert one["relative_lift"] == pytest.approx((b / m) / (a / n) - 1)
    for arm, x, size in (("a", a, n), ("b", b, m)):
        assert found.estimate(arm)["interval"] == pytest.approx(proportion_confint(x, size, method="wilson"))
    table = Table2x2([[b, m - b], [a, n - a]])
    assert found.view("odds_ratio")["interval"] == pytest.approx(table.oddsratio_confint())
    assert found.view("risk_ratio")["interval"] == pytest.approx(table.riskratio_confint())


def check_means(found: Served, a: Sequence[float], b: Sequence[float]) -> None:
    one, theirs = found.comparison, stats.ttest_ind(b, a, equal_var=False)
    assert one["difference"] == pytest.approx(np.mean(b) - np.mean(a))
    assert one["p_value"] == pytest.approx(theirs.pvalue)
    assert one["interval"] == pytest.approx(tuple(theirs.confidence_interval()))
    pooled = math.sqrt(((len(a) - 1) * np.var(a, ddof=1) + (len(b) - 1) * np.var(b, ddof=1)) / (len(a) + len(b) - 2))
    assert one["effect_size"] == pytest.approx(one["difference"] / pooled * (1 - 3 / (4 * (len(a) + len(b) - 2) - 1)))
    for arm, values in (("a", a), ("b", b)):
        mean, error = np.mean(values), stats.sem(values)
        assert found.estimate(arm)["interval"] == pytest.approx(stats.t.interval(0.95, len(values) - 1, mean, error))
        assert found.estimate(arm)["standard_deviation"] == pytest.approx(np.std(values, ddof=1))


async def test_different_people_are_compared_as_scipy_and_statsmodels_compare_them(quick_scene: Scene) -> None:
    draw = np.random.default_rng(11)
    normal, skewed = (
        [draw.normal(50, 10, 40), draw.normal(55, 18, 55)],
        [draw.lognormal(1, 1, 60), draw.lognormal(1.4, 1.2, 45)],
    )
    levels = [
        draw.choice(range(1, 8), size, p=p) for size, p in ((50, [0.2, 0.2, 0.2, 0.1, 0.1, 0.1, 0.1]), (64, None))
    ]
    missing = [LOST, None, *map(float, normal[0][:30])], [*map(float, normal[1][:25]), LOST, None]
    found = await serve(
        quick_scene,
        {
            "binary": (BOUGHT, {"a": yes(18, 60), "b": yes(33, 62)}),
            "lost": (BOUGHT, {"a": [*yes(18, 60), LOST, LOST, None], "b": [*yes(33, 62), LOST]}),
            "normal": (SPENT, {"a": list(map(float, normal[0])), "b": list(map(float, normal[1]))}),
            "skewed": (SPENT, {"a": list(map(float, skewed[0])), "b": list(map(float, skewed[1]))}),
            "missing": (SPENT, {"a": missing[0], "b": missing[1]}),
            "tiny": (SPENT, {"a": [1.0, 2.5], "b": [4.0, 9.0]}),
            "ordinal": (LIKED, {"a": list(map(float, levels[0])), "b": list(map(float, levels[1]))}),
        },
    )
    check_proportions(found["binary"], 18, 60, 33, 62)
    check_proportions(found["lost"], 18, 60, 33, 62)
    assert found["lost"].analysis["failed"] == {"a": 2, "b": 1}
    check_means(found["normal"], *normal)
    check_means(found["skewed"], *skewed)
    check_means(found["missing"], normal[0][:30], normal[1][:25])
    check_means(found["tiny"], [1.0, 2.5], [4.0, 9.0])
    ordinal, (a, b) = found["ordinal"], levels
    assert ordinal.comparison["p_value"] == pytest.approx(stats.brunnermunzel(a, b).pvalue)
    assert ordinal.comparison["difference"] == pytest.approx(b.mean() - a.mean())
    delta = 2 * stats.mannwhitneyu(b, a).statistic / (len(a) * len(b)) - 1
    assert ordinal.view("cliffs_delta")["value"] == pytest.approx(delta)
    top = proportions_ztest([sum(b > 5), sum(a > 5)], [len(b), len(a)])[1]
    assert ordinal.view("top_2_box")["p_value"] == pytest.approx(top)


async def test_answers_without_spread_and_arms_of_one_claim_nothing_that_cannot_be_known(quick_scene: Scene) -> None:
    found = await serve(
        quick_scene,
        {
            "same": (SPENT, {"a": [5.0] * 9, "b": [5.0] * 8}),
            "apart": (SPENT, {"a": [5.0] * 4, "b": [6.0] * 3}),
            "single": (SPENT, {"a": [5.0], "b": [7.0, 8.0, 9.0]}),
            "nobody": (SPENT, {"a": [LOST, LOST], "b": [7.0, 8.0]}),
            "all_yes": (BOUGHT, {"a": yes(30, 30), "b": yes(30, 30)}),
            "none": (BOUGHT, {"a": yes(0, 12), "b": yes(6, 12)}),
        },
    )
    for name, difference, p_value, finding in (
        ("same", 0.0, 1.0, "no_clear_difference"),
        ("apart", 1.0, stats.fisher_exact([[4, 0], [0, 3]]).pvalue, "higher"),
        ("single", 3.0, None, "not_estimable"),
        ("nobody", None, None, "not_estimable"),
    ):
        one = found[name].comparison
        assert (one["difference"], one["p_value"], one["interval"]) == (difference, pytest.approx(p_value), None)
        assert one["finding"] == finding
    assert (found["all_yes"].comparison["difference"], found["all_yes"].comparison["p_value"]) == (0.0, 1.0)
    none = found["none"].comparison
    assert none["p_value"] == pytest.approx(stats.fisher_exact([[12, 0], [6, 6]]).pvalue)
    assert none["interval"] == pytest.approx(confint_proportions_2indep(6, 12, 0, 12, method="newcomb"), abs=1e-9)
    assert none["relative_lift"] is None


async def test_the_same_people_are_compared_in_pairs_as_scipy_and_statsmodels_do(quick_scene: Scene) -> None:
    draw = np.random.default_rng(12)
    base = draw.normal(40, 12, 35)
    arm = base + draw.normal(2, 6, 35)
    was, is_ = [bool(x) for x in draw.random(80) < 0.4], [bool(x) for x in draw.random(80) < 0.55]
    found = await serve(
        quick_scene,
        {
            "means": (SPENT, {"a": list(map(float, base)), "b": list(map(float, arm))}),
            "shares": (BOUGHT, {"a": was, "b": is_}),
        },
        design="within",
    )
    theirs = stats.ttest_rel(arm, base)
    one = found["means"].comparison
    assert (one["p_value"], one["pairs"]) == (pytest.approx(theirs.pvalue), 35)
    assert one["interval"] == pytest.approx(tuple(theirs.confidence_interval()))
    assert found["means"].view("wilcoxon")["p_value"] == pytest.approx(
        stats.wilcoxon(arm, base, method="asymptotic", correction=False).pvalue
    )
    up, down = (sum(x is not y and y is w for x, y in zip(was, is_, strict=True)) for w in (True, False))
    exact = 2 * stats.binom.cdf(min(up, down), up + down, 0.5) - stats.binom.pmf(min(up, down), up + down, 0.5)
    assert found["shares"].comparison["p_value"] == pytest.approx(exact)
    assert found["shares"].comparison["difference"] == pytest.approx((up - down) / 80)


async def test_several_arms_are_tested_together_and_each_one_corrected(quick_scene: Scene) -> None:
    draw = np.random.default_rng(13)
    values = {
        arm: list(map(float, draw.normal(mean, 5, 30))) for arm, mean in zip("abcd", (10, 11, 13, 14), strict=True)
    }
    counts = dict(zip("abc", (20, 28, 35), strict=True))
    found = await serve(
        quick_scene,
        {"means": (SPENT, values), "shares": (BOUGHT, {arm: yes(count, 60) for arm, count in counts.items()})},
    )
    p_values = [stats.ttest_ind(values[arm], values["a"], equal_var=False).pvalue for arm in "bcd"]
    comparisons = found["means"].analysis["comparisons"]
    assert [one["p_value"] for one in comparisons] == pytest.approx(p_values)
    assert [one["p_adjusted"] for one in comparisons] == pytest.approx(list(multipletests(p_values, method="holm")[1]))
    [omnibus] = found["means"].analysis["omnibus"]
    welch = anova_oneway([values[arm] for arm in "abcd"], use_var="unequal", welch_correction=True)
    assert (omnibus["statistic"], omnibus["p_value"]) == pytest.approx((welch.statistic, welch.pvalue))
    [together] = found["shares"].analysis["omnibus"]
    table = [[count, 60 - count] for count in counts.values()]
    assert together["p_value"] == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)


async def test_how_long_it_takes_is_told_as_by_survival_analysis(quick_scene: Scene) -> None:
    draw, turns = np.random.default_rng(14), []
    times: dict[str, list[tuple[int, int]]] = {"a": [], "b": []}
    for place, (arm, chance) in enumerate((("a", 0.15), ("b", 0.35))):
        for number in range(40):
            watched, last, has = int(draw.integers(2, 7)), 0, False
            while last < watched and not has:
                last, has = last + 1, bool(draw.random() < chance)
                answers: dict[str, Answer] = {"bought": has}
                step = f"round-{last}"
                turns.append(build.turn(1000 * place + number, arm, answers, round=last, step_id=step))
            times[arm].append((last, int(has)))
    await quick_scene.publish(*story(turns, build.plan(("a", "b"), [BOUGHT], {"a": 40, "b": 40}), "survival"))
    await quick_scene.completed()
    found = await served(quick_scene, "survival")
    both, arms = [*times["a"], *times["b"]], ["a"] * 40 + ["b"] * 40
    chi, p_value = survdiff(np.array([t for t, _ in both]), np.array([e for _, e in both]), np.array(arms))
    [test] = found.description["hazard_tests"]
    assert (test["statistic"], test["p_value"]) == pytest.approx((chi, p_value))
    for one in found.description["times_to_event"]:
        theirs = SurvfuncRight(*map(np.array, zip(*times[one["arm"]], strict=True)))
        mine = {point["round"]: point["survival"] for point in one["curve"]}
        assert [mine[int(t)] for t in theirs.surv_times] == pytest.approx(list(theirs.surv_prob))


async def test_labels_that_are_shuffled_change_what_is_found_and_new_names_do_not(quick_scene: Scene) -> None:
    draw = np.random.default_rng(15)
    given = {"a": list(map(float, draw.normal(10, 3, 50))), "b": list(map(float, draw.normal(13, 3, 50)))}
    turns = turns_of(SPENT, given, is_within=False)
    labels = draw.permutation([turn.arm for turn in turns])
    shuffled = [replace(turn, arm=str(arm)) for turn, arm in zip(turns, labels, strict=True)]
    renamed = [replace(turn, arm={"a": "left", "b": "right"}[turn.arm]) for turn in turns]
    studies = {"as_it_was": (turns, "ab"), "shuffled": (shuffled, "ab"), "renamed": (renamed, ("left", "right"))}
    for name, (said, arms) in studies.items():
        await quick_scene.publish(*story(said, build.plan(tuple(arms), [SPENT], dict.fromkeys(arms, 50)), name))
    await quick_scene.completed(3)
    found = {name: (await served(quick_scene, name)).comparison for name in studies}
    assert found["as_it_was"]["finding"] == "higher"
    assert found["shuffled"]["finding"] == "no_clear_difference"
    mixed = [[float(str(t.answers["spent"])) for t in shuffled if t.arm == arm] for arm in "ab"]
    assert found["shuffled"]["p_value"] == pytest.approx(stats.ttest_ind(*mixed, equal_var=False).pvalue)
    figures = ("difference", "interval", "p_value", "p_adjusted", "effect_size", "finding")
    assert [found["renamed"][name] for name in figures] == [found["as_it_was"][name] for name in figures]
