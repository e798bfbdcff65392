"""Adjusted p-values for a family of hypotheses, in the order given.

None stands for a hypothesis that could not be tested: it is passed through and does not count, since what cannot be
rejected cannot be rejected falsely.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from libs.stats.arguments import Numbers

Adjusted = tuple[float | None, ...]
Rule = Callable[[Sequence[float | None]], Adjusted]
Key = TypeVar("Key", bound=Hashable)


def adjusted(p_values: Mapping[Key, float | None], rule: Rule | None = None) -> dict[Key, float | None]:
    """One family under its keys, for instance (metric, arm, segment): by Holm's rule unless another is given."""
    return dict(zip(p_values, (rule or holm)(list(p_values.values())), strict=True))


def holm(p_values: Sequence[float | None]) -> Adjusted:
    """Family-wise error: max over j <= i of (m - j + 1) p(j), cut at 1. Holm, Scand. J. Statistics 6 (1979) 65-70."""
    return _adjust(p_values, lambda p: np.maximum.accumulate(p * np.arange(len(p), 0, -1)))


def benjamini_hochberg(p_values: Sequence[float | None]) -> Adjusted:
    """False discovery rate: min over j >= i of m p(j) / j, cut at 1.

    Benjamini and Hochberg, J. Royal Statistical Society B 57 (1995) 289-300.
    """
    return _adjust(p_values, _step_up)


def benjamini_yekutieli(p_values: Sequence[float | None]) -> Adjusted:
    """False discovery rate under any dependence: Benjamini-Hochberg times 1 + 1/2 + … + 1/m.

    Benjamini and Yekutieli, Annals of Statistics 29 (2001) 1165-1188.
    """
    return _adjust(p_values, lambda p: _step_up(p) * float(np.sum(1 / np.arange(1, len(p) + 1))))


def _step_up(ordered: Numbers) -> Numbers:
    m = len(ordered)
    return np.minimum.accumulate((ordered * m / np.arange(1, m + 1))[::-1])[::-1]


def _adjust(p_values: Sequence[float | None], rule: Callable[[Numbers], Numbers]) -> Adjusted:
    """Apply a rule to the sorted p-values that exist and put the results back in their places."""
    places = [place for place, p in enumerate(p_values) if p is not None]
    tested = np.array([p for p in p_values if p is not None], dtype=np.float64)
    if not ((tested >= 0) & (tested <= 1)).all():
        raise ValueError("p_values: each must be between 0 and 1, or None")
    order = np.argsort(tested, kind="stable")
    adjusted: list[float | None] = [None] * len(p_values)
    for index, value in zip(order, np.minimum(rule(tested[order]), 1.0), strict=True):
        adjusted[places[index]] = float(value)
    return tuple(adjusted)
