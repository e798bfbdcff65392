"""Permutation tests: exact for a few independent units, such as focus groups, where no t-test can be trusted.

All rearrangements when they are few, else a seeded sample of them, in which the observed one counts. The order of the
values changes nothing.
"""

import math
from itertools import combinations, product

import numpy as np
from numpy.typing import ArrayLike

from libs.stats.arguments import Numbers, finite_numbers
from libs.stats.contrast import HypothesisTest

SIGN_FLIP = "sign-flip test"
PERMUTATION = "permutation test of Welch's t"
MOST_REARRANGEMENTS = 40_000
SAMPLED = 9_999
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
    x, y = finite_numbers("values", values), finite_numbers("baseline", baseline)
    n, total = len(x), len(x) + len(y)
    if not n or n == total:
        return None
    pooled = np.sort(np.concatenate([x, y]))
    observed = float(_welch(np.sort(x)[None, :], np.sort(y)[None, :])[0])
    if math.comb(total, n) <= MOST_REARRANGEMENTS:
        chosen = np.array(list(combinations(range(total), n)))
        is_all = True
    else:
        random = np.random.default_rng(seed)
        chosen = np.argsort(random.random((SAMPLED, total)), axis=1)[:, :n]
        is_all = False
    mask = np.zeros((len(chosen), total), dtype=bool)
    np.put_along_axis(mask, chosen, values=True, axis=1)
    arms = np.broadcast_to(pooled, mask.shape)
    statistics = _welch(arms[mask].reshape(-1, n), arms[~mask].reshape(-1, total - n))
    return _result(statistics, observed, PERMUTATION, is_all=is_all)


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


def _result(statistics: Numbers, observed: float, method: str, *, is_all: bool) -> HypothesisTest:
    extreme = int((statistics >= observed * EQUAL).sum())
    p_value = extreme / len(statistics) if is_all else (extreme + 1) / (len(statistics) + 1)
    how = "all rearrangements" if is_all else f"{len(statistics):,} rearrangements"
    return HypothesisTest(None, None, p_value, f"{method}, {how}")
