"""How likely a design finds an effect, how many people it needs, and how small an effect it can find.

All three are one function, the power, solved for another argument. A design is described once: different people, the
same people in both arms, or people who come in groups. Power speaks of simulated effects; it does not make them true.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from scipy import special

from libs.stats.arguments import require_above, require_finite, require_inside, require_share
from libs.stats.exact_power import power_of_changes, power_of_counts
from libs.stats.sequential import mixture_bound, mixture_rho

Alternative = Literal["two-sided", "larger"]
MOST = 1e9
PRECISION = 1e-12
FEW = 20


@dataclass(frozen=True, slots=True)
class Design:
    """`n` people in the arm and `baseline_n` in the baseline; where they are the same people, n pairs.

    `correlation` of the two answers of one person makes the design paired; None means different people. People of one
    group of `cluster_size` have the intraclass correlation `icc`, which counts as fewer people, and fewer df.
    """

    n: float
    baseline_n: float | None = None
    correlation: float | None = None
    cluster_size: float = 1.0
    icc: float = 0.0
    alpha: float = 0.05
    alternative: Alternative = "two-sided"

    def __post_init__(self) -> None:
        require_above("n", self.n)
        require_above("baseline_n", self.n0)
        if self.correlation is not None:
            require_inside("correlation", self.correlation, -1.0, 1.0)
            if self.baseline_n not in (None, self.n):
                raise ValueError(
                    f"baseline_n: {self.baseline_n} differs from n = {self.n}, but the people are the same"
                )
        require_above("cluster_size", self.cluster_size, 1.0 - PRECISION)
        require_share("icc", self.icc)
        require_inside("alpha", self.alpha)
        if self.alternative not in ("two-sided", "larger"):
            raise ValueError(f"alternative: {self.alternative!r} is neither 'two-sided' nor 'larger'")

    @property
    def n0(self) -> float:
        """People in the baseline."""
        return self.n if self.baseline_n is None else self.baseline_n

    @property
    def df(self) -> float:
        """Of the t-test: independent units less the means estimated, at least a little above 0."""
        units = self.n / self.cluster_size
        df = units - 1 if self.correlation is not None else units + self.n0 / self.cluster_size - 2
        return max(df, PRECISION)

    @property
    def design_effect(self) -> float:
        """1 + (m - 1) ICC."""
        return cluster_design_effect(self.cluster_size, self.icc)

    @property
    def error(self) -> float:
        """Standard error of a difference of means whose standard deviation is 1 in both arms."""
        if self.correlation is not None:
            return math.sqrt(2 * (1 - self.correlation) * self.design_effect / self.n)
        return math.sqrt((1 / self.n + 1 / self.n0) * self.design_effect)

    def sized(self, n: float) -> "Design":
        """The same design with n people in the arm and as many for each in the baseline as before."""
        return replace(self, n=n, baseline_n=None if self.baseline_n is None else self.baseline_n * n / self.n)


def cluster_design_effect(cluster_size: float, icc: float) -> float:
    """How many times more people a clustered sample needs: 1 + (m - 1) ρ. Kish, Survey Sampling (1965), §5.4."""
    return 1 + (cluster_size - 1) * icc


def power_of_means(effect: float, design: Design) -> float:
    """P(|T| >= t) for noncentral T with ncp d / error; d is the difference in standard deviations (Cohen's d).

    Paired designs take the d of the answers, not of their differences. Cohen, Statistical Power Analysis (1988), §2.
    """
    require_finite("effect", effect)
    ncp, df = effect / design.error, design.df
    critical = float(special.stdtrit(df, 1 - _tail(design)))
    power = _noncentral_t_above(critical, df, ncp)
    if design.alternative == "two-sided":
        power += _noncentral_t_above(critical, df, -ncp)
    return min(1.0, power)


def power_of_proportions(p: float, p0: float, design: Design) -> float:
    """Φ((|p - p0| √n' - z σ₀) / σ₁): σ₀² under equality (pooled), σ₁² under p and p0; exact where counts are few.

    Different people: Fleiss, Levin and Paik, Statistical Methods for Rates and Proportions (2003), §4.1. The same
    people: McNemar's test with the discordance ψ that p, p0 and the correlation imply, σ₀² = ψ, σ₁² = ψ - (p - p0)²:
    Connor, Biometrics 43 (1987) 207-211. Below `FEW` expected successes or failures in the smaller arm, or people who
    change, every outcome is put to the test itself, which is cautious there; n is rounded down then.
    """
    for name, value in (("p", p), ("p0", p0)):
        require_inside(name, value)
    if (exact := _power_of_few(p, p0, design)) is not None:
        return min(1.0, exact)
    z, difference = float(-special.ndtri(_tail(design))), p - p0
    null, other = _proportion_errors(p, p0, design)
    signed = abs(difference) if design.alternative == "two-sided" else difference
    power = float(special.ndtr((signed - z * null) / other))
    if design.alternative == "two-sided":
        power += float(special.ndtr((-signed - z * null) / other))
    return min(1.0, power)


def sample_size_of_means(effect: float, design: Design, power: float = 0.8) -> float | None:
    """People in the arm for this power, not rounded; the n of the design only sets the ratio of the arms.

    None when more than 10⁹ are too few.
    """
    return _smallest(lambda n: power_of_means(effect, design.sized(n)), power, 2.0 * design.cluster_size, MOST)


def sample_size_of_proportions(p: float, p0: float, design: Design, power: float = 0.8) -> float | None:
    """People in the arm for this power, not rounded, as above."""
    return _smallest(lambda n: power_of_proportions(p, p0, design.sized(n)), power, 1.0, MOST)


def detectable_means(design: Design, power: float = 0.8) -> float | None:
    """The smallest difference in standard deviations that this design finds with this power."""
    return _smallest(lambda effect: power_of_means(effect, design), power, 0.0, MOST)


def detectable_proportions(p0: float, design: Design, power: float = 0.8) -> float | None:
    """The smallest increase over p0 that this design finds with this power; None when none up to 1 is enough."""
    require_inside("p0", p0)
    return _smallest(lambda d: power_of_proportions(p0 + d, p0, design), power, 0.0, (1 - p0) * (1 - PRECISION))


def detectable_lift(
    mean: float, variance: float, design: Design, power: float = 0.8, *, planned_looks_n: int | None = None
) -> float | None:
    """The smallest relative lift found with this power; normal, with the delta method's error, which grows with the
    lift.

    The ratio x of the means solves (x - 1)² m² = (z_α + z_β)² σ² D (1/n + x²/n0 - 2ρx/n), D the design effect; None
    when no lift is large enough. `planned_looks_n` (answers of both arms) puts an always-valid interval in place of a
    fixed one. As in GrowthBook's power.ts, which has equal arms of different people.
    """
    require_finite("mean", mean)
    require_above("variance", variance)
    require_inside("power", power)
    if mean == 0:
        return None
    z = float(-special.ndtri(_tail(design)))
    inflation = 1.0
    if planned_looks_n is not None:
        both = design.n + design.n0
        bound = mixture_bound(both, mixture_rho(planned_looks_n, design.alpha), design.alpha)
        inflation = bound / math.sqrt(both) / z
    scale = ((z + float(special.ndtri(power))) * inflation / mean) ** 2 * variance * design.design_effect
    q, q0 = scale / design.n, scale / design.n0
    middle = 1 - q * (design.correlation or 0.0)
    root = middle**2 - (1 - q0) * (1 - q)
    if q0 >= 1 or root < 0:
        return None
    return (middle + math.sqrt(root)) / (1 - q0) - 1


def _power_of_few(p: float, p0: float, design: Design) -> float | None:
    """Of the tests of a few counts; None where there are many, or the test is one-sided."""
    n, n0 = (math.floor(count / design.design_effect) for count in (design.n, design.n0))
    if design.alternative != "two-sided" or min(n, n0) < 1:
        return None
    if design.correlation is not None:
        discordant = _discordant(p, p0, design.correlation)
        up, down = (discordant + p - p0) / 2, (discordant - p + p0) / 2
        return power_of_changes(up, down, n, design.alpha) if n * discordant < FEW else None
    pooled = (n * p + n0 * p0) / (n + n0)
    return power_of_counts(p, p0, n, n0, design.alpha) if min(n, n0) * min(pooled, 1 - pooled) < FEW else None


def _discordant(p: float, p0: float, correlation: float) -> float:
    """The share of people whose two answers differ."""
    shared = correlation * math.sqrt(p * (1 - p) * p0 * (1 - p0))
    # Two proportions allow a range of correlations only: the nearest possible one is taken.
    most = min(p + p0, 2 - p - p0)
    return min(most, max(abs(p - p0), p * (1 - p0) + p0 * (1 - p) - 2 * shared))


def _proportion_errors(p: float, p0: float, design: Design) -> tuple[float, float]:
    """Standard errors of p - p0 under equality and under the two proportions."""
    effect = design.design_effect
    if design.correlation is not None:
        discordant = _discordant(p, p0, design.correlation)
        rest = max(PRECISION, discordant - (p - p0) ** 2)
        return math.sqrt(discordant * effect / design.n), math.sqrt(rest * effect / design.n)
    n, n0 = design.n, design.n0
    pooled = (n * p + n0 * p0) / (n + n0)
    null = pooled * (1 - pooled) * (1 / n + 1 / n0)
    return math.sqrt(null * effect), math.sqrt((p * (1 - p) / n + p0 * (1 - p0) / n0) * effect)


def _tail(design: Design) -> float:
    return design.alpha / 2 if design.alternative == "two-sided" else design.alpha


def _noncentral_t_above(critical: float, df: float, ncp: float) -> float:
    """P(T > c); far tails are 0 or 1, where the noncentral distribution is not computed well."""
    if ncp > critical + 10 * (1 + critical):
        return 1.0
    if ncp < -37:
        return 0.0
    return min(1.0, max(0.0, 1 - float(special.nctdtr(df, ncp, critical))))


def _smallest(power_at: Callable[[float], float], power: float, lowest: float, most: float) -> float | None:
    """The smallest argument with this power: doubled until it is enough, then by bisection."""
    require_inside("power", power)
    if power_at(lowest) >= power:
        return lowest
    low, high = lowest, min(most, max(1.0, 2 * lowest))
    while power_at(high) < power:
        if high >= most:
            return None
        low, high = high, min(most, 2 * high)
    while high - low > PRECISION * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (low, middle) if power_at(middle) >= power else (middle, high)
    return high
