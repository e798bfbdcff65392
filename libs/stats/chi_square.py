"""Pearson's chi-square tests of counts: against given shares, and of two classifications against each other.

The chi-square tail is an approximation; `smallest_expected` below 5 says that it is a rough one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from libs.stats.arguments import require_count, require_finite
from libs.stats.distributions import chi_square_tail


@dataclass(frozen=True, slots=True)
class ChiSquareTest:
    """Pearson's statistic, its degrees of freedom and upper tail."""

    statistic: float
    df: int
    p_value: float
    smallest_expected: float


@dataclass(frozen=True, slots=True)
class IndependenceTest(ChiSquareTest):
    """The test of a table, with its effect sizes: Cramér's V is between 0 and 1, w may exceed 1 in large tables."""

    cramers_v: float
    cohens_w: float


def goodness_of_fit(observed: Sequence[int], expected: Sequence[float]) -> ChiSquareTest | None:
    """Σ (O - E)² / E with the expected counts scaled to the observed total; None with one class or nothing observed.

    Pearson, Philosophical Magazine 50 (1900) 157-175.
    """
    if len(observed) != len(expected):
        raise ValueError(f"expected: {len(expected)} classes, but observed has {len(observed)}")
    for count, share in zip(observed, expected, strict=True):
        require_count("observed", count)
        require_finite("expected", share)
        if share <= 0:
            raise ValueError(f"expected: {share} is not above 0")
    total = sum(observed)
    if len(observed) < 2 or total == 0:
        return None
    scale = total / math.fsum(expected)
    statistic = math.fsum((o - e * scale) ** 2 / (e * scale) for o, e in zip(observed, expected, strict=True))
    df = len(observed) - 1
    return ChiSquareTest(statistic, df, chi_square_tail(statistic, df), min(expected) * scale)


def independence_test(table: Sequence[Sequence[int]]) -> IndependenceTest | None:
    """Are rows (arms) and columns (answers) independent? Σ (O - E)² / E with E = row total × column total / N.

    V = √(χ² / (N min(r-1, c-1))), w = √(χ² / N). Empty rows and columns are left out, since they say nothing; None when
    fewer than two of either remain. Cramér, Mathematical Methods of Statistics (1946), §21.9; Cohen (1988), ch. 7.
    """
    for row in table:
        if len(row) != len(table[0]):
            raise ValueError(f"table: rows of {len(table[0])} and of {len(row)} columns")
        for count in row:
            require_count("table", count)
    if not table or not table[0]:
        return None
    counts = np.asarray(table, dtype=np.float64)
    counts = counts[counts.sum(axis=1) > 0][:, counts.sum(axis=0) > 0]
    rows, columns = counts.shape
    if rows < 2 or columns < 2:
        return None
    total = float(counts.sum())
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total
    statistic = math.fsum(((counts - expected) ** 2 / expected).flat)
    df = (rows - 1) * (columns - 1)
    return IndependenceTest(
        statistic=statistic,
        df=df,
        p_value=chi_square_tail(statistic, df),
        smallest_expected=float(expected.min()),
        cramers_v=min(1.0, math.sqrt(statistic / (total * (min(rows, columns) - 1)))),
        cohens_w=math.sqrt(statistic / total),
    )
