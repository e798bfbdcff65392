"""Are two arms, or a simulation and people, alike? That a difference is not significant does not say so; this does.

The margin is the largest difference that would not matter, and is to be set before looking. Equivalence holds at error
rate α when the 1 - 2α interval lies inside the margin; the p-value is the smallest α at which it does.
"""

from dataclasses import dataclass

from scipy import special

from libs.stats.arguments import require_above, require_inside
from libs.stats.bivariate import Bivariate
from libs.stats.cluster_robust import Clustered, clustered_means
from libs.stats.distributions import Interval
from libs.stats.means import Moments, two_means
from libs.stats.proportions import newcombe_interval
from libs.stats.two_means import TwoMeans, t_test

TOST_WELCH = "two one-sided Welch tests"
TOST_PAIRED = "two one-sided paired t-tests"
TOST_CLUSTERED = "two one-sided cluster-robust t-tests"
TOST_NEWCOMBE = "inclusion of Newcombe's interval"
SMALLEST_P = 1e-12


@dataclass(frozen=True, slots=True)
class Equivalence:
    """`lower_p` is against being worse by the margin or more (non-inferiority), `upper_p` against being better by it.

    `p_value` is the larger of both, `interval` the one of level 1 - 2α.
    """

    difference: float
    interval: Interval
    margin: Interval
    lower_p: float
    upper_p: float
    is_equivalent: bool
    is_non_inferior: bool
    method: str

    @property
    def p_value(self) -> float:
        """Of equivalence."""
        return max(self.lower_p, self.upper_p)


def equivalent_means(
    sample: Moments, baseline: Moments, margin: float | Interval, alpha: float = 0.05
) -> Equivalence | None:
    """Two one-sided Welch tests against -margin and +margin. Schuirmann, J. Pharmacokinetics and Biopharmaceutics 15
    (1987) 657-680. None where Welch's test is.
    """
    return _tost(two_means(sample, baseline), margin, alpha, TOST_WELCH)


def equivalent_paired_means(pairs: Bivariate, margin: float | Interval, alpha: float = 0.05) -> Equivalence | None:
    """The same with paired t-tests. None with fewer than two pairs, or where all differ by the same."""
    return _tost(pairs.paired(), margin, alpha, TOST_PAIRED)


def equivalent_clustered(
    sample: Clustered, baseline: Clustered, margin: float | Interval, alpha: float = 0.05
) -> Equivalence | None:
    """The same with the errors and degrees of freedom of `compare_clustered`. None where that has no interval."""
    return _tost(clustered_means(sample, baseline), margin, alpha, TOST_CLUSTERED)


def equivalent_proportions(
    successes: int, n: int, baseline_successes: int, baseline_n: int, margin: float | Interval, alpha: float = 0.05
) -> Equivalence | None:
    """Newcombe's interval of level 1 - 2α against the margin, each p by inverting it, so both always agree.

    Newcombe, Statistics in Medicine 17 (1998) 873-890. None when an arm is empty.
    """
    low, high = _margin(margin)
    require_inside("alpha", alpha, 0.0, 0.5)
    arms = successes, n, baseline_successes, baseline_n
    interval = newcombe_interval(*arms, 1 - 2 * alpha)
    if interval is None:
        return None
    difference = successes / n - baseline_successes / baseline_n
    return _equivalence(
        difference,
        interval,
        (low, high),
        _inverted(arms, low, 0) if difference > low else 1 - _inverted(arms, low, 1),
        _inverted(arms, high, 1) if difference < high else 1 - _inverted(arms, high, 0),
        alpha,
        TOST_NEWCOMBE,
    )


def _tost(means: TwoMeans | None, margin: float | Interval, alpha: float, method: str) -> Equivalence | None:
    low, high = _margin(margin)
    require_inside("alpha", alpha, 0.0, 0.5)
    if means is None or (test := t_test(means.difference, means.error, means.df, 1 - 2 * alpha)) is None:
        return None
    lower_p = float(special.stdtr(means.df, (low - means.difference) / means.error))
    upper_p = float(special.stdtr(means.df, (means.difference - high) / means.error))
    return _equivalence(means.difference, test.interval, (low, high), lower_p, upper_p, alpha, method)


def _equivalence(
    difference: float, interval: Interval, margin: Interval, lower_p: float, upper_p: float, alpha: float, method: str
) -> Equivalence:
    is_equivalent = max(lower_p, upper_p) < alpha
    return Equivalence(difference, interval, margin, lower_p, upper_p, is_equivalent, lower_p < alpha, method)


def _margin(margin: float | Interval) -> Interval:
    if isinstance(margin, tuple):
        require_above("margin", margin[1], margin[0])
        return margin
    require_above("margin", margin)
    return -margin, margin


def _inverted(arms: tuple[int, int, int, int], bound: float, side: int) -> float:
    """The α at which this limit of the 1 - 2α interval is the bound, by bisection; at most ½."""
    low, high = SMALLEST_P, 0.5
    while high - low > SMALLEST_P and high / low > 1 + 1e-12:
        middle = (low * high) ** 0.5
        interval = newcombe_interval(*arms, 1 - 2 * middle)
        if interval is None or (interval[side] > bound) == (side == 0):
            high = middle
        else:
            low = middle
    return high
