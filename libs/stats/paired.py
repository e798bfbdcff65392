"""Two or more arms answered by the same people: cloned agents, or one agent asked twice.

What persons have in common cancels, so the intervals are as much narrower as the answers go together. Nothing here may
be fed arms of different people: the values at one place are one person's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from libs.stats.arguments import finite_numbers, require_as_many, require_count, require_level
from libs.stats.bivariate import Bivariate
from libs.stats.contrast import Contrast
from libs.stats.distributions import Interval, normal_critical
from libs.stats.exact import mcnemar_exact
from libs.stats.proportions import (
    COHENS_H,
    LIFT_OF_PROPORTIONS,
    cohens_h,
    mover_difference,
    mover_ratio,
    wilson_interval,
)
from libs.stats.two_means import FIELLER, contrast_of

PAIRED_T = "paired t-test and interval"
PAIRED_CONSTANT = "exact sign-flip test (every difference is the same, so there is no interval)"
PAIRED_G = "Hedges' g (average SD)"
PAIRED_ORDINAL = "sign test (mid-p) of who is higher; adjusted Wald interval"
PAIRED_SUPERIORITY = "probability of superiority within a person"
MCNEMAR = "McNemar's mid-p test; Newcombe interval for pairs"


@dataclass(frozen=True, slots=True)
class PairedCounts:
    """Yes or no of the same people twice, by what they said in the arm and in the baseline."""

    both: int
    arm_only: int
    baseline_only: int
    neither: int

    def __post_init__(self) -> None:
        for name in ("both", "arm_only", "baseline_only", "neither"):
            require_count(name, getattr(self, name))

    @classmethod
    def of(cls, values: Sequence[bool], baseline: Sequence[bool]) -> "PairedCounts":
        """From the answers of each person in both."""
        pairs = [(bool(a), bool(b)) for a, b in zip(values, baseline, strict=True)]
        return cls(*(pairs.count(pair) for pair in ((True, True), (True, False), (False, True), (False, False))))

    @property
    def n(self) -> int:
        """How many people."""
        return self.both + self.arm_only + self.baseline_only + self.neither

    @property
    def correlation(self) -> float:
        """Newcombe's φ of the two answers, n/2 taken off where they go together; 0 where one is always the same."""
        a, b, c, d = self.both, self.arm_only, self.baseline_only, self.neither
        margins = (a + b) * (c + d) * (a + c) * (b + d)
        shared = a * d - b * c
        corrected = max(0.0, shared - self.n / 2) if shared > 0 else float(shared)
        return corrected / math.sqrt(margins) if margins else 0.0


def compare_paired_means(pairs: Bivariate, confidence_level: float = 0.95) -> Contrast:
    """t = d̄ / (s_d / √n) on n - 1 df, relative lift by Fieller with the covariance; x is the arm, y the baseline.

    Student, Biometrika 6 (1908) 1-25. Differences that are all the same get the exact p-value of their signs, 2^(1-n).
    """
    require_level(confidence_level)
    means = pairs.paired()
    if means is None:
        difference = None if pairs.x.mean is None or pairs.y.mean is None else pairs.x.mean - pairs.y.mean
        return Contrast(difference, None, confidence_level, None, None, None, PAIRED_T, relative_lift_method=FIELLER)
    contrast = contrast_of(means, confidence_level, PAIRED_T)
    if contrast.p_value is None:
        exact = 2.0 ** (1 - pairs.n) if means.difference else 1.0
        contrast = replace(contrast, p_value=exact, method=PAIRED_CONSTANT)
    value, interval = _standardised(pairs, confidence_level)
    return replace(contrast, effect_size=value, effect_size_interval=interval, effect_size_name=PAIRED_G)


