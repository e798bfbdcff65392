"""Does the effect differ between segments? Only an interaction says so.

That an effect is significant in one segment and not in another says nothing: the two may hardly differ. Segments are
many, so the p-values are to be corrected as a family.
"""

import math
from collections.abc import Mapping, Sequence

from libs.stats.contrast import HypothesisTest
from libs.stats.distributions import chi_square_tail
from libs.stats.means import Moments, satterthwaite_df, two_means
from libs.stats.two_means import TTest, t_test

HETEROGENEITY = "Cochran's test of heterogeneity of effects"
Arms = tuple[Moments, Moments]


def interaction(inside: Arms, outside: Arms, confidence_level: float = 0.95) -> TTest | None:
    """Effect inside a segment less the effect in the rest: (m - m0) - (r - r0), Welch's t on four samples.

    Each pair is the arm and the baseline. Welch (1947) for more than two samples. None unless both effects have a
    standard error. Answers of 0 and 1 are means as well.
    """
    effect, rest = two_means(*inside), two_means(*outside)
    if effect is None or rest is None:
        return None
    parts = [
        (sample.variance / sample.n, sample.n - 1.0)
        for sample in (*inside, *outside)
        if sample.variance is not None and sample.variance > 0
    ]
    error = math.hypot(effect.error, rest.error)
    return t_test(effect.difference - rest.difference, error, satterthwaite_df(*parts), confidence_level)


def segment_interactions(segments: Mapping[str, Arms], confidence_level: float = 0.95) -> dict[str, TTest | None]:
    """Each segment against all others together; correct the p-values by `adjusted`."""
    found = {}
    for name, inside in segments.items():
        others = [arms for other, arms in segments.items() if other != name]
        outside = together([arm for arm, _ in others]), together([base for _, base in others])
        found[name] = interaction(inside, outside, confidence_level)
    return found


def heterogeneity(segments: Sequence[Arms]) -> HypothesisTest | None:
    """One test for all segments: Q = Σ w (d - d̃)², w = 1/error², χ² on k - 1 df; rough below some 20 people an arm.

    Cochran, Biometrics 10 (1954) 101-129. None with fewer than two effects that have an error.
    """
    effects = [means for arms in segments if (means := two_means(*arms)) is not None]
    if len(effects) < 2:
        return None
    weights = [1 / means.error**2 for means in effects]
    centre = math.fsum(w * means.difference for w, means in zip(weights, effects, strict=True)) / math.fsum(weights)
    statistic = math.fsum(w * (means.difference - centre) ** 2 for w, means in zip(weights, effects, strict=True))
    return HypothesisTest(statistic, len(effects) - 1, chi_square_tail(statistic, len(effects) - 1), HETEROGENEITY)


def together(samples: Sequence[Moments]) -> Moments:
    """The moments of several samples as one: sums of squares within and between them.

    Chan, Golub and LeVeque, The American Statistician 37 (1983) 242-247.
    """
    filled = [(sample.n, sample.mean, sample.variance or 0.0) for sample in samples if sample.mean is not None]
    n = sum(size for size, _, _ in filled)
    if not n:
        return Moments(0, None, None)
    mean = math.fsum(size * mean for size, mean, _ in filled) / n
    squares = math.fsum((size - 1) * variance + size * (own - mean) ** 2 for size, own, variance in filled)
    return Moments(n, mean, squares / (n - 1) if n > 1 else None)
