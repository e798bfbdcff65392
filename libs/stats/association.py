"""How strongly two attributes of the same people go together, and how strongly they would by chance.

Every measure lies between 0 and 1 in size, and in small or finely divided samples none of them is near 0 when nothing
is there. `by_chance` says how large it then is: the root mean square over all pairings of the two attributes, exactly.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from libs.stats.arguments import Numbers, finite_numbers
from libs.stats.chi_square import independence_test


@dataclass(frozen=True, slots=True)
class Association:
    """A measure from n people; Spearman's has a sign."""

    value: float
    by_chance: float
    n: int

    @property
    def excess(self) -> float:
        """The square of the value beyond that of chance; not above 0 where chance explains it."""
        return self.value**2 - self.by_chance**2


def cramers_v(table: Sequence[Sequence[int]]) -> Association | None:
    """Two classifications: V = √(χ² / (N min(r-1, c-1))); None unless both have two classes with people.

    Cramér, Mathematical Methods of Statistics (1946), §21.9. By chance E[χ²] = (r-1)(c-1) N / (N-1), over all tables
    with these margins: Haldane, Biometrika 31 (1940) 346-355.
    """
    test = independence_test(table)
    if test is None:
        return None
    n = sum(map(sum, table))
    rows = sum(any(row) for row in table)
    columns = test.df // (rows - 1) + 1
    return Association(test.cramers_v, math.sqrt(test.df / ((n - 1) * min(rows - 1, columns - 1))), n)


def correlation_ratio(groups: Sequence[int] | NDArray[np.integer], values: ArrayLike) -> Association | None:
    """A classification and a number: η = √(SS between groups / SS total); None with one group or equal values.

    `groups` are small whole numbers from 0. Pearson, On the General Theory of Skew Correlation (1905). By chance
    E[η²] = (k-1)/(N-1), over all pairings.
    """
    codes, numbers = np.asarray(groups), finite_numbers("values", values)
    if len(codes) != len(numbers):
        raise ValueError(f"values: {len(numbers)} of them, but {len(codes)} groups")
    n = len(numbers)
    centred = _centred(numbers) if n else numbers
    total = float(centred @ centred)
    sizes = np.bincount(codes) if n else np.zeros(0)
    filled = sizes > 0
    if filled.sum() < 2 or total == 0:
        return None
    sums = np.bincount(codes, centred)[filled]
    between = float((sums * sums / sizes[filled]).sum())
    by_chance = math.sqrt((int(filled.sum()) - 1) / (n - 1))
    return Association(math.sqrt(min(1.0, between / total)), by_chance, n)


def spearman(x: ArrayLike, y: ArrayLike) -> Association | None:
    """Two numbers: Pearson's correlation of their ranks, equal values sharing the mean of theirs; None when constant.

    Spearman, American Journal of Psychology 15 (1904) 72-101. By chance the variance of ρ is 1/(N-1), over all
    pairings, with ties too: Kendall & Gibbons, Rank Correlation Methods (1990), ch. 4.
    """
    return rank_correlation(midranks(x), midranks(y))


def rank_correlation(x: Numbers, y: Numbers) -> Association | None:
    """Spearman's measure from ranks that are there already."""
    if len(x) != len(y):
        raise ValueError(f"y: {len(y)} ranks, but x has {len(x)}")
    n = len(x)
    if n < 2:
        return None
    a, b = x - (n + 1) / 2, y - (n + 1) / 2
    scale = math.sqrt(float(a @ a) * float(b @ b))
    if scale == 0:
        return None
    return Association(max(-1.0, min(1.0, float(a @ b) / scale)), 1 / math.sqrt(n - 1), n)


def midranks(values: ArrayLike) -> Numbers:
    """Ranks from 1; equal values share the mean of theirs."""
    _, place, counts = np.unique(finite_numbers("values", values), return_inverse=True, return_counts=True)
    ranks: Numbers = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return ranks


def _centred(numbers: Numbers) -> Numbers:
    """Distances from the mean; exactly 0 where all values are equal."""
    if numbers.min() == numbers.max():
        return np.zeros_like(numbers)
    centred: Numbers = numbers - numbers.mean()
    return centred
