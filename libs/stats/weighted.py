"""Estimates for a population whose make-up differs from the sample's: by weights, or by known shares of strata.

Weights come from `weighting`. They cost precision, which these intervals include; weights that are themselves estimated
(raked) are treated as given.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from numpy.typing import ArrayLike

from libs.stats.arguments import require_above, require_level
from libs.stats.contrast import Contrast, Estimated
from libs.stats.distributions import Interval, normal_critical, t_critical
from libs.stats.means import Moments, satterthwaite_df
from libs.stats.two_means import FIELLER, TwoMeans, contrast_of
from libs.stats.weighting import weighted_mean

WEIGHTED = "weighted mean, linearised normal interval"
COMPARE_WEIGHTED = "difference of weighted means, linearised z-test and interval"
POST_STRATIFIED = "post-stratified t-test and interval"


@dataclass(frozen=True, slots=True)
class PostStratified:
    """A mean with its squared standard error and df; both None where a stratum has only one answer."""

    mean: float
    v: float | None
    df: float | None

    def interval(self, confidence_level: float = 0.95) -> Interval | None:
        """mean ± t √v; None without an error."""
        require_level(confidence_level)
        if not self.v or self.df is None:
            return None
        half = t_critical(confidence_level, self.df) * math.sqrt(self.v)
        return self.mean - half, self.mean + half


def weighted_estimate(values: ArrayLike, weights: ArrayLike, confidence_level: float = 0.95) -> Estimated:
    """ȳ = Σ w y / Σ w with ȳ ± z √(Σ w² (y - ȳ)²) / Σ w; no interval where nothing varies.

    Särndal, Swensson and Wretman, Model Assisted Survey Sampling (1992), §5.7.
    """
    require_level(confidence_level)
    found = weighted_mean(values, weights)
    half = normal_critical(confidence_level) * found.standard_error
    return Estimated(found.value, (found.value - half, found.value + half) if half else None, WEIGHTED)


def compare_weighted(
    values: ArrayLike,
    weights: ArrayLike,
    baseline: ArrayLike,
    baseline_weights: ArrayLike,
    confidence_level: float = 0.95,
) -> Contrast:
    """Two arms of different people, each weighted: normal, so from some tens of people in each arm."""
    require_level(confidence_level)
    arm, base = weighted_mean(values, weights), weighted_mean(baseline, baseline_weights)
    means = TwoMeans(arm.value, base.value, arm.standard_error**2, base.standard_error**2, math.inf)
    return contrast_of(means, confidence_level, COMPARE_WEIGHTED)


def post_stratified(strata: Mapping[str, Moments], shares: Mapping[str, float]) -> PostStratified:
    """Σ W m with variance Σ W² s²/n, W the shares of the population scaled to 1, on Satterthwaite's df.

    Holt and Smith, J. Royal Statistical Society A 142 (1979) 33-46. A stratum that has a share and no answers is
    refused by name: nothing is known about its people. Answers from a stratum without a share are left out.
    """
    for name, share in shares.items():
        if share < 0 or not math.isfinite(share):
            raise ValueError(f"shares[{name!r}]: {share} is not a finite number of at least 0")
    total = math.fsum(shares.values())
    require_above("shares", total)
    parts, means, is_known = [], [], True
    for name, share in shares.items():
        if not share:
            continue
        stratum = strata.get(name, Moments(0, None, None))
        if stratum.mean is None:
            raise ValueError(f"strata[{name!r}]: nobody answered, but its share is {share / total:g}")
        weight = share / total
        means.append(weight * stratum.mean)
        if stratum.variance is None:
            is_known = False
        elif stratum.variance:
            parts.append((weight**2 * stratum.variance / stratum.n, stratum.n - 1.0))
    if not is_known or not parts:
        return PostStratified(math.fsum(means), 0.0 if is_known else None, None)
    return PostStratified(math.fsum(means), math.fsum(v for v, _ in parts), satterthwaite_df(*parts))


def compare_post_stratified(
    strata: Mapping[str, Moments],
    baseline: Mapping[str, Moments],
    shares: Mapping[str, float],
    confidence_level: float = 0.95,
) -> Contrast:
    """Two arms at the same shares of strata: the effect in the population, not that in who happened to answer."""
    require_level(confidence_level)
    arm, base = post_stratified(strata, shares), post_stratified(baseline, shares)
    parts = [(each.v, each.df) for each in (arm, base) if each.v and each.df]
    if arm.v is None or base.v is None or not parts:
        method = POST_STRATIFIED
        difference = arm.mean - base.mean
        return Contrast(difference, None, confidence_level, None, None, None, method, relative_lift_method=FIELLER)
    means = TwoMeans(arm.mean, base.mean, arm.v, base.v, satterthwaite_df(*parts))
    return contrast_of(means, confidence_level, POST_STRATIFIED)
