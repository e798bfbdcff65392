"""How spread out a classification is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

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
