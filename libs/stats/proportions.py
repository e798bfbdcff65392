"""One proportion and two proportions from counts.

Intervals are score based (Wilson, and its combinations MOVER-D and MOVER-R), so they stay inside their range and do not
collapse at 0 of n. The difference interval excludes 0 exactly when the interval of the relative lift does. The p-value
comes from a test of its own and may disagree with them close to the threshold.
"""

import math

from libs.stats.arguments import require_level, require_share, require_successes
from libs.stats.contrast import Contrast, HypothesisTest
from libs.stats.distributions import Interval, normal_critical, normal_two_sided
from libs.stats.exact import fisher_exact

SMALLEST_EXPECTED_COUNT = 5.0
WILSON = "Wilson score interval"
POOLED_Z = "pooled two-proportion z-test; Newcombe interval"
FISHER = "Fisher's exact test (an expected count is below 5); Newcombe interval"
LIFT_OF_PROPORTIONS = "MOVER-R interval from Wilson limits"
COHENS_H = "Cohen's h"


def wilson_interval(successes: int, n: int, confidence_level: float = 0.95) -> Interval | None:
    """Score interval of a proportion; None when n = 0.

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n). Wilson, JASA 22 (1927) 209-212.
    """
    require_successes("successes", successes, "n", n)
    require_level(confidence_level)
    if n == 0:
        return None
    z2 = normal_critical(confidence_level) ** 2
    p = successes / n
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (p * (1 - p) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    # At 0 and n successes the limit is the estimate itself; rounding must not move it past.
    lower = 0.0 if successes == 0 else min(p, centre - half)
    upper = 1.0 if successes == n else max(p, centre + half)
    return lower, upper


def newcombe_interval(
    successes: int, n: int, baseline_successes: int, baseline_n: int, confidence_level: float = 0.95
) -> Interval | None:
    """Hybrid score interval (MOVER-D) of p - p0 from Wilson limits; None when an arm is empty.

    Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10.
    """
    arm = wilson_interval(successes, n, confidence_level)
    base = wilson_interval(baseline_successes, baseline_n, confidence_level)
    if arm is None or base is None:
        return None
    return mover_difference(successes / n, arm, baseline_successes / baseline_n, base)


def ratio_interval(
    successes: int, n: int, baseline_successes: int, baseline_n: int, confidence_level: float = 0.95
) -> Interval | None:
    """MOVER-R interval of the ratio p / p0 from Wilson limits; None when an arm is empty or p0 = 0.

    Donner and Zou, Statistical Methods in Medical Research 21 (2012) 347-359, eq. 9.
    """
    arm = wilson_interval(successes, n, confidence_level)
    base = wilson_interval(baseline_successes, baseline_n, confidence_level)
    if arm is None or base is None or baseline_successes == 0:
        return None
    return mover_ratio(successes / n, arm, baseline_successes / baseline_n, base)


def mover_difference(p: float, arm: Interval, p0: float, base: Interval, correlation: float = 0.0) -> Interval:
    """Limits of p - p0 from the limits l, u of each: d - √((p-l)² + (u0-p0)² - 2φ(p-l)(u0-p0)), and d + √(…) likewise.

    φ is the correlation of the two estimates. Zou, Statistics in Medicine 28 (2009) 2331-2349.
    """
    difference = p - p0
    below, above0, above, below0 = p - arm[0], base[1] - p0, arm[1] - p, p0 - base[0]
    return (
        difference - _hypotenuse(below, above0, correlation),
        difference + _hypotenuse(above, below0, correlation),
    )


def mover_ratio(p: float, arm: Interval, p0: float, base: Interval, correlation: float = 0.0) -> Interval:
    """Limits of p / p0, p0 above 0, from the limits of each: the ratios at which those of p - R p0 are 0.

    They exclude 1 exactly when those of the difference exclude 0. Donner and Zou (2012), eq. 8.
    """
    low_arm, high_arm = arm[0] * (2 * p - arm[0]), arm[1] * (2 * p - arm[1])
    low_base, high_base = base[0] * (2 * p0 - base[0]), base[1] * (2 * p0 - base[1])
    lower_middle = p * p0 - correlation * (p - arm[0]) * (base[1] - p0)
    upper_middle = p * p0 - correlation * (arm[1] - p) * (p0 - base[0])
    # The smaller root in its rationalised form: high_base may be 0 or negative.
    root = math.sqrt(max(0.0, lower_middle**2 - low_arm * high_base))
    lower = 0.0 if p == 0 else low_arm / (lower_middle + root)
    upper = (upper_middle + math.sqrt(max(0.0, upper_middle**2 - high_arm * low_base))) / low_base
    return lower, upper


def agresti_caffo_interval(
    successes: int, n: int, baseline_successes: int, baseline_n: int, confidence_level: float = 0.95
) -> Interval | None:
    """Wald's interval of p - p0 after one more success and one more failure in each arm; None when an arm is empty.

    Agresti and Caffo, The American Statistician 54 (2000) 280-288.
    """
    require_successes("successes", successes, "n", n)
    require_successes("baseline_successes", baseline_successes, "baseline_n", baseline_n)
    require_level(confidence_level)
    if n == 0 or baseline_n == 0:
        return None
    p, p0 = (successes + 1) / (n + 2), (baseline_successes + 1) / (baseline_n + 2)
    half = normal_critical(confidence_level) * math.sqrt(p * (1 - p) / (n + 2) + p0 * (1 - p0) / (baseline_n + 2))
    return max(-1.0, p - p0 - half), min(1.0, p - p0 + half)


def pooled_z(successes: int, n: int, baseline_successes: int, baseline_n: int) -> float | None:
    """(p - p0) / √(q(1-q)(1/n + 1/n0)) with q the pooled proportion; None when q is 0 or 1 or an arm is empty.

    Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions (2003), §3.1, without continuity correction.
    """
    require_successes("successes", successes, "n", n)
    require_successes("baseline_successes", baseline_successes, "baseline_n", baseline_n)
    total, size = successes + baseline_successes, n + baseline_n
    if n == 0 or baseline_n == 0 or total in (0, size):
        return None
    pooled = total / size
    error = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / baseline_n))
    return (successes / n - baseline_successes / baseline_n) / error


