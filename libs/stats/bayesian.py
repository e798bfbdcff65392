"""How probable an effect is, given a prior: the chance to win, and what is lost on average by choosing wrongly.

Normal posteriors. With a flat prior the credible interval is the confidence interval of a z-test and nothing is gained
but the wording. The probability is about simulated agents, as every p-value here is.
"""

import math
from dataclasses import dataclass

from scipy import special

from libs.stats.arguments import require_above, require_finite, require_level, require_successes
from libs.stats.distributions import Interval, normal_critical
from libs.stats.two_means import TwoMeans, delta_lift


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before: normal, for instance a lift of 0 ± 0.3."""

    mean: float
    variance: float

    def __post_init__(self) -> None:
        require_finite("mean", self.mean)
        require_above("variance", self.variance)


@dataclass(frozen=True, slots=True)
class Posterior:
    """`loss_of_arm` and `loss_of_baseline` are the means of what the choice of either would give away."""

    mean: float
    standard_deviation: float
    interval: Interval
    chance_to_win: float
    loss_of_arm: float
    loss_of_baseline: float


def posterior(estimate: float, error: float, prior: Prior | None = None, confidence_level: float = 0.95) -> Posterior:
    """Precisions add: mean = w estimate + (1 - w) m with w = v / (v + e²), s² = w e²; flat without a prior.

    Chance to win Φ(m/s); loss of the baseline E max(θ, 0) = m Φ(m/s) + s φ(m/s), and that of the arm is m less.
    Gelman et al., Bayesian Data Analysis (2013), §2.5; Stucchio, Bayesian A/B Testing at VWO (2015).
    """
    require_level(confidence_level)
    require_finite("estimate", estimate)
    require_above("error", error)
    mean, deviation = estimate, error
    if prior:
        ratio = error / math.sqrt(prior.variance)
        share = 1 / (1 + ratio * ratio)
        mean, deviation = share * estimate + (1 - share) * prior.mean, error / math.hypot(1.0, ratio)
    z = mean / deviation
    chance = float(special.ndtr(z))
    gain = mean * chance + deviation * math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    half = normal_critical(confidence_level) * deviation
    return Posterior(mean, deviation, (mean - half, mean + half), chance, max(0.0, gain - mean), max(0.0, gain))


def lift_posterior(means: TwoMeans, prior: Prior | None = None, confidence_level: float = 0.95) -> Posterior | None:
    """Of the relative lift, its error by the delta method. None where the baseline is 0 or nothing varies."""
    lift = delta_lift(means, confidence_level)
    return None if lift is None else posterior(lift.difference, lift.error, prior, confidence_level)


def two_proportions(successes: int, n: int, baseline_successes: int, baseline_n: int) -> TwoMeans | None:
    """Proportions as means with variance p (1 - p) / n and normal df. None when an arm is empty."""
    require_successes("successes", successes, "n", n)
    require_successes("baseline_successes", baseline_successes, "baseline_n", baseline_n)
    if n == 0 or baseline_n == 0:
        return None
    p, p0 = successes / n, baseline_successes / baseline_n
    return TwoMeans(p, p0, p * (1 - p) / n, p0 * (1 - p0) / baseline_n, math.inf)
