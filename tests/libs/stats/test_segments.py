"""Segments, strata, covariates, ratio metrics and funnels."""

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from libs.stats import (
    Bivariate,
    Moments,
    adjusted,
    compare_cuped,
    compare_funnels,
    compare_means,
    compare_paired_funnels,
    compare_post_stratified,
    compare_proportions,
    compare_ratios,
    compare_weighted,
    cuped,
    cuped_lift,
    delta_lift,
    funnel,
    heterogeneity,
    interaction,
    post_stratified,
    ratio_moments,
    segment_interactions,
    together,
    two_means,
    weighted_estimate,
)

VALUES = st.lists(st.integers(-20, 20).map(float), min_size=2, max_size=15)
DEPTHS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


def normal(seed: int, mean: float, n: int = 60) -> Moments:
    return Moments.of(list(np.random.default_rng(seed).normal(mean, 1, n)))


@given(st.lists(VALUES, min_size=1, max_size=4))
def test_samples_together_have_the_moments_of_all_their_values(samples: list[list[float]]) -> None:
    joined, whole = together([Moments.of(sample) for sample in samples]), Moments.of([v for s in samples for v in s])
    assert joined.n == whole.n
    assert joined.mean == pytest.approx(whole.mean, abs=1e-9)
    assert joined.variance == pytest.approx(whole.variance, abs=1e-9)


def test_an_interaction_is_the_difference_of_two_effects() -> None:
    inside, outside = (normal(1, 1.0), normal(2, 0.0)), (normal(3, 0.2), normal(4, 0.0))
    found = interaction(inside, outside)
    effects = [two_means(*arms) for arms in (inside, outside)]
    assert found is not None
    assert effects[0] is not None
    assert effects[1] is not None
    assert found.difference == pytest.approx(effects[0].difference - effects[1].difference)
    turned = interaction(outside, inside)
    assert turned is not None
    assert turned.t == pytest.approx(-found.t)
    assert turned.df == pytest.approx(found.df)


def test_significant_here_and_not_there_is_not_an_interaction() -> None:
    segments = {
        "young": (Moments(60, 0.45, 1.0), Moments(60, 0.0, 1.0)),
        "old": (Moments(60, 0.25, 1.0), Moments(60, 0.0, 1.0)),
    }
    alone = {name: compare_means(*arms).p_value or 1.0 for name, arms in segments.items()}
    found = segment_interactions(segments)
    p_values = adjusted({name: test.p_value if test else None for name, test in found.items()})
    assert alone["young"] < 0.05 < alone["old"]
    assert all((p or 0) > 0.05 for p in p_values.values())


def test_heterogeneity_is_one_test_of_all_segments() -> None:
    alike = [(normal(place, 0.3), normal(place + 10, 0.0)) for place in range(4)]
    same, different = heterogeneity(alike), heterogeneity([*alike, (normal(30, 2.0), normal(40, 0.0))])
    assert same is not None
    assert different is not None
    assert (same.df, different.df) == (3, 4)
    assert different.p_value < 0.001 < same.p_value
    assert heterogeneity(alike[:1]) is None


def test_a_segment_without_people_has_no_interaction() -> None:
    empty = Moments.of([])
    assert segment_interactions({"all": (normal(1, 0), normal(2, 0))}) == {"all": None}
    assert interaction((empty, normal(1, 0)), (normal(2, 0), normal(3, 0))) is None


def test_post_stratification_weighs_strata_by_their_shares() -> None:
    strata = {"city": Moments.of([1.0, 3.0]), "land": Moments.of([5.0, 6.0, 10.0])}
    found = post_stratified(strata, {"city": 3, "land": 1})
    assert found.mean == 0.75 * 2 + 0.25 * 7
    assert found.v == pytest.approx(0.75**2 * 2 / 2 + 0.25**2 * 7 / 3)
    assert found.interval() is not None


def test_with_one_stratum_it_is_welchs_comparison() -> None:
    arms = normal(1, 1.0), normal(2, 0.0)
    ours = compare_post_stratified({"all": arms[0]}, {"all": arms[1]}, {"all": 1})
    welch = compare_means(*arms)
    assert ours.interval == pytest.approx(welch.interval)
    assert (ours.p_value, ours.df) == pytest.approx((welch.p_value, welch.df))


