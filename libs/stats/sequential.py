"""Intervals that may be looked at after every answer: with probability 1 - α they hold the truth at all looks at
once.

They are wider than those of a fixed n, most at first, and are tuned to be narrowest at the planned n. Those of means
are asymptotic: right from some tens of answers. That of one proportion is exact at every n.
"""

import math
from dataclasses import replace

from scipy import special

from libs.stats.arguments import require_above, require_inside, require_level, require_successes
from libs.stats.bivariate import Bivariate
from libs.stats.contrast import Contrast, Estimated
from libs.stats.distributions import Interval
from libs.stats.means import Moments, compare_means, two_means
from libs.stats.paired import compare_paired_means
from libs.stats.two_means import TwoMeans, delta_lift

ALWAYS_VALID = "asymptotic confidence sequence (normal mixture), valid at every look"
ALWAYS_VALID_LIFT = "asymptotic confidence sequence of the delta method"
BERNOULLI = "beta-binomial confidence sequence, valid at every look"
PRECISION = 1e-12


def mixture_rho(planned_v: float, alpha: float = 0.05) -> float:
    """The ρ that makes the bound narrowest at this variance: ρ = v / (2 ln(1/α) + ln(1 + 2 ln(1/α))), closely.

    Howard, Ramdas, McAuliffe and Sekhon, Annals of Statistics 49 (2021) 1055-1080, §3.5.
    """
    require_above("planned_v", planned_v)
    require_inside("alpha", alpha)
    log = -2 * math.log(alpha)
    return planned_v / (log + math.log(1 + log))


def mixture_bound(v: float, rho: float, alpha: float = 0.05) -> float:
    """A bound on |S| at all variances v of a sum S at once: √((v + ρ) ln((v + ρ) / (ρ α²))).

    Robbins, Annals of Mathematical Statistics 41 (1970) 1397-1409; Howard et al. (2021), §3.2.
    """
    require_inside("alpha", alpha)
    require_above("rho", rho)
    return math.sqrt((v + rho) * math.log((v + rho) / (rho * alpha * alpha)))


def always_valid(
    difference: float, error: float, n: int, planned_n: int, confidence_level: float = 0.95
) -> tuple[Interval, float]:
    """Interval and p-value of an estimate with this standard error after n answers: ± error × bound(n) / √n.

    p = √((n + ρ)/ρ) exp(-½ z² n / (n + ρ)), cut at 1, with z = difference / error. Waudby-Smith, Arbour, Sinha, Kennedy
    and Ramdas, Annals of Statistics 52 (2024) 2613-2640, thm 2.2; GrowthBook uses the same.
    """
    require_level(confidence_level)
    require_above("error", error)
    require_above("n", n)
    alpha = 1 - confidence_level
    rho = mixture_rho(planned_n, alpha)
    half = error * mixture_bound(n, rho, alpha) / math.sqrt(n)
    z = difference / error
    log_p = 0.5 * math.log((n + rho) / rho) - 0.5 * z * z * n / (n + rho)
    return (difference - half, difference + half), math.exp(min(0.0, log_p))


def monitor_means(sample: Moments, baseline: Moments, planned_n: int, confidence_level: float = 0.95) -> Contrast:
    """`compare_means` for any look; `planned_n` counts the answers of both arms. Answers of 0 and 1 are means as
    well.
    """
    contrast = compare_means(sample, baseline, confidence_level)
    return _monitored(contrast, two_means(sample, baseline), sample.n + baseline.n, planned_n)


def monitor_paired_means(pairs: Bivariate, planned_n: int, confidence_level: float = 0.95) -> Contrast:
    """`compare_paired_means` for any look; n counts pairs."""
    return _monitored(compare_paired_means(pairs, confidence_level), pairs.paired(), pairs.n, planned_n)


def bernoulli_sequence(successes: int, n: int, confidence_level: float = 0.95) -> Estimated | None:
    """A proportion: the p with B(½+x, ½+n-x) / B(½, ½) / (p^x (1-p)^(n-x)) below 1/α; exact by Ville's inequality.

    Robbins (1970); Howard et al. (2021), §3.2, with Jeffreys' prior as the mixture. None when n = 0.
    """
    require_successes("successes", successes, "n", n)
    require_level(confidence_level)
    if n == 0:
        return None
    mixture = float(special.betaln(successes + 0.5, n - successes + 0.5) - special.betaln(0.5, 0.5))
    most = mixture + math.log(1 - confidence_level)
    p = successes / n

    def edge(outside: float) -> float:
        """Where the log-likelihood falls to `most`, between the estimate and the end of the scale."""
        inside = p
        while abs(inside - outside) > PRECISION:
            middle = (inside + outside) / 2
            likelihood = float(special.xlogy(successes, middle) + special.xlog1py(n - successes, -middle))
            inside, outside = (middle, outside) if likelihood > most else (inside, middle)
        return outside

    return Estimated(p, (edge(0.0) if successes else 0.0, edge(1.0) if successes < n else 1.0), BERNOULLI)


def _monitored(contrast: Contrast, means: TwoMeans | None, n: int, planned_n: int) -> Contrast:
    """The intervals and the p-value replaced; without a standard error there is nothing to monitor yet."""
    level = contrast.confidence_level
    if means is None or means.error == 0:
        return replace(
            contrast, interval=None, p_value=None, relative_lift_interval=None, method=f"{ALWAYS_VALID}; no spread yet"
        )
    interval, p_value = always_valid(means.difference, means.error, n, planned_n, level)
    lift = delta_lift(means, level) if contrast.relative_lift is not None else None
    lifted = always_valid(lift.difference, lift.error, n, planned_n, level)[0] if lift else None
    return replace(
        contrast,
        interval=interval,
        statistic=None,
        df=None,
        p_value=p_value,
        method=ALWAYS_VALID,
        relative_lift_interval=lifted,
        relative_lift_method=ALWAYS_VALID_LIFT,
    )
