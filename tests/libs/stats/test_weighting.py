"""Raking, Kish's effective n, design effects and weighted means, held against published results."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.stats.weighting import Margin, design_effect, effective_n, rake, weighted_mean

CASES: dict[str, Any] = {
    case["id"]: case for case in json.loads(Path(__file__).with_name("cases.json").read_text(encoding="utf-8"))
}
WEIGHTS = st.lists(st.floats(0.01, 100), min_size=1, max_size=50)


def margin(name: str, column: list[str], target: dict[str, float]) -> Margin:
    values = sorted(target)
    return Margin(name, np.array([values.index(value) for value in column]), np.array([target[v] for v in values]))


def test_weights_of_balance_are_reproduced() -> None:
    """facebookresearch/balance, tests/test_rake.py."""
    case = CASES["rake_balance"]
    sample, targets = case["input"]["sample"], case["input"]["target_margins"]
    raked = rake([margin(name, sample[name], targets[name]) for name in sample])
    found = dict(zip(sample["a"], raked.weights, strict=True))
    assert found["1"] == pytest.approx(case["expected"]["weight_a1"], abs=case["abs_tol"])
    assert found["2"] == pytest.approx(case["expected"]["weight_a2"], abs=case["abs_tol"])
    assert raked.error < 1e-8


def test_the_interval_of_a_weighted_mean_is_that_of_balance() -> None:
    case = CASES["weighted_mean_ci_balance"]
    found = weighted_mean(case["input"]["y"], case["input"]["w"])
    assert found.value == pytest.approx(case["expected"]["mean"])
    assert found.standard_error**2 == pytest.approx(case["expected"]["var_of_mean"])
    half = 1.959964 * found.standard_error
    assert [found.value - half, found.value + half] == pytest.approx(case["expected"]["ci"], abs=case["abs_tol"])


def test_raking_keeps_the_odds_ratio_of_the_start() -> None:
    table = np.array([[40, 10], [20, 30]])
    rows = np.repeat([0, 0, 1, 1], table.reshape(-1))
    columns = np.repeat([0, 1, 0, 1], table.reshape(-1))
    raked = rake([Margin("r", rows, np.array([0.3, 0.7])), Margin("c", columns, np.array([0.8, 0.2]))])
    weighted = np.zeros((2, 2))
    np.add.at(weighted, (rows, columns), raked.weights / 100)
    assert weighted.sum(axis=1) == pytest.approx([0.3, 0.7])
    assert weighted.sum(axis=0) == pytest.approx([0.8, 0.2])
    assert weighted[0, 0] * weighted[1, 1] / (weighted[0, 1] * weighted[1, 0]) == pytest.approx(6.0)


def test_margins_that_contradict_each_other_leave_an_error() -> None:
    same = np.array([0, 1])
    raked = rake([Margin("a", same, np.array([0.5, 0.5])), Margin("b", same, np.array([0.9, 0.1]))])
    assert raked.error == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("shares", "reason"),
    [
        ([0.5, 0.3, 0.2], "margin: nobody is in a class"),
        ([1.5, -0.5], "margin: shares are finite, not negative"),
        ([float("nan"), 0.5], "margin: shares are finite"),
        ([0.0, 0.0], "margin: shares .* not all 0"),
    ],
)
def test_targets_that_no_weights_can_meet_are_refused_by_name(shares: list[float], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        rake([Margin("margin", np.array([0, 1]), np.array(shares))])


@pytest.mark.parametrize("weights", [[], [1.0, -1.0], [0.0, 0.0], [1.0, float("inf")]])
def test_weights_that_are_none_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights: one finite number per person"):
        effective_n(weights)


@given(WEIGHTS)
def test_effective_n_is_between_one_and_n_and_is_n_for_equal_weights(weights: list[float]) -> None:
    assert 1 - 1e-9 <= effective_n(weights) <= len(weights) + 1e-9
    assert effective_n([weights[0]] * len(weights)) == pytest.approx(len(weights))
    assert design_effect(weights) * effective_n(weights) == pytest.approx(len(weights))


@given(WEIGHTS, st.floats(0.1, 10))
def test_effective_n_does_not_depend_on_the_scale_of_the_weights(weights: list[float], scale: float) -> None:
    assert effective_n([scale * weight for weight in weights]) == pytest.approx(effective_n(weights))


def test_kishs_textbook_case() -> None:
    """Half of the people with weight 1, half with weight 3: deff = 1 + CV² = 1.25."""
    assert design_effect([1.0, 3.0] * 50) == pytest.approx(1.25)
    assert effective_n([1.0, 3.0] * 50) == pytest.approx(80)
