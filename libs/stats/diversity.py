"""How spread out a classification is, and how far two of them, or two samples of numbers, are apart."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from libs.stats.arguments import require_count


@dataclass(frozen=True, slots=True)
class Diversity:
    """Spread over the classes that have people.

    `entropy` is in bits; `evenness` is its share of the largest possible one, None with one class; `effective_classes`
    is how many equally large classes would have this entropy; `gini_simpson` is the chance that two people differ.
    """

    entropy: float
    evenness: float | None
    effective_classes: float
    gini_simpson: float


def diversity(counts: Sequence[int]) -> Diversity | None:
    """H = -Σ p log₂ p; J = H / log₂ k over the k classes with people; 2^H; 1 - Σ p². None when nobody was counted.

    Shannon, Bell System Technical Journal 27 (1948) 379-423; Pielou, Journal of Theoretical Biology 13 (1966) 131-144;
    Hill, Ecology 54 (1973) 427-432; Simpson, Nature 163 (1949) 688.
    """
    for count in counts:
        require_count("counts", count)
    total = sum(counts)
    if total == 0:
        return None
    shares = [count / total for count in counts if count]
    entropy = 0.0 if len(shares) == 1 else -math.fsum(share * math.log2(share) for share in shares)
    return Diversity(
        entropy=entropy,
        evenness=entropy / math.log2(len(shares)) if len(shares) > 1 else None,
        effective_classes=2.0**entropy,
        gini_simpson=1.0 - math.fsum(share * share for share in shares),
    )


def total_variation(counts: Sequence[int], baseline: Sequence[int]) -> float | None:
    """½ Σ |p - q|: the share of people who would have to change class to make both alike. None when one has nobody."""
    shares = _shares(counts, baseline)
    return None if shares is None else math.fsum(abs(p - q) for p, q in zip(*shares, strict=True)) / 2


def jensen_shannon(counts: Sequence[int], baseline: Sequence[int]) -> float | None:
    """√(½ KL(p‖m) + ½ KL(q‖m)) with m = (p+q)/2 and logarithms to base 2: a distance between 0 and 1, None as above.

    Endres & Schindelin, IEEE Transactions on Information Theory 49 (2003) 1858-1860.
    """
    shares = _shares(counts, baseline)
    if shares is None:
        return None
    terms = [
        share * math.log2(2 * share / (p + q)) for p, q in zip(*shares, strict=True) for share in (p, q) if share > 0
    ]
    return math.sqrt(min(1.0, max(0.0, math.fsum(terms) / 2)))


def kolmogorov_smirnov(values: ArrayLike, baseline: ArrayLike) -> float | None:
    """sup |F - G| of two samples' distribution functions: between 0 and 1; None when one sample is empty.

    Smirnov, Annals of Mathematical Statistics 19 (1948) 279-281.
    """
    x, y = (np.sort(np.asarray(sample, dtype=np.float64)) for sample in (values, baseline))
    if not len(x) or not len(y):
        return None
    both = np.concatenate([x, y])
    gaps = np.searchsorted(x, both, side="right") / len(x) - np.searchsorted(y, both, side="right") / len(y)
    return float(np.abs(gaps).max())


def _shares(counts: Sequence[int], baseline: Sequence[int]) -> tuple[list[float], list[float]] | None:
    if len(counts) != len(baseline):
        raise ValueError(f"baseline: {len(baseline)} classes, but counts has {len(counts)}")
    for name, given in (("counts", counts), ("baseline", baseline)):
        for count in given:
            require_count(name, count)
    n, n0 = sum(counts), sum(baseline)
    return ([count / n for count in counts], [count / n0 for count in baseline]) if n and n0 else None
