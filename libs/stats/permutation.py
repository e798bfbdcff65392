"""Permutation tests: exact for a few independent units, such as focus groups, where no t-test can be trusted.

All rearrangements when they are few, else a seeded sample of them, in which the observed one counts. The order of the
values changes nothing. `compare_rearranged` is for arms of unequal size, where t-tests of skewed answers are wrong.
"""

import math
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np
from numpy.typing import ArrayLike

from libs.stats.arguments import Numbers, finite_numbers
from libs.stats.contrast import Contrast, HypothesisTest
from libs.stats.means import ROUNDING, Moments, compare_means, two_means

SIGN_FLIP = "sign-flip test"
PERMUTATION = "permutation test of Welch's t"
MOST_REARRANGEMENTS = 40_000
SAMPLED = 9_999
SAMPLED_OF_MANY = 1_999
MANY = 2_000
CELLS = 1_000_000
MOST_UNEVEN = 1.5
FEW = 200
# Equal statistics differ in the last digits only.
EQUAL = 1 - 1e-9


def sign_flip_test(differences: ArrayLike, *, seed: int = 0) -> HypothesisTest | None:
    """Are paired differences symmetric about 0? |Σ d| among all 2ⁿ choices of signs, exact whatever their distribution.

    Fisher, The Design of Experiments (1935), §21. None without differences. The smallest p of n pairs is 2^(1-n), so
    fewer than six never reach 0.05.
    """
    sizes = np.sort(np.abs(finite_numbers("differences", differences)))
    if not len(sizes):
        return None
    observed = abs(float(np.sum(differences)))
    if 2 ** len(sizes) <= MOST_REARRANGEMENTS:
        signs = np.array(list(product((-1.0, 1.0), repeat=len(sizes))))
        return _result(np.abs(signs @ sizes), observed, SIGN_FLIP, is_all=True)
    random = np.random.default_rng(seed)
    signs = random.integers(0, 2, size=(SAMPLED, len(sizes))) * 2.0 - 1.0
    return _result(np.abs(signs @ sizes), observed, SIGN_FLIP, is_all=False)


def permutation_test(values: ArrayLike, baseline: ArrayLike, *, seed: int = 0) -> HypothesisTest | None:
    """Are two samples exchangeable? |t| of Welch among all ways to deal the values to the arms.

    Exact when the distributions are the same, and right for means in large samples also when the variances differ:
    Janssen, Statistics & Probability Letters 36 (1997) 9-21. None when an arm is empty.
    """
    found = _rearranged(finite_numbers("values", values), finite_numbers("baseline", baseline), seed)
    return None if found is None else _result(found.statistics, found.observed, PERMUTATION, is_all=found.is_all)


def is_uneven(n: int, baseline_n: int) -> bool:
    """Arms so unequal, the smaller one so small, that what is skewed in both does not cancel in their difference."""
    fewer, more = sorted((n, baseline_n))
    return fewer < FEW and more > MOST_UNEVEN * fewer


def compare_rearranged(
    values: ArrayLike, baseline: ArrayLike, confidence_level: float = 0.95, *, seed: int = 0
) -> Contrast:
    """`compare_means` by `permutation_test`: its p-value, and ± its critical |t| instead of Student's.

    So the interval excludes 0 exactly when p <= α. What else rests on Student's t has no interval.
    """
    x, y = finite_numbers("values", values), finite_numbers("baseline", baseline)
    sample, reference = Moments.of(x.tolist()), Moments.of(y.tolist())
    plain, means = compare_means(sample, reference, confidence_level), two_means(sample, reference)
    found = _rearranged(x, y, seed)
    if means is None or found is None:
        return plain
    test = _result(found.statistics, found.observed, PERMUTATION, is_all=found.is_all)
    half = _critical(found, 1 - confidence_level) * means.error
    return replace(
        plain,
        interval=(means.difference - half, means.difference + half) if math.isfinite(half) else None,
        df=None,
        p_value=test.p_value,
        method=f"{test.method}, and its interval (arms of unequal size)",
        relative_lift_interval=None,
        effect_size_interval=None,
    )