def test_strata_that_differ_no_longer_confound() -> None:
    """The arm has more of the stratum with high answers; within each stratum nothing differs."""
    low, high = Moments(50, 1.0, 0.2), Moments(50, 5.0, 0.2)
    arm, base = {"low": low, "high": Moments(150, 5.0, 0.2)}, {"low": low, "high": high}
    contrast = compare_post_stratified(arm, base, {"low": 0.5, "high": 0.5})
    assert contrast.difference == 0.0


def test_a_stratum_with_a_share_and_no_answers_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^strata\['land'\]:"):
        post_stratified({"city": Moments.of([1.0, 2.0])}, {"city": 1, "land": 1})
    with pytest.raises(ValueError, match=r"^shares\['city'\]:"):
        post_stratified({}, {"city": -1.0})
    with pytest.raises(ValueError, match=r"^shares:"):
        post_stratified({}, {})
    single = post_stratified({"city": Moments.of([1.0])}, {"city": 1})
    assert (single.mean, single.interval()) == (1.0, None)


def test_cuped_finds_the_effect_with_less_error_as_regression_does() -> None:
    random = np.random.default_rng(5)
    before = random.normal(size=400)
    arm = np.tile([0, 1], 200)
    after = 0.8 * before + 0.2 * arm + random.normal(scale=0.6, size=400) + 3
    arms = [Bivariate.of(list(after[arm == one]), list(before[arm == one])) for one in (1, 0)]
    plain, ours = compare_means(arms[0].x, arms[1].x), compare_cuped(*arms)
    model = sm.OLS(after, sm.add_constant(np.column_stack([before, arm]))).fit()
    assert ours.statistic is not None
    assert ours.difference == pytest.approx(model.params[2], abs=0.01)
    assert ours.difference == pytest.approx(model.bse[2] * ours.statistic, rel=0.02)
    assert plain.interval is not None
    assert ours.interval is not None
    assert ours.interval[1] - ours.interval[0] < 0.7 * (plain.interval[1] - plain.interval[0])
    lift = cuped_lift(*arms)
    assert lift is not None
    assert lift.difference == pytest.approx(0.2 / 3, abs=0.03)


@given(st.lists(st.tuples(st.integers(0, 9).map(float), st.integers(0, 9).map(float)), min_size=2, max_size=20))
def test_a_covariate_that_does_not_vary_changes_nothing(pairs: list[tuple[float, float]]) -> None:
    x = [a for a, _ in pairs]
    constant = Bivariate.of(x, [3.0] * len(x))
    assert cuped([constant, constant])[0].mean == pytest.approx(constant.x.mean)
    assert cuped([constant, constant])[0].variance == pytest.approx(constant.x.variance, abs=1e-12)


def test_cuped_of_nobody_is_nobody() -> None:
    empty = Bivariate.of([], [])
    assert cuped([empty, empty]) == [Moments(0, None, None)] * 2
    assert cuped_lift(empty, empty) is None


def test_a_ratio_metric_over_equal_denominators_is_a_mean() -> None:
    values = [1.0, 4.0, 2.0, 8.0]
    ratio = ratio_moments(Bivariate.of(values, [2.0] * 4))
    half = Moments.of([value / 2 for value in values])
    assert ratio is not None
    assert (ratio.mean, ratio.variance) == pytest.approx((half.mean, half.variance))
    assert ratio_moments(Bivariate.of(values, [0.0] * 4)) is None
    assert ratio_moments(Bivariate.of([1.0], [2.0])) is None


def test_ratios_over_equal_denominators_are_compared_like_means_and_rare_ones_more_carefully() -> None:
    draw = np.random.default_rng(3)
    x, y = list(draw.normal(3, 1, 20)), list(draw.normal(4, 2, 30))
    equal = compare_ratios(Bivariate.of(x, [2.0] * 20), Bivariate.of(y, [2.0] * 30))
    means = compare_means(*(Moments.of([value / 2 for value in values]) for values in (x, y)))
    assert (equal.statistic, equal.df, equal.p_value) == pytest.approx((means.statistic, means.df, means.p_value))
    opened, clicked = [1.0] * 10 + [0.0] * 90, [1.0] * 4 + [0.0] * 96
    rare = compare_ratios(Bivariate.of(clicked, opened), Bivariate.of([0.0] * 50, [1.0, 0.0] * 25))
    share = Moments.of([1.0] * 4 + [0.0] * 6)  # ten people have an opening, so the share of clicks is a mean of ten
    assert rare.interval is not None
    assert share.variance is not None
    half = stats.t.ppf(0.975, 9) * (share.variance / 10) ** 0.5
    assert rare.interval == pytest.approx((0.4 - half, 0.4 + half))
    assert compare_ratios(Bivariate.of([1.0, 0.0], [1.0, 0.0]), Bivariate.of(clicked, opened)).p_value is None


