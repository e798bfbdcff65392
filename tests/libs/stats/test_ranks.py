"""Ordinal answers: against scipy and statsmodels, and what must hold for any answers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.miscmodels.ordinal_model import OrderedModel
from statsmodels.stats.nonparametric import rank_compare_2indep

from libs.stats import (
    brunner_munzel,
    cliffs_delta,
    compare_ordinal,
    from_counts,
    kruskal_wallis,
    mann_whitney,
    proportional_odds,
    top_box,
    wilcoxon_signed_rank,
)

ANSWERS = st.lists(st.integers(1, 5).map(float), min_size=1, max_size=30)
COUNTS = st.lists(st.integers(0, 40), min_size=3, max_size=5)
NEW, OLD = [24, 37, 21, 19, 6], [11, 51, 22, 21, 7]


def test_brunner_munzel_is_that_of_statsmodels() -> None:
    random = np.random.default_rng(1)
    x, y = random.integers(1, 8, 40), random.integers(2, 8, 25)
    ours, theirs = brunner_munzel(x, y), rank_compare_2indep(x, y)
    assert ours is not None
    assert ours.probability == pytest.approx(theirs.prob1)
    assert (ours.statistic, ours.df, ours.p_value) == pytest.approx((theirs.statistic, theirs.df, theirs.pvalue))
    assert ours.interval == pytest.approx(theirs.conf_int())


@given(ANSWERS, ANSWERS)
def test_swapping_the_arms_turns_the_order_round(x: list[float], y: list[float]) -> None:
    one, other = compare_ordinal(x, y), compare_ordinal(y, x)
    assert one.difference == pytest.approx(-(other.difference or 0.0))
    assert one.p_value == pytest.approx(other.p_value)
    if one.interval is not None:
        assert other.interval is not None
        assert one.interval == pytest.approx((-other.interval[1], -other.interval[0]))


@given(ANSWERS, ANSWERS, st.randoms())
def test_only_the_order_of_the_values_counts(x: list[float], y: list[float], random: object) -> None:
    stretched = compare_ordinal([math.exp(value) for value in x], [math.exp(value) for value in y])
    plain, turned = compare_ordinal(x, y), compare_ordinal(x[::-1], y[::-1])
    assert stretched == plain
    assert turned.p_value == pytest.approx(plain.p_value, abs=1e-12)
    delta = sum((a > b) - (a < b) for a in x for b in y) / (len(x) * len(y))
    assert plain.difference == pytest.approx(delta, abs=1e-12)


def test_arms_that_do_not_overlap_get_an_exact_p_value_and_no_interval() -> None:
    contrast = compare_ordinal([4, 5, 5, 5], [1, 2, 2, 3, 3])
    assert (contrast.difference, contrast.interval) == (1.0, None)
    assert contrast.p_value == pytest.approx(2 / math.comb(9, 4))


def test_arms_of_equal_answers_have_no_effect() -> None:
    contrast = compare_ordinal([3, 3, 3], [3, 3])
    assert (contrast.difference, contrast.p_value) == (0.0, 1.0)


def test_an_empty_arm_is_undefined() -> None:
    assert compare_ordinal([], [1]).p_value is None
    assert cliffs_delta([1], []) is None
    assert mann_whitney([], [1]) is None
    assert kruskal_wallis([[1.0], []]) is None
    assert wilcoxon_signed_rank([], []) is None


def test_an_answer_that_is_not_a_number_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"^values:"):
        compare_ordinal([math.nan], [1])
    with pytest.raises(ValueError, match=r"^baseline:"):
        compare_ordinal([1], [math.inf])
    with pytest.raises(ValueError, match=r"^counts:"):
        from_counts([1, -1])


@pytest.mark.parametrize("seed", range(5))
def test_rank_tests_are_those_of_scipy(seed: int) -> None:
    random = np.random.default_rng(seed)
    x, y, z = random.normal(size=12), random.normal(0.5, 1, 9), random.integers(1, 6, 30)
    exact, paired = mann_whitney(x, y), wilcoxon_signed_rank(x[:9], y)
    assert exact is not None
    assert paired is not None
    assert exact.p_value == pytest.approx(stats.mannwhitneyu(x, y, method="exact").pvalue)
    assert paired.p_value == pytest.approx(stats.wilcoxon(x[:9], y, method="exact").pvalue)
    tied = mann_whitney(z[:14], z[14:])
    assert tied is not None
    assert tied.p_value == pytest.approx(stats.mannwhitneyu(z[:14], z[14:], method="asymptotic").pvalue)
    three = kruskal_wallis([z[:8], z[8:20], z[20:]])
    assert three is not None
    assert three.p_value == pytest.approx(stats.kruskal(z[:8], z[8:20], z[20:]).pvalue)


def test_pairs_without_a_difference_are_left_out() -> None:
    some, more = wilcoxon_signed_rank([3, 5, 9], [1, 1, 2]), wilcoxon_signed_rank([3, 5, 9, 4, 4], [1, 1, 2, 4, 4])
    assert some == more
    assert wilcoxon_signed_rank([2, 2], [2, 2]) is None


def test_proportional_odds_are_those_of_statsmodels() -> None:
    answers = np.array(from_counts(NEW) + from_counts(OLD))
    arm = np.repeat([1.0, 0.0], [sum(NEW), sum(OLD)])
    theirs = OrderedModel(answers, arm[:, None], distr="logit").fit(method="bfgs", disp=0, gtol=1e-8)
    ours = proportional_odds(NEW, OLD)
    assert ours is not None
    assert ours.odds_ratio == pytest.approx(math.exp(theirs.params[0]), rel=1e-5)
    assert ours.interval == pytest.approx(tuple(np.exp(theirs.conf_int()[0])), rel=5e-3)


@given(COUNTS, st.integers(0, 2**32 - 1))
def test_proportional_odds_turn_round_with_the_arms_and_with_the_scale(counts: list[int], seed: int) -> None:
    baseline = np.random.default_rng(seed).permutation(counts).tolist()
    one, other = proportional_odds(counts, baseline), proportional_odds(baseline, counts)
    flipped = proportional_odds(counts[::-1], baseline[::-1])
    if one is None:
        assert other is None
        return
    assert other is not None
    assert flipped is not None
    assert math.log(one.odds_ratio) == pytest.approx(-math.log(other.odds_ratio), abs=1e-6)
    assert math.log(one.odds_ratio) == pytest.approx(-math.log(flipped.odds_ratio), abs=1e-6)
    assert one.p_value == pytest.approx(other.p_value, abs=1e-6)
    assert one.interval[0] < one.odds_ratio < one.interval[1]


def test_odds_that_differ_between_thresholds_are_warned_of() -> None:
    polarised = proportional_odds([60, 5, 5, 5, 60], [27, 27, 27, 27, 27])
    shifted = proportional_odds([10, 20, 40, 60, 80], [20, 40, 60, 50, 40])
    assert polarised is not None
    assert shifted is not None
    assert not polarised.is_parallel
    assert polarised.odds_ratio == pytest.approx(1.0)
    assert shifted.is_parallel
    assert shifted.odds_ratio > 1


def test_brants_test_rejects_parallel_odds_five_times_in_a_hundred() -> None:
    random, rejected = np.random.default_rng(9), 0
    for _ in range(1_000):
        arms = [np.bincount(np.digitize(random.logistic(shift, 1, 150), [-1, 0, 1]), minlength=4) for shift in (0.5, 0)]
        found = proportional_odds(arms[0].tolist(), arms[1].tolist())
        assert found is not None
        rejected += not found.is_parallel
    assert 0.028 < rejected / 1_000 < 0.072


@pytest.mark.parametrize(
    ("counts", "baseline"), [([0, 0], [1, 2]), ([3, 0], [4, 0]), ([5, 5, 0], [0, 5, 5]), ([0, 4], [4, 0])]
)
def test_odds_are_undefined_where_an_arm_is_empty_or_the_arms_do_not_overlap(
    counts: list[int], baseline: list[int]
) -> None:
    assert proportional_odds(counts, baseline) is None


def test_the_top_two_boxes_are_compared_as_proportions() -> None:
    contrast = top_box(NEW, OLD)
    assert contrast.difference == pytest.approx(25 / 107 - 28 / 112)
    with pytest.raises(ValueError, match=r"^top:"):
        top_box(NEW, OLD, top=5)
    with pytest.raises(ValueError, match=r"^baseline:"):
        top_box(NEW, OLD[1:])