@dataclass(frozen=True, slots=True)
class _Rearranged:
    statistics: Numbers
    observed: float
    is_all: bool


def _rearranged(x: Numbers, y: Numbers, seed: int) -> _Rearranged | None:
    """Welch's |t| as it is, and of other ways to deal the values."""
    n, total = len(x), len(x) + len(y)
    if not n or n == total:
        return None
    pooled = np.sort(np.concatenate([x, y]))
    observed = float(_welch(np.sort(x)[None, :], np.sort(y)[None, :])[0])
    if math.comb(total, n) > MOST_REARRANGEMENTS:
        return _Rearranged(_sampled(pooled, n, seed), observed, is_all=False)
    chosen = np.array(list(combinations(range(total), n)))
    mask = np.zeros((len(chosen), total), dtype=bool)
    np.put_along_axis(mask, chosen, values=True, axis=1)
    arms = np.broadcast_to(pooled, mask.shape)
    statistics = _welch(arms[mask].reshape(-1, n), arms[~mask].reshape(-1, total - n))
    return _Rearranged(statistics, observed, is_all=True)


def _welch(x: Numbers, y: Numbers) -> Numbers:
    """|t| of each row; infinite for arms that differ and do not vary, the plain difference when there is no spread."""
    difference: Numbers = np.abs(x.mean(axis=1) - y.mean(axis=1))
    if x.shape[1] < 2 or y.shape[1] < 2:
        return difference
    squares = x.var(axis=1, ddof=1) / x.shape[1] + y.var(axis=1, ddof=1) / y.shape[1]
    t = np.full(len(x), np.inf)
    np.divide(difference, np.sqrt(squares), out=t, where=squares > 0)
    t[difference == 0] = 0.0
    return t


def _sampled(pooled: Numbers, n: int, seed: int) -> Numbers:
    """|t| of as many random ways to deal the values, by how often each value is in the smaller arm."""
    total, fewer = len(pooled), min(n, len(pooled) - n)
    levels, counts = np.unique(pooled - pooled.mean(), return_counts=True)
    random, left = np.random.default_rng(seed), SAMPLED if total <= MANY else SAMPLED_OF_MANY
    sums, squares = [], []
    while left:
        rows = min(left, max(1, CELLS // len(levels)))
        dealt = random.multivariate_hypergeometric(counts, fewer, size=rows)
        sums.append(dealt @ levels)
        squares.append(dealt @ levels**2)
        left -= rows
    part, part_squares = np.concatenate(sums), np.concatenate(squares)
    rest, rest_squares = counts @ levels - part, counts @ levels**2 - part_squares
    difference: Numbers = np.abs(part / fewer - rest / (total - fewer))
    if fewer < 2:
        return difference
    v = _squared_error(part, part_squares, fewer) + _squared_error(rest, rest_squares, total - fewer)
    t = np.full(len(v), np.inf)
    np.divide(difference, np.sqrt(v), out=t, where=v > 0)
    return t


def _squared_error(total: Numbers, squares: Numbers, n: int) -> Numbers:
    """s²/n from sums; what rounding leaves of no spread is none."""
    spread = squares - total**2 / n
    spread[spread < ROUNDING * squares] = 0.0
    error: Numbers = spread / ((n - 1) * n)
    return error


def _critical(found: _Rearranged, alpha: float) -> float:
    """The |t| above which p <= α; infinite when no way to deal the values is as rare as that."""
    count = len(found.statistics) + (not found.is_all)
    place = math.floor(alpha * count * (1 + 1e-12)) - (not found.is_all) + 1
    if place < 2:
        return math.inf
    return float(np.sort(found.statistics)[-place]) / EQUAL**2  # what equals it is not above it


def _result(statistics: Numbers, observed: float, method: str, *, is_all: bool) -> HypothesisTest:
    extreme = int((statistics >= observed * EQUAL).sum())
    p_value = extreme / len(statistics) if is_all else (extreme + 1) / (len(statistics) + 1)
    how = "all rearrangements" if is_all else f"{len(statistics):,} rearrangements"
    return HypothesisTest(None, None, p_value, f"{method}, {how}")
