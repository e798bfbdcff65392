"""Intervals that may be looked at after every answer: with probability 1 - α they hold the truth at all looks at
once.

They are wider than those of a fixed n, most at first. Those of a proportion, and of a mean between two known ends, hold
at every n. All others are asymptotic, narrowest at the planned n, and are not given before the number of answers from
which simulation shows that they hold: docs/statistics.md has the figures.
"""

import math
from dataclasses import replace

import numpy as np
from scipy import special

from libs.stats.arguments import require_above, require_inside, require_level, require_share, require_successes
from libs.stats.bivariate import Bivariate
from libs.stats.contrast import Contrast, Estimated
from libs.stats.distributions import Interval
from libs.stats.means import Moments, compare_means, two_means
from libs.stats.paired import compare_paired_means
from libs.stats.permutation import MOST_UNEVEN
from libs.stats.two_means import TwoMeans, delta_lift

ALWAYS_VALID = "asymptotic confidence sequence (normal mixture), valid at every look"
ALWAYS_VALID_LIFT = "asymptotic confidence sequence of the delta method"
BERNOULLI = "beta-binomial confidence sequence, valid at every look"
BOUNDED = "empirical Bernstein confidence sequence, valid at every look"
FEWEST_ALONE = 500
FEWEST_IN_ARM = 20
FEWEST_PAIRS = 40
PRECISION = 1e-12

_BETS = np.geomspace(0.03, 0.9, 10)
_PRICES = -np.log1p(-_BETS) - _BETS
_STEPS = np.linspace(0.0, 1.0, 66)[1:-1]


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


def monitor_mean(sample: Moments, planned_n: int, confidence_level: float = 0.95) -> Estimated | None:
    """A mean that has no ends, for any look from `FEWEST_ALONE` answers on; None without answers.

    Until then a few large amounts that have not come yet would leave the truth outside far too often.
    """
    if sample.mean is None:
        return None
    if sample.n < FEWEST_ALONE:
        return Estimated(sample.mean, None, f"{ALWAYS_VALID}; from {FEWEST_ALONE} answers on")
    if not sample.variance:
        return Estimated(sample.mean, None, f"{ALWAYS_VALID}; no spread yet")
    error = math.sqrt(sample.variance / sample.n)
    return Estimated(
        sample.mean, always_valid(sample.mean, error, sample.n, planned_n, confidence_level)[0], ALWAYS_VALID
    )


def monitor_means(sample: Moments, baseline: Moments, planned_n: int, confidence_level: float = 0.95) -> Contrast:
    """`compare_means` for any look; `planned_n` counts the answers of both arms. Answers of 0 and 1 are means as
    well.

    Nothing before `FEWEST_IN_ARM` answers in each arm, nor while one has `MOST_UNEVEN` times those of the other: what
    is skewed in two arms cancels in their difference only where they are about as large.
    """
    contrast = compare_means(sample, baseline, confidence_level)
    fewer, more = sorted((sample.n, baseline.n))
    wait = None
    if fewer < FEWEST_IN_ARM:
        wait = f"from {FEWEST_IN_ARM} answers in each arm on"
    elif more > MOST_UNEVEN * fewer:
        wait = f"while no arm has more than {MOST_UNEVEN:g} times the answers of the other"
    return _monitored(contrast, two_means(sample, baseline), sample.n + baseline.n, planned_n, wait)


def monitor_paired_means(pairs: Bivariate, planned_n: int, confidence_level: float = 0.95) -> Contrast:
    """`compare_paired_means` for any look from `FEWEST_PAIRS` on; n counts pairs."""
    wait = f"from {FEWEST_PAIRS} pairs on" if pairs.n < FEWEST_PAIRS else None
    return _monitored(compare_paired_means(pairs, confidence_level), pairs.paired(), pairs.n, planned_n, wait)


def bounded_sequence(sample: Moments, low: float, high: float, confidence_level: float = 0.95) -> Estimated | None:
    """A mean of values that lie between two ends, whatever their distribution, valid at every n; None when n = 0.

    With y = x/m - 1 for values scaled to 0 … 1, Σ over bets λ of exp(λ Σy + (ln(1-λ) + λ) Σy²) is a supermartingale if
    the mean is m, and stays below that of betting Π(1 + λy), which falls in m: so the largest m at which it reaches
    2/α is a lower limit, and the upper one is its mirror image. Fan, Grama and Liu, Electronic J. of Probability 20
    (2015) 1, eq. 4.10; Waudby-Smith and Ramdas, J. Royal Statistical Society B 86 (2024) 1-27.
    """
    require_level(confidence_level)
    require_above("high", high, low)
    if sample.mean is None:
        return None
    n, mean = sample.n, (sample.mean - low) / (high - low)
    require_share("mean", mean)
    squares = (n - 1) * (sample.variance or 0.0) / (high - low) ** 2
    below = _bounded_below(n, mean, squares, confidence_level)
    above = 1 - _bounded_below(n, 1 - mean, squares, confidence_level)
    return Estimated(sample.mean, (low + below * (high - low), low + above * (high - low)), BOUNDED)


def _bounded_below(n: int, mean: float, squares: float, confidence_level: float) -> float:
    """The largest mean below the observed one that is refuted, in two rounds of steps; 0 when none is."""
    most = math.log(2 * len(_BETS) / (1 - confidence_level))
    low, high = 0.0, mean
    for _ in range(2 if mean > PRECISION else 0):
        m = low + (high - low) * _STEPS
        y, square = n * (mean / m - 1), (squares + n * (mean - m) ** 2) / m**2
        gains = y[:, None] * _BETS - square[:, None] * _PRICES
        best = gains.max(axis=1)
        wealth = best + np.log(np.exp(gains - best[:, None]).sum(axis=1))
        refuted = np.flatnonzero(wealth >= most)
        last = int(refuted[-1]) if len(refuted) else -1
        low, high = (float(m[last]) if last >= 0 else low), (float(m[last + 1]) if last + 1 < len(m) else high)
    return low


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


def _monitored(contrast: Contrast, means: TwoMeans | None, n: int, planned_n: int, wait: str | None) -> Contrast:
    """The intervals and the p-value replaced; none while there is something to wait for, a standard error at least."""
    level = contrast.confidence_level
    if wait or means is None or means.error == 0:
        return replace(
            contrast,
            interval=None,
            statistic=None,
            df=None,
            p_value=None,
            relative_lift_interval=None,
            effect_size_interval=None,
            method=f"{ALWAYS_VALID}; {wait or 'no spread yet'}",
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
