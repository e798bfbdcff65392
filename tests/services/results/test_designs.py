"""Analyses of other designs than one stimulus for each of different people: paired, with controls, with a copy."""

import math

import pytest
from scipy.stats import ttest_rel
from statsmodels.stats.multitest import multipletests

from libs.contracts.instruments import Instrument
from services.results.domain.records import Study, Turn
from tests.services.results import build
from tests.services.results.told import analyse

BOUGHT = build.instrument("bought", role="primary")
LIKED = build.instrument("liked", "ordinal", minimum=1, maximum=10, role="primary")
SLEPT = build.instrument("slept", "numeric", minimum=0, maximum=16, is_control=True)
VALUES = {"a": [3.0, 4, 5, 6, 7, 5, 4, 2], "b": [4.0, 4, 7, 7, 8, 6, 4, 5]}


def paired(instrument: Instrument, values: dict[str, list[float]] | dict[str, list[bool]]) -> tuple[Study, list[Turn]]:
    """Every agent in every arm, each arm on a timeline of its own."""
    planned = {arm: len(found) for arm, found in values.items()}
    frozen = build.plan(tuple(values), [instrument], planned, design="within")
    turns = [
        build.turn(number, arm, {instrument.name: value}, timeline_id=f"main.arm-{arm}")
        for arm, found in values.items()
        for number, value in enumerate(found, start=1)
    ]
    return build.study(frozen), turns


def test_the_same_people_are_compared_with_themselves() -> None:
    [comparison] = analyse(*paired(LIKED, VALUES)).comparisons
    assert comparison.p_value == pytest.approx(ttest_rel(VALUES["b"], VALUES["a"]).pvalue)
    assert "paired" in comparison.method
    assert comparison.evidence.clusters == 8


def test_who_answered_in_one_arm_alone_is_compared_with_nobody() -> None:
    study, turns = paired(LIKED, VALUES)
    lost = [*turns[:-1], build.turn(8, "b", None, timeline_id="main.arm-b")]
    [comparison] = analyse(study, lost).comparisons
    assert comparison.p_value == pytest.approx(ttest_rel(VALUES["b"][:-1], VALUES["a"][:-1]).pvalue)


def test_yes_and_no_of_the_same_people_are_compared_by_those_who_changed() -> None:
    values = {"a": [True] * 10 + [False] * 20, "b": [True] * 18 + [False] * 12}
    [comparison] = analyse(*paired(BOUGHT, values)).comparisons
    assert comparison.difference == pytest.approx(8 / 30)
    assert comparison.p_value == pytest.approx(2 * 0.5**8 - 0.5**8)  # mid-p, eight changed one way
    assert comparison.method.startswith("McNemar")


def test_the_people_of_a_paired_study_are_counted_once() -> None:
    study, turns = paired(LIKED, VALUES)
    analysis = analyse(study, turns)
    assert analysis.answered == {"a": 8, "b": 8}
    assert "8 simulated respondents" in analysis.verdict


def test_controls_and_copies_make_no_finding_harder() -> None:
    values = {"a": [1.0, 2, 3, 4], "b": [3.0, 4, 5, 7], "aa": [1.0, 2, 3, 5], "c": [2.0, 3, 4, 4]}
    frozen = build.plan(tuple(values), [LIKED, SLEPT], dict.fromkeys(values, 4))
    copied = tuple(arm.model_copy(update={"copy_of": "a"}) if arm.name == "aa" else arm for arm in frozen.arms)
    study = build.study(frozen.model_copy(update={"arms": copied}))
    turns = [
        build.turn(10 * place + number, arm, {"liked": value, "slept": 7.0 + number})
        for place, (arm, found) in enumerate(values.items())
        for number, value in enumerate(found, start=1)
    ]
    comparisons = analyse(study, turns).comparisons
    findings = [one for one in comparisons if one.metric == "liked" and one.arm != "aa"]
    expected = multipletests([one.p_value or math.nan for one in findings], method="holm")[1]
    assert [one.p_adjusted for one in findings] == pytest.approx(list(expected))


def test_the_plan_says_which_correction_is_made() -> None:
    values = {"a": [1.0, 2, 3, 4], "b": [3.0, 4, 5, 7], "c": [2.0, 3, 4, 6]}
    frozen = build.plan(tuple(values), [LIKED], dict.fromkeys(values, 4), family="benjamini_hochberg")
    turns = [
        build.turn(10 * place + number, arm, {"liked": value})
        for place, (arm, found) in enumerate(values.items())
        for number, value in enumerate(found, start=1)
    ]
    comparisons = analyse(build.study(frozen), turns).comparisons
    expected = multipletests([one.p_value or math.nan for one in comparisons], method="fdr_bh")[1]
    assert [one.p_adjusted for one in comparisons] == pytest.approx(list(expected))


@pytest.mark.parametrize("instrument", [LIKED, build.instrument("spent", "numeric", role="primary")])
def test_an_arm_much_smaller_than_the_other_is_compared_by_rearranging_the_answers(instrument: Instrument) -> None:
    answers = {"a": [1.0] * 46 + [7.0] * 4, "b": [1.0] * 10}  # Welch and Brunner-Munzel: p = 0.04
    numbered = ((arm, value) for arm, values in answers.items() for value in values)
    turns = [build.turn(number, arm, {instrument.name: value}) for number, (arm, value) in enumerate(numbered)]
    frozen = build.plan(("a", "b"), [instrument], {"a": 50, "b": 10})
    [comparison] = analyse(build.study(frozen), turns).comparisons
    assert comparison.p_value is not None
    assert comparison.p_value > 0.4
    assert comparison.interval is not None
    assert comparison.interval[0] < 0 < comparison.interval[1]
    assert comparison.method.startswith("permutation test of Welch's t, 9,999 rearrangements, and its interval")
    deltas = [one for one in comparison.views or () if one.name == "cliffs_delta"]
    assert [(one.interval, one.p_value) for one in deltas] == [(None, None)] * len(deltas)
