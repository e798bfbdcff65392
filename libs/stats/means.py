"""One mean and two means from their moments, so that sums kept by a projection are enough.

A sample without variance does not show how much its people vary: it gets no interval and no standardised effect, and
two such samples that differ are compared exactly. The mean rank of a ranking is treated as a mean.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from libs.stats.arguments import require_count, require_finite, require_level
from libs.stats.contrast import Contrast
from libs.stats.distributions import Interval, normal_critical, t_critical
from libs.stats.exact import fisher_exact
from libs.stats.two_means import FIELLER, TTest, TwoMeans, contrast_of, fieller_limits, t_test

T_INTERVAL = "t interval"
WELCH = "Welch's t-test and interval"
CONSTANT = "exact permutation test (every answer in an arm is the same, so there is no interval)"
HEDGES_G = "Hedges' g"
# What is left of a sum of squares after its mean is taken off is rounding when it is below this share of it.
ROUNDING = 1e-12
# Beyond this the square of a value, or of a ratio of two, is no longer a finite number.
LARGEST = 1e100


@dataclass(frozen=True, slots=True)
class Moments:
    """Size, mean and sample variance (n - 1) of numeric answers; mean needs n >= 1 and variance n >= 2, else None."""

    n: int
    mean: float | None
    variance: float | None

    def __post_init__(self) -> None:
        require_count("n", self.n)
        if (self.mean is None) != (self.n == 0):
            raise ValueError(f"mean: {self.mean} does not fit n = {self.n}")
        if (self.variance is None) != (self.n < 2):
            raise ValueError(f"variance: {self.variance} does not fit n = {self.n}")
        require_finite("mean", self.mean or 0.0)
        require_finite("variance", self.variance or 0.0)
        if (self.variance or 0.0) < 0:
            raise ValueError(f"variance: {self.variance} is negative")

    @classmethod
    def of(cls, values: Sequence[float]) -> "Moments":
        """Moments of the values themselves, the same to the last bit in any order; equal values have no variance."""
        n = len(values)
        if not all(abs(value) <= LARGEST for value in values):
            raise ValueError(f"values: must be numbers between -{LARGEST:g} and {LARGEST:g}")
        if n == 0:
            return cls(0, None, None)
        if min(values) == max(values):
            return cls(n, float(values[0]), 0.0 if n > 1 else None)
        mean = math.fsum(values) / n
        return cls(n, mean, math.fsum((value - mean) ** 2 for value in values) / (n - 1))

    @classmethod
    def from_sums(cls, n: int, total: float, total_of_squares: float) -> "Moments":
        """Moments of n values from their sum and their sum of squares."""
        require_count("n", n)
        if n == 0:
            return cls(0, None, None)
        mean = total / n
        squares = total_of_squares - total * mean
        if squares < -1e-9 * abs(total_of_squares):
            raise ValueError(f"total_of_squares: {total_of_squares} is too small for {n} values that add up to {total}")
        variance = 0.0 if squares <= ROUNDING * total_of_squares else squares / max(n - 1, 1)
        return cls(n, mean, variance if n > 1 else None)

    @property
    def standard_deviation(self) -> float | None:
        """Square root of the sample variance."""
        return None if self.variance is None else math.sqrt(self.variance)


@dataclass(frozen=True, slots=True)
class StandardisedDifference:
    """Cohen's d (pooled SD) and Hedges' g, d without its small-sample bias; the interval is of g."""

    d: float
    g: float
    interval: Interval


def mean_interval(sample: Moments, confidence_level: float = 0.95) -> Interval | None:
    """mean ± t(n-1) s/√n; None when n < 2 or every value is the same. Student, Biometrika 6 (1908) 1-25."""
    require_level(confidence_level)
    if sample.mean is None or not sample.variance:
        return None
    half = t_critical(confidence_level, sample.n - 1) * math.sqrt(sample.variance / sample.n)
    return sample.mean - half, sample.mean + half


def satterthwaite_df(*parts: tuple[float, float]) -> float:
    """(Σ v)² / Σ v²/df of squared standard errors v with df of their own, whose sum is above 0.

    Satterthwaite, Biometrics Bulletin 2 (1946) 110-114.
    """
    total = math.fsum(v for v, _ in parts)
    return 1 / math.fsum((v / total) ** 2 / df for v, df in parts)


def two_means(sample: Moments, baseline: Moments) -> TwoMeans | None:
    """Two samples of different people; None unless both n >= 2 and one of them has a spread."""
    if sample.mean is None or baseline.mean is None or sample.variance is None or baseline.variance is None:
        return None
    v, v0 = sample.variance / sample.n, baseline.variance / baseline.n
    if v + v0 == 0:
        return None
    return TwoMeans(sample.mean, baseline.mean, v, v0, satterthwaite_df((v, sample.n - 1), (v0, baseline.n - 1)))


def welch_test(sample: Moments, baseline: Moments, confidence_level: float = 0.95) -> TTest | None:
    """t = (m - m0) / √(s²/n + s0²/n0) on Satterthwaite's df, two-sided; None unless both n >= 2 and an s is above 0.

    Welch, Biometrika 34 (1947) 28-35.
    """
    require_level(confidence_level)
    pair = two_means(sample, baseline)
    return None if pair is None else t_test(pair.difference, pair.error, pair.df, confidence_level)


def standardised_difference(
    sample: Moments, baseline: Moments, confidence_level: float = 0.95
) -> StandardisedDifference | None:
    """d = (m - m0) / s_pooled, g = J d with J = 1 - 3/(4 df - 1); None unless both n >= 2 and s_pooled is above 0.

    Var g = J² ((n+n0)/(n n0) + d²/(2(n+n0))). Hedges, J. Educational Statistics 6 (1981) 107-128; the interval as in
    Borenstein et al., Introduction to Meta-Analysis (2009), eq. 4.20-4.24.
    """
    require_level(confidence_level)
    pair = two_means(sample, baseline)
    if pair is None:
        return None
    n, n0 = sample.n, baseline.n
    df = n + n0 - 2
    d = pair.difference / math.sqrt((n * (n - 1) * pair.v + n0 * (n0 - 1) * pair.baseline_v) / df)
    small_sample = 1 - 3 / (4 * df - 1)
    g = small_sample * d
    error = small_sample * math.sqrt((n + n0) / (n * n0) + d * d / (2 * (n + n0)))
    half = normal_critical(confidence_level) * error
    return StandardisedDifference(d, g, (g - half, g + half)) if math.isfinite(half) else None


def fieller_interval(sample: Moments, baseline: Moments, confidence_level: float = 0.95) -> Interval | None:
    """Fieller's interval of m / m0 on Satterthwaite's df: see `fieller_limits`."""
    require_level(confidence_level)
    pair = two_means(sample, baseline)
    return None if pair is None else fieller_limits(pair, confidence_level)


def compare_means(sample: Moments, baseline: Moments, confidence_level: float = 0.95) -> Contrast:
    """Everything a comparison of two means reports; relative lift only above a baseline mean of 0."""
    require_level(confidence_level)
    pair, method = two_means(sample, baseline), WELCH
    if pair is None and sample.mean is not None and baseline.mean is not None:
        pair = TwoMeans(sample.mean, baseline.mean, 0.0, 0.0, math.inf)
    if pair is None:
        contrast = Contrast(None, None, confidence_level, None, None, None, method, relative_lift_method=FIELLER)
    else:
        contrast = contrast_of(pair, confidence_level, method)
    if sample.variance == 0 and baseline.variance == 0:
        contrast = replace(contrast, p_value=_exact_p(sample, baseline), method=CONSTANT)
    size = standardised_difference(sample, baseline, confidence_level)
    return replace(
        contrast,
        effect_size=size.g if size else None,
        effect_size_interval=size.interval if size else None,
        effect_size_name=HEDGES_G,
    )


def _exact_p(sample: Moments, baseline: Moments) -> float:
    """Two arms of one answer each are a 2 × 2 table with an empty diagonal."""
    return 1.0 if sample.mean == baseline.mean else fisher_exact(sample.n, sample.n, 0, baseline.n)
