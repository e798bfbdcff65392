"""Pearson's chi-square tests of counts: against given shares, and of two classifications against each other.

The chi-square tail is an approximation; `smallest_expected` below 5 says that it is a rough one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from libs.stats.arguments import require_count, require_finite, require_successes
from libs.stats.contrast import HypothesisTest
from libs.stats.distributions import chi_square_tail

PEARSON = "Pearson's chi-square test"
YATES = "Pearson's chi-square test with Yates' correction"


@dataclass(frozen=True, slots=True)
class ChiSquareTest(HypothesisTest):
    """Pearson's statistic, its degrees of freedom and upper tail."""

    statistic: float
    df: int
    smallest_expected: float


@dataclass(frozen=True, slots=True)
class IndependenceTest(ChiSquareTest):
    """The test of a table of n with its effect sizes, between 0 and 1; only w may exceed 1, in large tables."""

    n: int
    cramers_v: float
    cohens_w: float
    tschuprows_t: float
    pearsons_c: float


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
    return ChiSquareTest(statistic, df, chi_square_tail(statistic, df), PEARSON, min(expected) * scale)


def independence_test(table: Sequence[Sequence[int]]) -> IndependenceTest | None:
    """Are rows (arms) and columns (answers) independent? Σ (O - E)² / E with E = row total × column total / N.

    V = √(χ² / (N min(r-1, c-1))), w = √(χ² / N), Tschuprow's T = √(χ² / (N √((r-1)(c-1)))), Pearson's
    C = √(χ² / (χ² + N)). Empty rows and columns are left out, since they say nothing; None when
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
    total = int(counts.sum())
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / total
    statistic = math.fsum(((counts - expected) ** 2 / expected).flat)
    df = (rows - 1) * (columns - 1)
    return IndependenceTest(
        statistic=statistic,
        df=df,
        p_value=chi_square_tail(statistic, df),
        method=PEARSON,
        smallest_expected=float(expected.min()),
        n=total,
        cramers_v=min(1.0, math.sqrt(statistic / (total * (min(rows, columns) - 1)))),
        cohens_w=math.sqrt(statistic / total),
        tschuprows_t=min(1.0, math.sqrt(statistic / (total * math.sqrt(df)))),
        pearsons_c=math.sqrt(statistic / (statistic + total)),
    )


def yates_test(successes: int, n: int, baseline_successes: int, baseline_n: int) -> HypothesisTest | None:
    """Σ (|O - E| - ½)² / E of the 2 × 2 table, never below 0: closer to Fisher's test, and as cautious.

    None where `independence_test` is. Yates, Supplement to the J. Royal Statistical Society 1 (1934) 217-235.
    """
    require_successes("successes", successes, "n", n)
    require_successes("baseline_successes", baseline_successes, "baseline_n", baseline_n)
    a, b, c, d = successes, n - successes, baseline_successes, baseline_n - baseline_successes
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if margins == 0:
        return None
    total = n + baseline_n
    statistic = total * max(0.0, abs(a * d - b * c) - total / 2) ** 2 / margins
    return HypothesisTest(statistic, 1, chi_square_tail(statistic, 1), YATES)
