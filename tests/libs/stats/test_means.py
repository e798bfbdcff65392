"""Means: published values, what degenerate samples get, and what must hold for any sample."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.stats import (
    Contrast,
    Moments,
    compare_means,
    fieller_interval,
    mean_interval,
    standardised_difference,
    welch_test,
)

# Answers as people give them: a scale, or amounts; wide enough to upset naive sums of squares.
VALUES = st.lists(
    st.one_of(st.integers(1, 10).map(float), st.floats(-1e6, 1e6).map(lambda x: round(x, 3))), min_size=2, max_size=60
)


def test_hedges_g_and_its_interval_match_the_worked_example_of_borenstein() -> None:
    size = standardised_difference(Moments(50, 103.0, 5.5**2), Moments(50, 100.0, 4.5**2))
    assert size is not None
    assert size.d == pytest.approx(0.5970, abs=5e-5)
    assert size.g == pytest.approx(0.5924, abs=5e-5)
    error = (size.interval[1] - size.interval[0]) / (2 * 1.959964)
    assert error == pytest.approx(0.2028, abs=5e-5)


def test_the_t_interval_of_a_mean_matches_the_worked_example_of_nist() -> None:
    # NIST/SEMATECH e-Handbook 1.3.5.2, heat flow meter: n = 195, mean 9.261460, s = 0.022789.
    interval = mean_interval(Moments(195, 9.261460, 0.022789**2))
    assert interval == pytest.approx((9.258242, 9.264679), abs=2e-6)


def test_a_sample_from_its_sums_is_the_sample_from_its_values() -> None:
    values = [1.0, 4.0, 4.0, 7.0, 10.0]
    sums = Moments.from_sums(5, sum(values), sum(value * value for value in values))
    direct = Moments.of(values)
    assert (sums.n, sums.mean) == (direct.n, direct.mean)
    assert sums.variance == pytest.approx(direct.variance)


def test_equal_values_have_no_variance_even_when_their_sums_do_not_add_up_exactly() -> None:
    values = [0.1] * 1000
    assert Moments.of(values).variance == 0
    assert Moments.from_sums(1000, sum(values), sum(value * value for value in values)).variance == 0


def test_the_order_of_the_answers_changes_nothing_to_the_last_bit() -> None:
    draw = random.Random(5)
    values = [draw.gauss(3, 2) for _ in range(500)]
    shuffled = draw.sample(values, len(values))
    assert Moments.of(values) == Moments.of(shuffled)


def test_no_answers_and_one_answer_give_what_they_can() -> None:
    none, one, many = Moments.of([]), Moments.of([3.0]), Moments.of([1.0, 2.0, 3.0])
    assert (none.mean, none.variance, none.standard_deviation) == (None, None, None)
    assert (one.mean, one.variance) == (3.0, None)
    assert mean_interval(none) is None
    assert mean_interval(one) is None
    contrast = compare_means(one, many)
    assert contrast.difference == 1.0
    assert contrast.relative_lift == 0.5
    assert contrast.p_value is None
    assert contrast.interval is None
    assert contrast.effect_size is None
    assert compare_means(none, many).difference is None


def test_a_collapsed_sample_gets_no_interval() -> None:
    assert mean_interval(Moments.of([4.0] * 50)) is None


def test_two_collapsed_arms_that_differ_are_compared_exactly() -> None:
    contrast = compare_means(Moments.of([4.0] * 5), Moments.of([3.0] * 5))
    assert contrast.p_value == pytest.approx(2 / math.comb(10, 5))
    assert contrast.method.startswith("exact permutation test")
    assert contrast.interval is None
    assert contrast.effect_size is None
    assert compare_means(Moments.of([4.0] * 5), Moments.of([4.0] * 5)).p_value == 1


def test_one_collapsed_arm_is_compared_by_the_spread_of_the_other() -> None:
    test = welch_test(Moments.of([4.0] * 5), Moments.of([1.0, 2.0, 3.0, 4.0]))
    assert test is not None
    assert test.df == 3


@pytest.mark.parametrize("baseline", [[-2.0, -1.0, -3.0], [-1.0, 0.0, 1.0]])
def test_there_is_no_relative_lift_unless_the_baseline_is_above_zero(baseline: list[float]) -> None:
    contrast = compare_means(Moments.of([1.0, 2.0, 4.0]), Moments.of(baseline))
    assert contrast.difference is not None
    assert contrast.relative_lift is None
    assert contrast.relative_lift_interval is None


def test_a_baseline_that_may_be_zero_leaves_the_lift_without_an_interval() -> None:
    contrast = compare_means(Moments.of([1.0, 2.0, 4.0]), Moments.of([-5.0, 0.5, 6.0]))
    assert contrast.relative_lift is not None
    assert contrast.relative_lift_interval is None


def test_the_limits_of_the_fieller_interval_are_where_its_own_test_turns() -> None:
    sample, baseline = Moments(40, 5.2, 4.0), Moments(30, 4.1, 6.0)
    test, interval = welch_test(sample, baseline), fieller_interval(sample, baseline)
    assert test is not None
    assert interval is not None
    critical = (test.interval[1] - test.difference) / (test.difference / test.t)
    for ratio in interval:
        statistic = (5.2 - ratio * 4.1) / math.sqrt(4.0 / 40 + ratio**2 * 6.0 / 30)
        assert abs(statistic) == pytest.approx(critical)


def test_shuffling_the_labels_of_two_distinct_arms_changes_the_p_value() -> None:
    low, high = [1.0, 2.0, 2.0, 3.0, 3.0] * 4, [7.0, 8.0, 8.0, 9.0, 9.0] * 4
    pool = low + high
    random.Random(1).shuffle(pool)
    apart = compare_means(Moments.of(high), Moments.of(low)).p_value
    mixed = compare_means(Moments.of(pool[:20]), Moments.of(pool[20:])).p_value
    assert apart is not None
    assert mixed is not None
    assert apart < 1e-10 < 0.01 < mixed


@pytest.mark.parametrize("values", [[1.0, float("nan")], [float("inf"), 1.0], [1e101, 1.0]])
def test_values_that_are_not_numbers_are_refused_by_name(values: list[float]) -> None:
    with pytest.raises(ValueError, match=r"^values:"):
        Moments.of(values)


@pytest.mark.parametrize(
    ("moments", "argument"),
    [
        ((-1, 1.0, 1.0), "n"),
        ((0, 1.0, None), "mean"),
        ((3, None, 1.0), "mean"),
        ((3, 1.0, None), "variance"),
        ((1, 1.0, 1.0), "variance"),
        ((3, 1.0, -1.0), "variance"),
        ((3, float("nan"), 1.0), "mean"),
        ((3, 1.0, float("inf")), "variance"),
    ],
)
def test_impossible_moments_are_refused_by_name(moments: tuple[int, float, float], argument: str) -> None:
    with pytest.raises(ValueError, match=rf"^{argument}:"):
        Moments(*moments)


def test_sums_that_no_values_have_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^total_of_squares:"):
        Moments.from_sums(2, 10.0, 1.0)


@given(VALUES, VALUES, st.sampled_from([0.8, 0.95, 0.99]))
def test_everything_is_finite_and_every_interval_holds_its_estimate(
    values: list[float], baseline: list[float], level: float
) -> None:
    contrast = compare_means(Moments.of(values), Moments.of(baseline), level)
    assert contrast.p_value is not None
    assert 0 <= contrast.p_value <= 1
    for estimate, interval in (
        (contrast.difference, contrast.interval),
        (contrast.relative_lift, contrast.relative_lift_interval),
        (contrast.effect_size, contrast.effect_size_interval),
    ):
        if estimate is not None and interval is not None:
            assert all(math.isfinite(number) for number in (estimate, *interval))
            slack = 1e-9 * (1 + abs(estimate))
            assert interval[0] - slack <= estimate <= interval[1] + slack


def numbers(contrast: Contrast) -> list[float]:
    pairs = (contrast.interval, contrast.relative_lift_interval, contrast.effect_size_interval)
    single = (contrast.difference, contrast.p_value, contrast.relative_lift, contrast.effect_size, contrast.statistic)
    return [number for number in (*single, *(limit for pair in pairs if pair for limit in pair)) if number is not None]


@given(st.lists(st.floats(-1e100, 1e100), max_size=5), st.lists(st.floats(-1e100, 1e100), max_size=5))
def test_values_of_any_size_give_finite_numbers_or_none(values: list[float], baseline: list[float]) -> None:
    assert all(math.isfinite(number) for number in numbers(compare_means(Moments.of(values), Moments.of(baseline))))


@given(VALUES, VALUES)
def test_swapping_the_arms_flips_the_signs_and_keeps_the_p_value(values: list[float], baseline: list[float]) -> None:
    sample, other = Moments.of(values), Moments.of(baseline)
    there, back = compare_means(sample, other), compare_means(other, sample)
    assert there.p_value == pytest.approx(back.p_value)
    assert there.difference is not None
    assert back.difference == -there.difference
    if there.interval is not None and there.effect_size is not None:
        assert back.interval == pytest.approx((-there.interval[1], -there.interval[0]))
        assert back.effect_size == pytest.approx(-there.effect_size)


@given(VALUES, VALUES)
def test_the_lift_interval_excludes_zero_exactly_when_the_difference_interval_does(
    values: list[float], baseline: list[float]
) -> None:
    contrast = compare_means(Moments.of(values), Moments.of(baseline))
    if contrast.interval is None or contrast.relative_lift_interval is None:
        return
    spread = contrast.interval[1] - contrast.interval[0]
    if min(abs(limit) for limit in contrast.interval) > 1e-6 * spread:
        assert (contrast.relative_lift_interval[0] > 0) == (contrast.interval[0] > 0)
        assert (contrast.relative_lift_interval[1] < 0) == (contrast.interval[1] < 0)


@given(VALUES)
def test_identical_arms_have_a_p_value_of_one(values: list[float]) -> None:
    sample = Moments.of(values)
    assert compare_means(sample, sample).p_value == 1


@given(VALUES, st.sampled_from([-1000.0, 0.5, 250.0]))
def test_adding_the_same_to_every_answer_leaves_the_test_as_it_was(values: list[float], shift: float) -> None:
    baseline = [value / 2 + index for index, value in enumerate(values)]
    before = welch_test(Moments.of(values), Moments.of(baseline))
    after = welch_test(Moments.of([v + shift for v in values]), Moments.of([v + shift for v in baseline]))
    if before is not None and after is not None:
        assert after.p_value == pytest.approx(before.p_value, rel=1e-4, abs=1e-9)
