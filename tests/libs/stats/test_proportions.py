"""Proportions: published values beyond the reference cases, and what must hold for any counts."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from libs.stats import (
    Contrast,
    cohens_h,
    compare_proportions,
    fisher_exact,
    newcombe_interval,
    proportion_test,
    ratio_interval,
    wilson_interval,
)

Arms = tuple[int, int, int, int]
LEVELS = st.sampled_from([0.8, 0.9, 0.95, 0.99])


@st.composite
def arms(draw: st.DrawFn, most: int = 400) -> Arms:
    n, n0 = draw(st.integers(1, most)), draw(st.integers(1, most))
    return draw(st.integers(0, n)), n, draw(st.integers(0, n0)), n0


def swapped(counts: Arms) -> Arms:
    return counts[2], counts[3], counts[0], counts[1]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ((56, 70, 48, 80), (0.0524, 0.3339)),
        ((9, 10, 3, 10), (0.1705, 0.8090)),
        ((6, 7, 2, 7), (0.0582, 0.8062)),
        ((5, 56, 0, 29), (-0.0381, 0.1926)),
        ((0, 10, 0, 20), (-0.1611, 0.2775)),
        ((0, 10, 0, 10), (-0.2775, 0.2775)),
        ((10, 10, 0, 20), (0.6791, 1.0)),
        ((10, 10, 0, 10), (0.6075, 1.0)),
    ],
)
def test_the_difference_interval_matches_the_table_in_newcombe_1998(
    counts: Arms, expected: tuple[float, float]
) -> None:
    assert newcombe_interval(*counts) == pytest.approx(expected, abs=5e-5)


def test_the_ratio_interval_matches_the_mover_interval_of_metidafreq() -> None:
    assert ratio_interval(30, 100, 40, 90) == pytest.approx((0.46344425873893524, 0.9808806908109405), abs=1e-12)


def test_a_proportion_of_nothing_is_undefined() -> None:
    assert wilson_interval(0, 0) is None
    contrast = compare_proportions(0, 0, 3, 10)
    assert contrast.difference is None
    assert contrast.interval is None
    assert contrast.p_value is None
    assert contrast.relative_lift is None
    assert contrast.effect_size is None


def test_there_is_no_relative_lift_over_a_baseline_of_zero() -> None:
    contrast = compare_proportions(5, 20, 0, 20)
    assert contrast.difference == 0.25
    assert contrast.relative_lift is None
    assert contrast.relative_lift_interval is None


def test_an_arm_without_successes_still_gets_a_relative_lift_interval() -> None:
    contrast = compare_proportions(0, 20, 5, 20)
    assert contrast.relative_lift == -1
    assert contrast.relative_lift_interval is not None
    assert contrast.relative_lift_interval[0] == -1
    assert -1 < contrast.relative_lift_interval[1] < 0


def test_the_exact_test_replaces_z_where_an_expected_count_is_below_five_and_is_named() -> None:
    few, many = compare_proportions(3, 20, 6, 20), compare_proportions(4, 20, 6, 20)
    assert few.method.startswith("Fisher's exact test")
    assert few.statistic is None
    assert many.method.startswith("pooled two-proportion z-test")
    assert many.statistic is not None


def test_the_lady_tasting_tea_has_the_p_value_fisher_gave() -> None:
    assert fisher_exact(4, 4, 0, 4) == pytest.approx(2 / 70)
    assert fisher_exact(3, 4, 1, 4) == pytest.approx(34 / 70)


def test_moving_successes_to_the_other_arm_changes_the_p_value() -> None:
    assert compare_proportions(40, 100, 20, 100).p_value != compare_proportions(30, 100, 30, 100).p_value


@pytest.mark.parametrize(
    ("counts", "argument"),
    [
        ((5, 4, 1, 2), "successes"),
        ((-1, 4, 1, 2), "successes"),
        ((1, -4, 1, 2), "n"),
        ((1, 4, 3, 2), "baseline_successes"),
        ((1, 4, 0, -1), "baseline_n"),
        ((float("nan"), 4, 0, 1), "successes"),
    ],
)
def test_impossible_counts_are_refused_by_name(counts: Arms, argument: str) -> None:
    with pytest.raises(ValueError, match=rf"^{argument}:"):
        compare_proportions(*counts)


@pytest.mark.parametrize("level", [0.0, 1.0, 95.0, float("nan")])
def test_an_impossible_confidence_level_is_refused_by_name(level: float) -> None:
    with pytest.raises(ValueError, match=r"^confidence_level:"):
        wilson_interval(1, 2, level)


def test_cohens_h_refuses_what_is_not_a_proportion() -> None:
    with pytest.raises(ValueError, match=r"^p0:"):
        cohens_h(0.5, 1.5)


def numbers(contrast: Contrast) -> list[float]:
    pairs = (contrast.interval, contrast.relative_lift_interval, contrast.effect_size_interval)
    single = (contrast.difference, contrast.p_value, contrast.relative_lift, contrast.effect_size, contrast.statistic)
    return [number for number in (*single, *(limit for pair in pairs if pair for limit in pair)) if number is not None]


@given(arms(), LEVELS)
def test_everything_is_finite_and_every_interval_holds_its_estimate(counts: Arms, level: float) -> None:
    contrast = compare_proportions(*counts, level)
    assert all(math.isfinite(number) for number in numbers(contrast))
    assert contrast.p_value is not None
    assert 0 <= contrast.p_value <= 1
    for estimate, interval in (
        (contrast.difference, contrast.interval),
        (contrast.relative_lift, contrast.relative_lift_interval),
        (contrast.effect_size, contrast.effect_size_interval),
        (counts[0] / counts[1], wilson_interval(counts[0], counts[1], level)),
    ):
        if estimate is not None:
            assert interval is not None
            assert interval[0] - 1e-12 <= estimate <= interval[1] + 1e-12
            assert interval[0] < interval[1]


@given(arms(), LEVELS)
def test_intervals_stay_in_their_range(counts: Arms, level: float) -> None:
    contrast = compare_proportions(*counts, level)
    assert contrast.interval is not None
    assert contrast.interval[0] >= -1 - 1e-12
    assert contrast.interval[1] <= 1 + 1e-12
    if contrast.relative_lift_interval is not None:
        assert contrast.relative_lift_interval[0] >= -1


@given(arms())
def test_swapping_the_arms_flips_the_signs_and_keeps_the_p_value(counts: Arms) -> None:
    there, back = compare_proportions(*counts), compare_proportions(*swapped(counts))
    assert there.p_value == pytest.approx(back.p_value, rel=1e-9)
    assert there.difference is not None
    assert back.difference == -there.difference
    assert there.effect_size is not None
    assert back.effect_size == pytest.approx(-there.effect_size)
    assert there.interval is not None
    assert back.interval == pytest.approx((-there.interval[1], -there.interval[0]))


@given(arms())
def test_swapping_the_arms_inverts_the_ratio_interval(counts: Arms) -> None:
    assume(counts[0] > 0 and counts[2] > 0)
    there, back = ratio_interval(*counts), ratio_interval(*swapped(counts))
    assert there is not None
    assert back == pytest.approx((1 / there[1], 1 / there[0]))


@given(arms(), LEVELS)
def test_the_lift_interval_excludes_zero_exactly_when_the_difference_interval_does(counts: Arms, level: float) -> None:
    difference, ratio = newcombe_interval(*counts, level), ratio_interval(*counts, level)
    assert difference is not None
    if ratio is not None and min(abs(limit) for limit in difference) > 1e-9:
        assert (ratio[0] > 1) == (difference[0] > 0)
        assert (ratio[1] < 1) == (difference[1] < 0)


@given(st.integers(1, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_identical_arms_have_a_p_value_of_one(arm: tuple[int, int]) -> None:
    test = proportion_test(*arm, *arm)
    assert test is not None
    assert test.p_value == pytest.approx(1.0)


@given(arms(most=40))
def test_more_of_the_same_people_narrow_the_difference_interval(counts: Arms) -> None:
    one = newcombe_interval(*counts)
    successes, n, baseline_successes, baseline_n = (10 * count for count in counts)
    ten = newcombe_interval(successes, n, baseline_successes, baseline_n)
    assert one is not None
    assert ten is not None
    assert ten[1] - ten[0] < one[1] - one[0]
