"""One mean and two means from their moments, so that sums kept by a projection are enough.

A sample without variance does not show how much its people vary: it gets no interval and no standardised effect, and
two such samples that differ are compared exactly. The mean rank of a ranking is treated as a mean.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from libs.stats.arguments import require_count, require_finite, require_level
from libs.stats.contrast import Contrast
from libs.stats.distributions import Interval, normal_critical, t_critical, t_two_sided
from libs.stats.proportions import fisher_exact

T_INTERVAL = "t interval"
WELCH = "Welch's t-test and interval"
CONSTANT = "exact permutation test (every answer in an arm is the same, so there is no interval)"
LIFT_OF_MEANS = "Fieller interval"
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
class WelchTest:
    """Difference of two means with unequal variances."""

    difference: float
    interval: Interval
    t: float
    df: float
    p_value: float


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


def satterthwaite_df(v: float, n: int, v0: float, n0: int) -> float:
    """(v + v0)² / (v²/(n-1) + v0²/(n0-1)) for squared standard errors v, v0 whose sum is above 0.

    Satterthwaite, Biometrics Bulletin 2 (1946) 110-114.
    """
    share = v / (v + v0)
    return 1 / (share**2 / (n - 1) + (1 - share) ** 2 / (n0 - 1))


def welch_test(sample: Moments, baseline: Moments, confidence_level: float = 0.95) -> WelchTest | None:
    """t = (m - m0) / √(s²/n + s0²/n0) on Satterthwaite's df, two-sided; None unless both n >= 2 and an s is above 0.

    Welch, Biometrika 34 (1947) 28-35.
    """
    require_level(confidence_level)
    pair = _pair(sample, baseline)
    if pair is None:
        return None
    df = satterthwaite_df(pair.v, sample.n, pair.v0, baseline.n)
    difference = pair.mean - pair.mean0
    error = math.sqrt(pair.v + pair.v0)
    half = t_critical(confidence_level, df) * error
    t = difference / error
    return WelchTest(difference, (difference - half, difference + half), t, df, t_two_sided(t, df))


def standardised_difference(
    sample: Moments, baseline: Moments, confidence_level: float = 0.95
) -> StandardisedDifference | None:
    """d = (m - m0) / s_pooled, g = J d with J = 1 - 3/(4 df - 1); None unless both n >= 2 and s_pooled is above 0.

    Var g = J² ((n+n0)/(n n0) + d²/(2(n+n0))). Hedges, J. Educational Statistics 6 (1981) 107-128; the interval as in
    Borenstein et al., Introduction to Meta-Analysis (2009), eq. 4.20-4.24.
    """
    require_level(confidence_level)
    pair = _pair(sample, baseline)
    if pair is None:
        return None
    n, n0 = sample.n, baseline.n
    df = n + n0 - 2
    d = (pair.mean - pair.mean0) / math.sqrt((n * (n - 1) * pair.v + n0 * (n0 - 1) * pair.v0) / df)
    small_sample = 1 - 3 / (4 * df - 1)
    g = small_sample * d
    error = small_sample * math.sqrt((n + n0) / (n * n0) + d * d / (2 * (n + n0)))
    half = normal_critical(confidence_level) * error
    return StandardisedDifference(d, g, (g - half, g + half)) if math.isfinite(half) else None


def fieller_interval(sample: Moments, baseline: Moments, confidence_level: float = 0.95) -> Interval | None:
    """Interval of m / m0: the ratios R with |m - R m0| <= t √(v + R² v0), v = s²/n, on Satterthwaite's df.

    It excludes 1 exactly when the Welch interval excludes 0. None when the set is unbounded, which is when the baseline
    itself is not clearly different from 0. Fieller, J. Royal Statistical Society B 16 (1954) 175-185.
    """
    require_level(confidence_level)
    pair = _pair(sample, baseline)
    if pair is None or pair.mean0 == 0:
        return None
    t = t_critical(confidence_level, satterthwaite_df(pair.v, sample.n, pair.v0, baseline.n))
    # In units of the baseline mean, so that the squares neither overflow nor vanish.
    ratio = pair.mean / pair.mean0
    w, w0 = t * math.sqrt(pair.v) / abs(pair.mean0), t * math.sqrt(pair.v0) / abs(pair.mean0)
    leading = 1 - w0 * w0
    if leading <= 0:
        return None
    root = math.hypot(w * math.sqrt(leading), ratio * w0)
    if not math.isfinite(root + ratio):
        return None
    return (ratio - root) / leading, (ratio + root) / leading


def compare_means(sample: Moments, baseline: Moments, confidence_level: float = 0.95) -> Contrast:
    """Everything a comparison of two means reports; relative lift only above a baseline mean of 0."""
    test = welch_test(sample, baseline, confidence_level)
    size = standardised_difference(sample, baseline, confidence_level)
    is_constant = sample.variance == 0 and baseline.variance == 0
    difference = lift = ratio = None
    if sample.mean is not None and baseline.mean is not None:
        difference = sample.mean - baseline.mean
        if baseline.mean > 0 and math.isfinite(difference / baseline.mean):
            lift = difference / baseline.mean
            ratio = fieller_interval(sample, baseline, confidence_level)
    return Contrast(
        difference=difference,
        interval=test.interval if test else None,
        confidence_level=confidence_level,
        statistic=test.t if test else None,
        df=test.df if test else None,
        p_value=_exact_p(sample, baseline) if is_constant else test.p_value if test else None,
        method=CONSTANT if is_constant else WELCH,
        relative_lift=lift,
        relative_lift_interval=(ratio[0] - 1, ratio[1] - 1) if ratio else None,
        relative_lift_method=LIFT_OF_MEANS,
        effect_size=size.g if size else None,
        effect_size_interval=size.interval if size else None,
        effect_size_name=HEDGES_G,
    )


class _Pair(NamedTuple):
    """Means and squared standard errors of two samples that have a spread."""

    mean: float
    mean0: float
    v: float
    v0: float


def _pair(sample: Moments, baseline: Moments) -> _Pair | None:
    if sample.mean is None or baseline.mean is None or sample.variance is None or baseline.variance is None:
        return None
    pair = _Pair(sample.mean, baseline.mean, sample.variance / sample.n, baseline.variance / baseline.n)
    return pair if pair.v + pair.v0 > 0 else None


def _exact_p(sample: Moments, baseline: Moments) -> float:
    """Two arms of one answer each are a 2 × 2 table with an empty diagonal."""
    return 1.0 if sample.mean == baseline.mean else fisher_exact(sample.n, sample.n, 0, baseline.n)
