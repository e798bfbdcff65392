"""Effect sizes that no comparison carries by itself, each with its interval.

The others come with their comparison: the difference and Hedges' g with `compare_means`, Cohen's h with
`compare_proportions`, Cliff's delta with `compare_ordinal`.
"""

import math
from collections.abc import Sequence

from scipy import special

from libs.stats.arguments import require_level, require_successes
from libs.stats.chi_square import IndependenceTest, independence_test
from libs.stats.contrast import Estimated
from libs.stats.distributions import Interval, normal_critical
from libs.stats.means import Moments, standardised_difference

KATZ = "risk ratio, Katz log interval"
WOOLF = "odds ratio, Woolf logit interval"
HALDANE = "odds ratio with ½ added to each cell (one is empty), Woolf logit interval"
COHENS_D = "Cohen's d, noncentral t interval"
CRAMERS_V = "Cramér's V, noncentral chi-square interval"
COHENS_W = "Cohen's w, noncentral chi-square interval"


def risk_ratio(
    successes: int, n: int, baseline_successes: int, baseline_n: int, confidence_level: float = 0.95
) -> Estimated | None:
    """RR = p / p0, exp(ln RR ± z √(1/x - 1/n + 1/x0 - 1/n0)); no interval when the arm has no success.

    Katz et al., Biometrics 34 (1978) 469-474. None when an arm is empty or p0 = 0; `ratio_interval` has neither gap and
    never contradicts the interval of the difference.
    """
    require_successes("successes", successes, "n", n)
    require_successes("baseline_successes", baseline_successes, "baseline_n", baseline_n)
    require_level(confidence_level)
    if n == 0 or baseline_successes == 0:
        return None
    ratio = (successes / n) / (baseline_successes / baseline_n)
    if successes == 0:
        return Estimated(ratio, None, KATZ)
    error = math.sqrt(max(0.0, 1 / successes - 1 / n + 1 / baseline_successes - 1 / baseline_n))
    return Estimated(ratio, _around_log(ratio, error, confidence_level), KATZ)


def odds_ratio(
    successes: int, n: int, baseline_successes: int, baseline_n: int, confidence_level: float = 0.95
) -> Estimated | None:
    """OR = a d / (b c), exp(ln OR ± z √(1/a + 1/b + 1/c + 1/d)), ½ added to every cell when one is empty.

    Woolf, Annals of Human Genetics 19 (1955) 251-253; Haldane, Annals of Human Genetics 20 (1956) 309-311. None when an
    arm is empty.
    """
    require_successes("successes", successes, "n", n)
    require_successes("baseline_successes", baseline_successes, "baseline_n", baseline_n)
    require_level(confidence_level)
    if n == 0 or baseline_n == 0:
        return None
    cells = [successes, n - successes, baseline_successes, baseline_n - baseline_successes]
    is_corrected = 0 in cells
    a, b, c, d = (cell + 0.5 if is_corrected else float(cell) for cell in cells)
    ratio = a * d / (b * c)
    error = math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    return Estimated(ratio, _around_log(ratio, error, confidence_level), HALDANE if is_corrected else WOOLF)


def cohens_d(sample: Moments, baseline: Moments, confidence_level: float = 0.95) -> Estimated | None:
    """d = (m - m0) / s_pooled; its limits are the noncentralities of t = d / √(1/n + 1/n0) at the tails, times that
    root.

    Steiger and Fouladi, in What If There Were No Significance Tests? (1997) 221-257. None where d is not defined.
    """
    size = standardised_difference(sample, baseline, confidence_level)
    if size is None:
        return None
    n, n0 = sample.n, baseline.n
    root = math.sqrt(1 / n + 1 / n0)
    tail = (1 - confidence_level) / 2
    limits = (float(special.nctdtrinc(n + n0 - 2, p, size.d / root)) * root for p in (1 - tail, tail))
    low, high = limits
    return Estimated(size.d, (low, high) if math.isfinite(low + high) else None, COHENS_D)


def cramers_v_interval(table: Sequence[Sequence[int]], confidence_level: float = 0.95) -> Estimated | None:
    """V = √(χ²/(N k)), k = min(r-1, c-1); limits √(λ/(N k)) with λ the noncentralities of χ² at the tails.

    Smithson, Confidence Intervals (2003), ch. 4. A lower limit of 0 says that chance explains the table. None where V
    is.
    """
    test = independence_test(table)
    require_level(confidence_level)
    if test is None:
        return None
    scale = (test.cohens_w / test.cramers_v) ** 2 if test.cramers_v else 1.0
    low, high = _noncentrality(test, confidence_level)
    k = test.n * scale
    return Estimated(test.cramers_v, (math.sqrt(low / k), min(1.0, math.sqrt(high / k))), CRAMERS_V)


def cohens_w(table: Sequence[Sequence[int]], confidence_level: float = 0.95) -> Estimated | None:
    """w = √(χ²/N) with limits √(λ/N), as those of V. Cohen, Statistical Power Analysis (1988), ch. 7."""
    test = independence_test(table)
    require_level(confidence_level)
    if test is None:
        return None
    low, high = _noncentrality(test, confidence_level)
    return Estimated(test.cohens_w, (math.sqrt(low / test.n), math.sqrt(high / test.n)), COHENS_W)


def _noncentrality(test: IndependenceTest, confidence_level: float) -> Interval:
    """The λ at which χ² lies at the upper and at the lower tail; 0 where even λ = 0 puts it below."""
    tail = (1 - confidence_level) / 2
    found = []
    for p in (1 - tail, tail):
        central = float(special.chdtr(test.df, test.statistic))
        found.append(float(special.chndtrinc(test.statistic, test.df, p)) if central > p else 0.0)
    return found[0], found[1]


def _around_log(ratio: float, error: float, confidence_level: float) -> Interval:
    factor = math.exp(normal_critical(confidence_level) * error)
    return ratio / factor, ratio * factor
