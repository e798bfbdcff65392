"""More than two arms: is any of them different, and which of them differ from the baseline?

Several means are tested by Welch's analysis of variance, several proportions by `independence_test`, ordinal answers by
`kruskal_wallis`, answers of the same people by `cochran_q` and `friedman`. The omnibus test guards nothing: the
comparisons with the baseline are corrected as a family of their own.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from scipy import special

from libs.stats.contrast import Contrast, HypothesisTest
from libs.stats.means import Moments
from libs.stats.multiplicity import Rule, adjusted

WELCH_ANOVA = "Welch's analysis of variance"
Sample = TypeVar("Sample")


@dataclass(frozen=True, slots=True)
class FTest(HypothesisTest):
    """An F statistic has a second number of degrees of freedom."""

    denominator_df: float


@dataclass(frozen=True, slots=True)
class AdjustedContrast:
    """A comparison as a member of a family; an interval is not adjusted."""

    contrast: Contrast
    p_adjusted: float | None


def welch_anova(samples: Sequence[Moments]) -> FTest | None:
    """F = Σ w (m - m̃)² / (k-1) / (1 + 2(k-2) h / (k²-1)), w = n/s², m̃ = Σ w m / Σ w, h = Σ (1 - w/Σw)² / (n-1); k-1
    and (k²-1) / (3 h) df.

    Welch, Biometrika 38 (1951) 330-336. Samples of fewer than two are left out; None with fewer than two, or where
    one has no spread, since its weight would be infinite. With two samples it is Welch's t².
    """
    tested = [(s.n, s.mean, s.variance) for s in samples if s.mean is not None and s.variance is not None]
    k = len(tested)
    if k < 2 or not all(variance for _, _, variance in tested):
        return None
    weights = [n / variance for n, _, variance in tested]
    total = math.fsum(weights)
    centre = math.fsum(w * mean for w, (_, mean, _) in zip(weights, tested, strict=True)) / total
    between = math.fsum(w * (mean - centre) ** 2 for w, (_, mean, _) in zip(weights, tested, strict=True)) / (k - 1)
    h = math.fsum((1 - w / total) ** 2 / (n - 1) for w, (n, _, _) in zip(weights, tested, strict=True))
    statistic = between / (1 + 2 * (k - 2) * h / (k * k - 1))
    df, denominator_df = k - 1, (k * k - 1) / (3 * h)
    return FTest(statistic, df, float(special.fdtrc(df, denominator_df, statistic)), WELCH_ANOVA, denominator_df)


def against_baseline(
    arms: Mapping[str, Sample],
    baseline: str,
    compare: Callable[[Sample, Sample], Contrast],
    rule: Rule | None = None,
) -> dict[str, AdjustedContrast]:
    """Every other arm against the baseline, one family: by Holm's rule unless another is given.

    The comparisons share the baseline; Holm's rule holds under any dependence. Holm, Scand. J. Statistics 6 (1979)
    65-70.
    """
    if baseline not in arms:
        raise ValueError(f"baseline: {baseline!r} is none of {', '.join(map(repr, arms))}")
    contrasts = {arm: compare(sample, arms[baseline]) for arm, sample in arms.items() if arm != baseline}
    p_adjusted = adjusted({arm: contrast.p_value for arm, contrast in contrasts.items()}, rule)
    return {arm: AdjustedContrast(contrast, p_adjusted[arm]) for arm, contrast in contrasts.items()}
