"""Two estimated means that may depend on each other: everything a comparison needs, whatever design they come from.

Welch's test, the paired t-test, cluster-robust, weighted and post-stratified comparisons, ratio metrics and CUPED
differ only in how they come to these six numbers.
"""

import math
from dataclasses import dataclass

from libs.stats.arguments import require_level
from libs.stats.contrast import Contrast
from libs.stats.distributions import Interval, t_critical, t_two_sided

FIELLER = "Fieller interval"


@dataclass(frozen=True, slots=True)
class TwoMeans:
    """Means with their squared standard errors v and covariance, and the df of their difference (∞: normal)."""

    mean: float
    baseline_mean: float
    v: float
    baseline_v: float
    df: float
    covariance: float = 0.0

    @property
    def difference(self) -> float:
        """Positive when the mean is above the baseline's."""
        return self.mean - self.baseline_mean

    @property
    def error(self) -> float:
        """√(v + v0 - 2c), the standard error of the difference."""
        return math.sqrt(max(0.0, self.v + self.baseline_v - 2 * self.covariance))


@dataclass(frozen=True, slots=True)
class TTest:
    """An estimate against 0: t = difference / standard error, two-sided."""

    difference: float
    error: float
    interval: Interval
    t: float
    df: float
    p_value: float


def t_test(difference: float, error: float, df: float, confidence_level: float = 0.95) -> TTest | None:
    """difference ± t(df) error. Student, Biometrika 6 (1908) 1-25; None without an error to compare with."""
    require_level(confidence_level)
    if not 0 < error < math.inf or not math.isfinite(t := difference / error):
        return None
    half = t_critical(confidence_level, df) * error
    return TTest(difference, error, (difference - half, difference + half), t, df, t_two_sided(t, df))


def fieller_limits(means: TwoMeans, confidence_level: float = 0.95) -> Interval | None:
    """Interval of m / m0: the ratios R with |m - R m0| <= t √(v - 2 R c + R² v0).

    It excludes 1 exactly when the interval of the difference excludes 0. None when the set is unbounded, which is when
    the baseline itself is not clearly different from 0. Fieller, J. Royal Statistical Society B 16 (1954) 175-185.
    """
    require_level(confidence_level)
    if means.baseline_mean == 0 or means.error == 0:
        return None
    # In units of the baseline mean, so that the squares neither overflow nor vanish.
    ratio, scale = means.mean / means.baseline_mean, t_critical(confidence_level, means.df) / abs(means.baseline_mean)
    w, w0 = scale * math.sqrt(means.v), scale * math.sqrt(means.baseline_v)
    c = scale * means.covariance * scale
    leading = 1 - w0 * w0
    if leading <= 0:
        return None
    root = math.hypot(w * math.sqrt(leading), ratio * w0)
    if c:
        root = math.sqrt(max(0.0, root * root - 2 * ratio * c + c * c))
    limits = (ratio - c - root) / leading, (ratio - c + root) / leading
    return limits if all(map(math.isfinite, limits)) else None


def delta_lift(means: TwoMeans, confidence_level: float = 0.95) -> TTest | None:
    """The relative lift (m - m0) / m0 by the delta method: variance v/m0² + v0 m²/m0⁴ - 2 c m/m0³.

    Its interval is always bounded, and too narrow where the baseline is not clearly different from 0; Fieller's is not.
    Deng, Knoblich and Lu, KDD 2018, 233-242.
    """
    base = means.baseline_mean
    if base == 0:
        return None
    ratio = means.mean / base
    error = math.hypot(math.sqrt(means.v), ratio * math.sqrt(means.baseline_v))
    if means.covariance:
        error = math.sqrt(max(0.0, error * error - 2 * means.covariance * ratio))
    return t_test(means.difference / base, error / abs(base), means.df, confidence_level)


def contrast_of(means: TwoMeans, confidence_level: float, method: str) -> Contrast:
    """Difference with its t-test, and the relative lift with Fieller's interval above a baseline mean of 0.

    A normal test has no degrees of freedom.
    """
    test = t_test(means.difference, means.error, means.df, confidence_level)
    lift = ratio = None
    if means.baseline_mean > 0 and math.isfinite(means.difference / means.baseline_mean):
        lift = means.difference / means.baseline_mean
        ratio = fieller_limits(means, confidence_level)
    return Contrast(
        difference=means.difference,
        interval=test.interval if test else None,
        confidence_level=confidence_level,
        statistic=test.t if test else None,
        df=test.df if test and test.df < math.inf else None,
        p_value=test.p_value if test else None,
        method=method,
        relative_lift=lift,
        relative_lift_interval=(ratio[0] - 1, ratio[1] - 1) if ratio else None,
        relative_lift_method=FIELLER,
    )
