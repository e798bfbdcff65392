"""CUPED: outcomes less what was known about the same people before the exposure.

The covariate must not be able to depend on the arm: an answer given before, or an attribute of the persona.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

from libs.stats.bivariate import Bivariate
from libs.stats.contrast import Contrast
from libs.stats.means import Moments, compare_means, satterthwaite_df
from libs.stats.two_means import TTest, t_test


def cuped(arms: Sequence[Bivariate]) -> list[Moments]:
    """Outcomes x less what a covariate y explains: x - θ (y - ȳ), with ȳ and θ = cov(x, y) / var(y) over all arms.

    To be compared by `compare_means`. Differences of means stay unbiased and lose the share ρ² of their variance; the
    means are those of arms with equal covariates. Deng, Xu, Kohavi and Walker, WSDM 2013, 123-132.
    """
    theta, centre = _slope(arms)
    return [_less(arm, theta, centre) for arm in arms]


def compare_cuped(sample: Bivariate, baseline: Bivariate, confidence_level: float = 0.95) -> Contrast:
    """`compare_means` of both after CUPED; the lift and the effect size are those of the adjusted outcomes."""
    arm, base = cuped([sample, baseline])
    contrast = compare_means(arm, base, confidence_level)
    return replace(contrast, method=f"{contrast.method}, outcomes adjusted by a covariate (CUPED)")


def cuped_lift(sample: Bivariate, baseline: Bivariate, confidence_level: float = 0.95) -> TTest | None:
    """The relative lift after CUPED over the baseline's plain mean, by the delta method, on Satterthwaite's df.

    Its variance is var(x - θ y) / (n m0²) of the sample plus var(r x - θ y) / (n0 m0²) of the baseline with r = m / m0,
    m and m0 the plain means. As GrowthBook does it: gbstats, frequentist_variance_relative_cuped.
    """
    theta, centre = _slope([sample, baseline])
    arm, base = _less(sample, theta, centre), _less(baseline, theta, centre)
    if not baseline.x.mean or sample.x.mean is None or arm.mean is None or base.mean is None:
        return None
    if arm.variance is None or base.variance is None or arm.variance + base.variance == 0:
        return None
    ratio = sample.x.mean / baseline.x.mean
    scaled = _variance(baseline, ratio, theta)
    error = math.sqrt(arm.variance / arm.n + scaled / base.n) / abs(baseline.x.mean)
    df = satterthwaite_df((arm.variance / arm.n, arm.n - 1), (base.variance / base.n, base.n - 1))
    return t_test((arm.mean - base.mean) / baseline.x.mean, error, df, confidence_level)


def _slope(arms: Sequence[Bivariate]) -> tuple[float, float]:
    """θ and ȳ over all arms together; θ is 0 where the covariate does not vary."""
    n = sum(arm.n for arm in arms)
    if n == 0:
        return 0.0, 0.0
    outcome = math.fsum(arm.n * (arm.x.mean or 0.0) for arm in arms) / n
    centre = math.fsum(arm.n * (arm.y.mean or 0.0) for arm in arms) / n
    shared, spread = [], []
    for arm in arms:
        x, y = (arm.x.mean or 0.0) - outcome, (arm.y.mean or 0.0) - centre
        shared.append(max(0, arm.n - 1) * (arm.covariance or 0.0) + arm.n * x * y)
        spread.append(max(0, arm.n - 1) * (arm.y.variance or 0.0) + arm.n * y * y)
    total = math.fsum(spread)
    return (math.fsum(shared) / total if total else 0.0), centre


def _less(arm: Bivariate, theta: float, centre: float) -> Moments:
    if arm.x.mean is None or arm.y.mean is None:
        return arm.x
    variance = None if arm.covariance is None else _variance(arm, 1.0, theta)
    return Moments(arm.n, arm.x.mean - theta * (arm.y.mean - centre), variance)


def _variance(arm: Bivariate, factor: float, theta: float) -> float:
    """Of factor x - θ y; rounding must not make it negative."""
    own = factor * factor * (arm.x.variance or 0.0) + theta * theta * (arm.y.variance or 0.0)
    return max(0.0, own - 2 * factor * theta * (arm.covariance or 0.0))
