"""Equivalence, effect sizes, and more than two arms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats import oneway, weightstats

from libs.stats import (
    Bivariate,
    Moments,
    against_baseline,
    benjamini_hochberg,
    cohens_d,
    cohens_w,
    compare_means,
    cramers_v_interval,
    equivalent_means,
    equivalent_paired_means,
    equivalent_proportions,
    independence_test,
    newcombe_interval,
    odds_ratio,
    risk_ratio,
    standardised_difference,
    welch_anova,
    welch_test,
)

VALUES = st.lists(st.integers(0, 30).map(float), min_size=2, max_size=30).filter(lambda values: len(set(values)) > 1)
ARMS = st.tuples(st.integers(1, 80), st.integers(1, 80)).flatmap(
    lambda sizes: st.tuples(st.integers(0, sizes[0]), st.just(sizes[0]), st.integers(0, sizes[1]), st.just(sizes[1]))
)


def test_two_one_sided_tests_are_those_of_statsmodels() -> None:
    random = np.random.default_rng(1)
    x, y = random.normal(0, 1, 40), random.normal(0.1, 2, 30)
    ours = equivalent_means(Moments.of(list(x)), Moments.of(list(y)), (-0.9, 1.2))
    p_value, lower, upper = weightstats.ttost_ind(x, y, -0.9, 1.2, usevar="unequal")
    assert ours is not None
    assert (ours.p_value, ours.lower_p, ours.upper_p) == pytest.approx((p_value, lower[1], upper[1]))
    paired = equivalent_paired_means(Bivariate.of(list(x[:30]), list(y)), 0.8)
    assert paired is not None
    assert paired.p_value == pytest.approx(weightstats.ttost_paired(x[:30], y, -0.8, 0.8)[0])


@given(VALUES, VALUES, st.floats(0.5, 20))
def test_arms_are_equivalent_exactly_when_the_interval_lies_inside_the_margin(
    x: list[float], y: list[float], margin: float
) -> None:
    found = equivalent_means(Moments.of(x), Moments.of(y), margin)
    assert found is not None
    inside = -margin < found.interval[0] and found.interval[1] < margin
    if abs(found.p_value - 0.05) > 1e-9:
        assert found.is_equivalent == inside
    assert found.is_non_inferior or not found.is_equivalent


@given(ARMS, st.floats(0.02, 0.5))
def test_proportions_are_equivalent_exactly_when_newcombes_interval_lies_inside(
    arms: tuple[int, int, int, int], margin: float
) -> None:
    found, interval = equivalent_proportions(*arms, margin), newcombe_interval(*arms, 0.9)
    assert found is not None
    assert interval is not None
    if abs(found.p_value - 0.05) > 1e-6:
        assert found.is_equivalent == (-margin < interval[0] and interval[1] < margin)
    turned = equivalent_proportions(arms[2], arms[3], arms[0], arms[1], margin)
    assert turned is not None
    assert turned.upper_p == pytest.approx(found.lower_p, abs=1e-9)


def test_not_significant_is_not_equivalent() -> None:
    few = Moments.of([1.0, 5.0, 3.0]), Moments.of([2.0, 4.0, 6.0])
    test, found = welch_test(*few), equivalent_means(*few, 0.5)
    assert test is not None
    assert found is not None
    assert test.p_value > 0.05
    assert not found.is_equivalent


def test_equivalence_of_nothing_is_undefined_and_a_margin_of_nothing_is_refused() -> None:
    same = Moments.of([2.0, 2.0])
    assert equivalent_means(same, same, 1.0) is None
    assert equivalent_proportions(0, 0, 1, 2, 0.1) is None
    for margin in (0.0, -1.0, math.nan, (0.5, 0.5), (0.0, math.inf)):
        with pytest.raises(ValueError, match=r"^margin:"):
            equivalent_means(Moments.of([1.0, 2.0]), same, margin)
    with pytest.raises(ValueError, match=r"^alpha:"):
        equivalent_means(Moments.of([1.0, 2.0]), same, 1.0, alpha=0.6)


@given(st.lists(VALUES, min_size=2, max_size=5))
def test_welchs_analysis_of_variance_is_that_of_statsmodels(samples: list[list[float]]) -> None:
    ours = welch_anova([Moments.of(sample) for sample in samples])
    theirs = oneway.anova_oneway([np.array(sample) for sample in samples], use_var="unequal")
    assert ours is not None
    assert ours.statistic == pytest.approx(theirs.statistic, rel=1e-6, abs=1e-9)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-6, abs=1e-9)
    assert ours.denominator_df == pytest.approx(theirs.df_denom)


@given(VALUES, VALUES)
def test_with_two_arms_it_is_welchs_t_squared(x: list[float], y: list[float]) -> None:
    arms = Moments.of(x), Moments.of(y)
    anova, test = welch_anova(arms), welch_test(*arms)
    assert anova is not None
    assert test is not None
    assert anova.statistic == pytest.approx(test.t**2, abs=1e-9)
    assert anova.p_value == pytest.approx(test.p_value, abs=1e-9)


def test_arms_without_spread_have_no_analysis_of_variance() -> None:
    assert welch_anova([Moments.of([1.0, 1.0]), Moments.of([1.0, 2.0])]) is None
    assert welch_anova([Moments.of([1.0]), Moments.of([1.0, 2.0])]) is None


def test_every_other_arm_is_compared_with_the_baseline_in_one_family() -> None:
    arms = {
        name: Moments.of([base + step for step in (0.0, 1.0, 2.0, 3.0)])
        for name, base in (("a", 0), ("b", 3), ("c", 0))
    }
    found = against_baseline(arms, "a", compare_means)
    assert list(found) == ["b", "c"]
    assert found["b"].p_adjusted == pytest.approx(2 * (found["b"].contrast.p_value or 0))
    assert found["c"].p_adjusted == 1.0
    exploring = against_baseline(arms, "a", compare_means, benjamini_hochberg)
    assert exploring["b"].p_adjusted == found["b"].p_adjusted
    with pytest.raises(ValueError, match=r"^baseline:"):
        against_baseline(arms, "z", compare_means)


@given(ARMS)
def test_ratios_turn_round_with_the_arms(arms: tuple[int, int, int, int]) -> None:
    turned = arms[2], arms[3], arms[0], arms[1]
    for measure in (risk_ratio, odds_ratio):
        one, other = measure(*arms), measure(*turned)
        if one is None or other is None or one.interval is None or other.interval is None:
            continue
        assert one.value == pytest.approx(1 / other.value)
        assert one.interval == pytest.approx((1 / other.interval[1], 1 / other.interval[0]))
        assert one.interval[0] <= one.value * (1 + 1e-12)
        assert one.value <= one.interval[1] * (1 + 1e-12)


def test_an_odds_ratio_is_that_of_scipy_and_survives_an_empty_cell() -> None:
    ours = odds_ratio(15, 100, 10, 120)
    theirs = stats.contingency.odds_ratio([[15, 85], [10, 110]], kind="sample")
    assert ours is not None
    assert ours.value == pytest.approx(theirs.statistic)
    assert ours.interval == pytest.approx(tuple(theirs.confidence_interval(0.95)))
    empty = odds_ratio(0, 10, 3, 10)
    assert empty is not None
    assert empty.interval is not None
    assert 0 < empty.value < 1


def test_ratios_are_undefined_over_nothing() -> None:
    assert risk_ratio(3, 10, 0, 10) is None
    assert odds_ratio(0, 0, 1, 2) is None
    nobody = risk_ratio(0, 10, 3, 10)
    assert nobody is not None
    assert (nobody.value, nobody.interval) == (0.0, None)


@pytest.mark.parametrize("shift", [0.0, 0.5, 3.0])
def test_the_limits_of_d_put_the_observed_t_at_the_tails(shift: float) -> None:
    arms = Moments(30, shift, 1.0), Moments(20, 0.0, 1.0)
    found, size = cohens_d(*arms), standardised_difference(*arms)
    assert found is not None
    assert size is not None
    assert found.value == size.d
    assert found.interval is not None
    root = math.sqrt(1 / 30 + 1 / 20)
    tails = [float(stats.nct.cdf(found.value / root, 48, limit / root)) for limit in found.interval]
    assert tails == pytest.approx([0.975, 0.025], abs=1e-5)


def test_the_limits_of_v_and_w_put_the_observed_chi_square_at_the_tails() -> None:
    table = [[30, 10, 5], [12, 35, 9]]
    test, v, w = independence_test(table), cramers_v_interval(table), cohens_w(table)
    assert test is not None
    assert v is not None
    assert v.interval is not None
    assert w is not None
    tails = [float(stats.ncx2.cdf(test.statistic, 2, limit**2 * 101)) for limit in v.interval]
    assert tails == pytest.approx([0.975, 0.025])
    assert w == type(w)(v.value, v.interval, w.method)  # with two rows both are the same


def test_a_table_that_chance_explains_has_a_lower_limit_of_zero() -> None:
    plain, full = cramers_v_interval([[10, 11], [9, 10]]), cramers_v_interval([[50, 0], [0, 50]])
    assert plain is not None
    assert plain.interval is not None
    assert plain.interval[0] == 0
    assert full is not None
    assert full.interval is not None
    assert full.interval[1] == 1.0
    assert cramers_v_interval([[3, 4]]) is None
    assert cohens_w([]) is None
    assert cohens_d(Moments.of([1.0]), Moments.of([2.0])) is None
