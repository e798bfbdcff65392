"""Exact tests and intervals of counts, against scipy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from libs.stats import (
    agresti_caffo_interval,
    binomial_test,
    boschloo_exact,
    clopper_pearson_interval,
    fisher_exact,
    independence_test,
    yates_test,
)

COUNTS = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
ARMS = st.tuples(COUNTS, COUNTS).map(lambda arms: (*arms[0], *arms[1]))


@given(COUNTS, st.sampled_from([0.8, 0.95, 0.99]))
def test_clopper_pearson_is_that_of_scipy(counts: tuple[int, int], level: float) -> None:
    theirs = stats.binomtest(*counts).proportion_ci(level, method="exact")
    assert clopper_pearson_interval(*counts, level) == pytest.approx((theirs.low, theirs.high))


@given(COUNTS, st.floats(0.05, 0.95))
def test_the_binomial_test_is_that_of_scipy_and_mid_p_is_smaller(counts: tuple[int, int], share: float) -> None:
    exact = binomial_test(*counts, share)
    assert exact == pytest.approx(stats.binomtest(*counts, share).pvalue)
    assert binomial_test(*counts, share, is_mid=True) < exact


@given(ARMS)
def test_boschloo_is_never_more_cautious_than_fisher(arms: tuple[int, int, int, int]) -> None:
    if max(arms[1], arms[3]) > 15:
        return
    ours = boschloo_exact(*arms)
    assert ours is not None
    assert ours <= 2 * fisher_exact(*arms) + 1e-9


@given(ARMS)
def test_yates_correction_is_that_of_scipy_and_cautious(arms: tuple[int, int, int, int]) -> None:
    table = [[arms[0], arms[1] - arms[0]], [arms[2], arms[3] - arms[2]]]
    ours, plain = yates_test(*arms), independence_test(table)
    if ours is None:
        assert plain is None
        return
    assert plain is not None
    assert ours.p_value >= plain.p_value
    theirs = stats.chi2_contingency(table, correction=True)
    expected_gap = abs(table[0][0] - theirs.expected_freq[0][0])
    if expected_gap >= 0.5:  # nearer than that scipy takes off less, and ours has a statistic of 0
        assert ours.statistic == pytest.approx(theirs.statistic)
    else:
        assert ours.statistic == 0


def test_nobody_has_no_interval_and_impossible_counts_are_refused_by_name() -> None:
    assert clopper_pearson_interval(0, 0) is None
    assert agresti_caffo_interval(0, 0, 1, 2) is None
    assert boschloo_exact(0, 0, 1, 2) is None
    assert binomial_test(0, 0) == 1.0
    with pytest.raises(ValueError, match=r"^successes:"):
        binomial_test(3, 2)
    with pytest.raises(ValueError, match=r"^probability:"):
        binomial_test(1, 2, 1.5)
    with pytest.raises(ValueError, match=r"^baseline_successes:"):
        yates_test(1, 2, 3, 2)