def proportion_test(successes: int, n: int, baseline_successes: int, baseline_n: int) -> HypothesisTest | None:
    """Two-sided test of equal proportions: pooled z, or Fisher when an expected count is below 5 (Cochran's rule).

    Fisher is conservative, z is not valid there. None when an arm is empty. Cochran, Biometrics 10 (1954) 417-451.
    """
    z = pooled_z(successes, n, baseline_successes, baseline_n)
    if n == 0 or baseline_n == 0:
        return None
    total, size = successes + baseline_successes, n + baseline_n
    smallest = min(n, baseline_n) * min(total, size - total) / size
    if z is None or smallest < SMALLEST_EXPECTED_COUNT:
        return HypothesisTest(None, None, fisher_exact(successes, n, baseline_successes, baseline_n), FISHER)
    return HypothesisTest(z, None, normal_two_sided(z), POOLED_Z)


def cohens_h(p: float, p0: float) -> float:
    """2 asin √p - 2 asin √p0, in radians. Cohen, Statistical Power Analysis (1988), ch. 6."""
    require_share("p", p)
    require_share("p0", p0)
    return 2 * math.asin(math.sqrt(p)) - 2 * math.asin(math.sqrt(p0))


def cohens_h_interval(h: float, n: int, baseline_n: int, confidence_level: float = 0.95) -> Interval | None:
    """h ± z √(1/n + 1/n0), cut at ±π: 2 asin √p has variance 1/n. Cohen (1988), §6.2; None when an arm is empty."""
    require_level(confidence_level)
    if n == 0 or baseline_n == 0:
        return None
    half = normal_critical(confidence_level) * math.sqrt(1 / n + 1 / baseline_n)
    return max(-math.pi, h - half), min(math.pi, h + half)


def compare_proportions(
    successes: int, n: int, baseline_successes: int, baseline_n: int, confidence_level: float = 0.95
) -> Contrast:
    """Everything a comparison of two proportions reports; all None when an arm is empty."""
    arms = successes, n, baseline_successes, baseline_n
    test = proportion_test(*arms)
    interval = newcombe_interval(*arms, confidence_level)
    ratio = ratio_interval(*arms, confidence_level)
    estimable = test is not None
    p, p0 = (successes / n, baseline_successes / baseline_n) if estimable else (0.0, 0.0)
    h = cohens_h(p, p0) if estimable else None
    return Contrast(
        difference=p - p0 if estimable else None,
        interval=interval,
        confidence_level=confidence_level,
        statistic=test.statistic if test else None,
        df=None,
        p_value=test.p_value if test else None,
        method=test.method if test else POOLED_Z,
        relative_lift=p / p0 - 1 if p0 > 0 else None,
        relative_lift_interval=(ratio[0] - 1, ratio[1] - 1) if ratio else None,
        relative_lift_method=LIFT_OF_PROPORTIONS,
        effect_size=h,
        effect_size_interval=None if h is None else cohens_h_interval(h, n, baseline_n, confidence_level),
        effect_size_name=COHENS_H,
    )


def _hypotenuse(a: float, b: float, correlation: float) -> float:
    return math.sqrt(max(0.0, a * a + b * b - 2 * correlation * a * b)) if correlation else math.hypot(a, b)
