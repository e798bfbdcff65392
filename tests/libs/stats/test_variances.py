"""Variances and their ratio against numpy, scipy, every sample there could be, and what drawing many of them shows."""

from itertools import product
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from libs.stats import Points, sample_variance, variance_ratio

NUMBERS = st.lists(st.integers(-50, 50).map(float), min_size=2, max_size=30)


@given(NUMBERS)
def test_of_one_answer_each_it_is_the_sample_variance(values: list[float]) -> None:
    assert sample_variance(Points.of(values)) == pytest.approx(np.var(values, ddof=1))


def test_of_classes_it_is_the_chance_that_two_different_people_differ() -> None:
    chosen = np.eye(3)[[0, 0, 0, 1, 1, 2]]
    pairs = [(one, other) for one in range(6) for other in range(6) if one != other]
    differ = fmean(float((chosen[one] != chosen[other]).any()) for one, other in pairs)
    assert sample_variance(Points.of(chosen)) == pytest.approx(differ)


def test_over_all_samples_of_units_it_is_on_average_the_variance_of_an_answer() -> None:
    possible = [[1.0, 1.0], [2.0, 4.0, 6.0], [3.0]]
    mean = fmean(map(fmean, possible))
    variance = fmean(fmean((x - mean) ** 2 for x in unit) for unit in possible)
    found = [
        sample_variance(
            Points.of(
                [x for unit in drawn for x in unit],
                units=[place for place, unit in enumerate(drawn) for _ in unit],
                weights=[1 / len(unit) for unit in drawn for _ in unit],
            )
        )
        for drawn in product(possible, repeat=4)
    ]
    assert fmean(one or 0.0 for one in found) == pytest.approx(variance)


def test_what_nobody_shares_is_as_good_as_a_coordinate_of_ones_own() -> None:
    shared = np.array([[0.5, 0.0], [0.0, 0.5], [0.5, 0.0]])
    whole = np.hstack([shared, 0.5 * np.eye(3)])
    for units, weights in ((None, None), ([0, 1, 1], [1.0, 0.5, 0.5])):
        folded = Points.of(shared, own=[0.25, 0.25, 0.25], units=units, weights=weights)
        assert sample_variance(folded) == pytest.approx(
            sample_variance(Points.of(whole, units=units, weights=weights)) or 0.0
        )


def test_the_interval_is_that_of_the_fourth_moments_on_logarithms() -> None:
    x, y = stats.norm.rvs(size=40, random_state=1), stats.expon.rvs(size=90, random_state=2)
    found = variance_ratio(Points.of(x), Points.of(y), 0.9)
    assert found is not None
    errors = []
    for one in (x, y):
        n, s2 = len(one), one.var(ddof=1)
        fourth = stats.moment(one, 4) - stats.moment(one, 2) ** 2
        errors.append((fourth / (n - 1) + 2 * s2**2 / (n * (n - 1))) / s2**2)
    df = sum(errors) ** 2 / (errors[0] ** 2 / 39 + errors[1] ** 2 / 89)
    half = stats.t.ppf(0.95, df) * sum(errors) ** 0.5
    ratio = x.var(ddof=1) / y.var(ddof=1)
    assert found.value == pytest.approx(ratio)
    assert found.interval == pytest.approx((ratio * np.exp(-half), ratio * np.exp(half)))


@pytest.mark.parametrize("size", [1, 4])
def test_the_interval_holds_a_ratio_of_one_in_19_cases_of_20_also_of_groups(size: int) -> None:
    draw, held = np.random.default_rng(7), 0
    for _ in range(500):
        people = draw.integers(1, 6, 100).astype(float)
        shared = np.repeat(draw.integers(1, 6, 60), size)
        own = draw.integers(1, 6, 60 * size)
        said = np.where(draw.random(60 * size) < 0.6, shared, own).astype(float)
        groups = Points.of(said, units=np.repeat(np.arange(60), size), weights=np.full(60 * size, 1 / size))
        found = variance_ratio(groups, Points.of(people))
        assert found is not None
        assert found.interval is not None
        held += found.interval[0] <= 1 <= found.interval[1]
    assert 460 <= held <= 490


def test_nobody_seen_to_differ_does_not_mean_that_nobody_does() -> None:
    people = Points.of([1.0] * 20 + [0.0] * 80)
    found = variance_ratio(Points.of([0.0] * 50), people)
    assert found is not None
    assert found.value == 0
    share = stats.beta.ppf(0.975, 1, 50)
    assert found.interval == pytest.approx((0, share / 0.2 * 0.2 / np.var([1.0] * 20 + [0.0] * 80, ddof=1)))


def test_where_there_is_no_ratio_and_what_is_impossible() -> None:
    two, same = Points.of([1.0, 2.0]), Points.of([1.0, 1.0])
    assert variance_ratio(two, same) is None
    assert variance_ratio(Points.of([1.0]), two) is None
    assert sample_variance(Points.of([])) is None
    assert sample_variance(Points.of([0.1] * 7)) == 0
    with pytest.raises(ValueError, match="weights: those of a unit must add up to 1"):
        Points.of([1.0, 2.0], units=[0, 0], weights=[1.0, 1.0])
    with pytest.raises(ValueError, match="rows: must be finite"):
        Points.of([1.0, float("nan")])