def compare_paired_proportions(counts: PairedCounts, confidence_level: float = 0.95) -> Contrast:
    """Difference, McNemar's mid-p test, MOVER intervals from Wilson limits with the correlation of the two answers.

    Newcombe, Statistics in Medicine 17 (1998) 2635-2650, method 10; the ratio as in Donner and Zou, Statistical
    Methods in Medical Research 21 (2012) 347-359. All None when nobody answered.
    """
    require_level(confidence_level)
    n = counts.n
    x, x0 = counts.both + counts.arm_only, counts.both + counts.baseline_only
    arm, base = wilson_interval(x, n, confidence_level), wilson_interval(x0, n, confidence_level)
    if arm is None or base is None:
        return Contrast(None, None, confidence_level, None, None, None, MCNEMAR, effect_size_name=COHENS_H)
    p, p0, phi = x / n, x0 / n, counts.correlation
    ratio = mover_ratio(p, arm, p0, base, phi) if x0 else None
    h = cohens_h(p, p0)
    half = normal_critical(confidence_level) * math.sqrt(max(0.0, 2 * (1 - phi) / n))
    return Contrast(
        difference=p - p0,
        interval=mover_difference(p, arm, p0, base, phi),
        confidence_level=confidence_level,
        statistic=None,
        df=None,
        p_value=mcnemar_exact(counts.arm_only, counts.baseline_only, is_mid=True),
        method=MCNEMAR,
        relative_lift=p / p0 - 1 if x0 else None,
        relative_lift_interval=(ratio[0] - 1, ratio[1] - 1) if ratio else None,
        relative_lift_method=LIFT_OF_PROPORTIONS,
        effect_size=h,
        effect_size_interval=(max(-math.pi, h - half), min(math.pi, h + half)),
        effect_size_name=COHENS_H,
    )


def compare_paired_ordinal(
    values: Sequence[float], baseline: Sequence[float], confidence_level: float = 0.95
) -> Contrast:
    """Ordinal answers of the same people: the share who are higher in the arm less the share who are lower.

    Cliff's δ within persons: (b - c) / n, with Wald's interval after one more of each; sign test of b against c, mid-p.
    Only the order of a person's own two answers counts. Cliff, Psychological Bulletin 114 (1993) 494-509; Bonett and
    Price, J. Educational and Behavioral Statistics 37 (2012) 479-488. All None without people.
    """
    require_level(confidence_level)
    require_as_many("baseline", baseline, "values", values)
    steps = finite_numbers("values", values) - finite_numbers("baseline", baseline)
    n, higher, lower = len(steps), int((steps > 0).sum()), int((steps < 0).sum())
    if n == 0:
        return Contrast(None, None, confidence_level, None, None, None, PAIRED_ORDINAL)
    up, down = (higher + 1) / (n + 2), (lower + 1) / (n + 2)
    half = normal_critical(confidence_level) * math.sqrt((up + down - (up - down) ** 2) / (n + 2))
    low, high = max(-1.0, up - down - half), min(1.0, up - down + half)
    delta = (higher - lower) / n
    return Contrast(
        difference=delta,
        interval=(low, high),
        confidence_level=confidence_level,
        statistic=None,
        df=None,
        p_value=mcnemar_exact(higher, lower, is_mid=True),
        method=PAIRED_ORDINAL,
        effect_size=(delta + 1) / 2,
        effect_size_interval=((low + 1) / 2, (high + 1) / 2),
        effect_size_name=PAIRED_SUPERIORITY,
    )


def _standardised(pairs: Bivariate, confidence_level: float) -> tuple[float | None, Interval | None]:
    """g = J d̄ / s with s² = (s_x² + s_y²)/2, J = 1 - 3/(4 df - 1), so that it is on the scale of unpaired arms.

    Var d = d² (s_x⁴ + s_y⁴ + 2 s_xy²) / (8 df s⁴) + s_d² / (df s²). Bonett, Psychological Methods 13 (2008) 99-109.
    """
    if not pairs.x.variance and not pairs.y.variance:
        return None, None
    df = pairs.n - 1
    square = ((pairs.x.variance or 0.0) + (pairs.y.variance or 0.0)) / 2
    v, v0, shared = (
        part / square for part in (pairs.x.variance or 0.0, pairs.y.variance or 0.0, pairs.covariance or 0.0)
    )
    d = ((pairs.x.mean or 0.0) - (pairs.y.mean or 0.0)) / math.sqrt(square)
    small_sample = 1 - 3 / (4 * df - 1)
    variance = d * d * (v * v + v0 * v0 + 2 * shared * shared) / (8 * df) + max(0.0, v + v0 - 2 * shared) / df
    g, half = small_sample * d, normal_critical(confidence_level) * small_sample * math.sqrt(variance)
    return (g, (g - half, g + half)) if math.isfinite(half) and half > 0 else (g if math.isfinite(g) else None, None)
