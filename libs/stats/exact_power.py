"""The power of tests of few counts, by adding up every outcome that they would call a difference.

Normal formulas promise what these tests do not keep: Fisher's test, and McNemar's of few who changed, are cautious.
Outcomes too unlikely to matter are left out.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import special

from libs.stats.arguments import Numbers
from libs.stats.distributions import normal_critical
from libs.stats.exact import EQUALLY_LIKELY
from libs.stats.proportions import SMALLEST_EXPECTED_COUNT

Counts = NDArray[np.int64]
WIDTH = 8.0  # standard deviations on each side
MARGIN = 20


def power_of_counts(p: float, p0: float, n: int, n0: int, alpha: float) -> float:
    """P(`proportion_test` has p <= α) for two binomial counts: Fisher where an expected count is below 5, else z."""
    x, x0 = _likely(n, p), _likely(n0, p0)
    together = np.add.outer(x, x0)
    rare = np.minimum(together, n + n0 - together)
    is_few = min(n, n0) * rare / (n + n0) < SMALLEST_EXPECTED_COUNT
    found = _is_found_by_z(x, n, x0, n0, alpha) & ~is_few
    for total in np.unique(together[is_few]):
        at, at0 = np.nonzero(is_few & (together == total))
        found[at, at0] = _fisher(int(total), n, n0)[x[at] - max(0, int(total) - n0)] <= alpha
    return float(_binomial(x, n, p) @ found @ _binomial(x0, n0, p0))


def power_of_changes(up: float, down: float, n: int, alpha: float) -> float:
    """P(McNemar's mid-p <= α) where of n people the shares `up` and `down` change one way and the other."""
    changing = up + down
    if changing <= 0:
        return 0.0
    power = 0.0
    for changed in _likely(n, changing):
        ways = np.arange(changed + 1, dtype=np.int64)
        fewer = np.minimum(ways, changed - ways)
        mid = 2 * special.bdtr(fewer, changed, 0.5) - _binomial(fewer, int(changed), 0.5)
        found = _binomial(ways, int(changed), up / changing)[mid <= alpha].sum()
        power += float(_binomial(np.array([changed]), n, changing)[0] * found)
    return power


def _is_found_by_z(x: Counts, n: int, x0: Counts, n0: int, alpha: float) -> NDArray[np.bool_]:
    pooled = np.add.outer(x, x0) / (n + n0)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / n0))
    found: NDArray[np.bool_] = np.abs(np.subtract.outer(x / n, x0 / n0)) >= error * normal_critical(1 - alpha)
    return found


def _fisher(total: int, n: int, n0: int) -> Numbers:
    """Two-sided p-values of every table with this total, by the successes of the arm, from the fewest there can be."""
    x = np.arange(max(0, total - n0), min(n, total) + 1, dtype=np.int64)
    weight = np.exp(
        _log_choose(n, x) + _log_choose(n0, total - x) - _log_choose(n + n0, np.array([total], dtype=np.int64))
    )
    p_values: Numbers = (weight[None, :] <= weight[:, None] * EQUALLY_LIKELY) @ weight / weight.sum()
    return p_values


def _likely(n: int, p: float) -> Counts:
    """Counts within some standard deviations of n p."""
    half = WIDTH * math.sqrt(n * p * (1 - p)) + MARGIN
    return np.arange(max(0, math.floor(n * p - half)), min(n, math.ceil(n * p + half)) + 1, dtype=np.int64)


def _binomial(count: Counts, n: int, p: float) -> Numbers:
    log = _log_choose(n, count) + special.xlogy(count, p) + special.xlog1py(n - count, -p)
    probability: Numbers = np.exp(log)
    return probability


def _log_choose(n: int, k: Counts) -> Numbers:
    log: Numbers = special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
    return log