def test_a_lift_by_the_delta_method_is_close_to_fiellers_where_the_baseline_is_clear() -> None:
    arms = normal(1, 11.0, 400), normal(2, 10.0, 400)
    means = two_means(*arms)
    assert means is not None
    delta, fieller = delta_lift(means), compare_means(*arms).relative_lift_interval
    assert delta is not None
    assert delta.interval == pytest.approx(fieller, abs=1e-3)


def test_sums_give_the_same_as_the_values() -> None:
    x, y = [1.0, 5.0, 2.0], [2.0, 2.0, 7.0]
    sums = Bivariate.from_sums(Moments.of(x), Moments.of(y), sum(a * b for a, b in zip(x, y, strict=True)))
    assert sums.covariance == pytest.approx(Bivariate.of(x, y).covariance)
    with pytest.raises(ValueError, match=r"^covariance:"):
        Bivariate(Moments.of([1.0]), Moments.of([1.0]), 2.0)
    with pytest.raises(ValueError, match=r"^covariance:"):
        Bivariate(Moments.of(x), Moments.of(y), math.nan)


def test_the_steps_of_a_funnel_multiply_to_the_share_of_all() -> None:
    steps = funnel([200, 120, 30, 0, 0])
    assert [(step.entered, step.reached) for step in steps] == [(200, 120), (120, 30), (30, 0), (0, 0)]
    assert steps[1].of_all is not None
    assert steps[1].of_all.value == pytest.approx(0.6 * 0.25)
    assert steps[3].of_entered is None
    assert steps[3].of_all is not None


def test_arms_are_compared_at_every_step_of_all_and_of_those_who_came_so_far() -> None:
    first, second = compare_funnels([100, 60, 30], [90, 40, 20])
    assert first.of_all == first.of_entered == compare_proportions(60, 100, 40, 90)
    assert second.of_all == compare_proportions(30, 100, 20, 90)
    assert second.of_entered == compare_proportions(30, 60, 20, 40)


@given(DEPTHS)
def test_a_funnel_of_the_same_people_compares_their_own_steps(pairs: list[tuple[int, int]]) -> None:
    arm, base = [depth for depth, _ in pairs], [depth for _, depth in pairs]
    steps = compare_paired_funnels(arm, base, 3)
    for step, contrast in enumerate(steps, start=1):
        shares = [sum(depth >= step for depth in depths) / len(pairs) for depths in (arm, base)]
        assert contrast.of_all.difference == pytest.approx(shares[0] - shares[1])
    assert steps[0].of_all == steps[0].of_entered


def test_a_funnel_that_widens_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^reached:"):
        funnel([10, 11])
    with pytest.raises(ValueError, match=r"^baseline:"):
        compare_funnels([10, 5], [10, 5, 2])
    with pytest.raises(ValueError, match=r"^depths:"):
        compare_paired_funnels([-1], [0], 2)


def test_equal_weights_are_no_weights_and_unequal_ones_cost_precision() -> None:
    random = np.random.default_rng(8)
    x, y = random.normal(1, 1, 200), random.normal(0, 1, 200)
    equal = compare_weighted(x, np.full(200, 3.0), y, np.ones(200))
    unequal = compare_weighted(x, np.tile([1.0, 5.0], 100), y, np.ones(200))
    welch = compare_means(Moments.of(list(x)), Moments.of(list(y)))
    assert equal.interval == pytest.approx(welch.interval, abs=5e-3)
    assert unequal.interval is not None
    assert equal.interval is not None
    assert unequal.interval[1] - unequal.interval[0] > equal.interval[1] - equal.interval[0]
    assert weighted_estimate([2.0, 2.0], [1.0, 3.0]).interval is None
    with pytest.raises(ValueError, match=r"^weights:"):
        weighted_estimate([1.0, 2.0], [1.0, -1.0])
