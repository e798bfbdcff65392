"""k arms answered by the same people: is any of them different? Rows are people, columns are arms."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from libs.stats.arguments import Numbers, finite_numbers
from libs.stats.association import midranks
from libs.stats.contrast import HypothesisTest
from libs.stats.distributions import chi_square_tail

COCHRAN_Q = "Cochran's Q test"
FRIEDMAN = "Friedman's rank test"


@dataclass(frozen=True, slots=True)
class FriedmanTest(HypothesisTest):
    """The test with Kendall's W, the agreement of people on the order of arms: 0 none, 1 all the same."""

    kendalls_w: float


def cochran_q(answers: Sequence[Sequence[bool]]) -> HypothesisTest | None:
    """Yes or no in k arms: Q = (k-1)(k Σ C² - N²) / (k N - Σ R²) with column sums C and row sums R; χ² on k-1 df.

    Cochran, Biometrika 37 (1950) 256-266. None with fewer than two arms or without people; p = 1 when everybody says
    the same in every arm. With two arms Q is McNemar's statistic without correction.
    """
    table = _table("answers", answers)
    if table is None:
        return None
    if not np.isin(table, (0.0, 1.0)).all():
        raise ValueError("answers: must be true or false")
    k = table.shape[1]
    columns, rows = table.sum(axis=0), table.sum(axis=1)
    total = float(rows.sum())
    scale = k * total - float(rows @ rows)
    statistic = (k - 1) * (k * float(columns @ columns) - total**2) / scale if scale else 0.0
    return HypothesisTest(statistic, k - 1, chi_square_tail(statistic, k - 1), COCHRAN_Q)


def friedman(answers: ArrayLike) -> FriedmanTest | None:
    """Ordinal answers in k arms: Q = 12 Σ (R_j - n(k+1)/2)² / (n k (k+1) - Σ (t³ - t)/(k-1)); χ² on k-1 df, W =
    Q/(n(k-1)).

    Friedman, JASA 32 (1937) 675-701; ties as in Conover, Practical Nonparametric Statistics (1999), §5.8. None with
    fewer than two arms or without people.
    """
    table = _table("answers", answers)
    if table is None:
        return None
    n, k = table.shape
    ranks = np.array([midranks(row) for row in table])
    deviations = ranks.sum(axis=0) - n * (k + 1) / 2
    ties = math.fsum(
        float((counts**3 - counts).sum()) for row in table for counts in [np.unique(row, return_counts=True)[1]]
    )
    scale = n * k * (k + 1) - ties / (k - 1)
    statistic = 12 * float(deviations @ deviations) / scale if scale > 0 else 0.0
    p_value = chi_square_tail(statistic, k - 1)
    return FriedmanTest(statistic, k - 1, p_value, FRIEDMAN, min(1.0, statistic / (n * (k - 1))))


def _table(name: str, rows: ArrayLike) -> Numbers | None:
    table = finite_numbers(name, rows)
    if table.size == 0:
        return None
    if table.ndim != 2:
        raise ValueError(f"{name}: must have one row for each person and one column for each arm")
    return table if table.shape[1] >= 2 else None
