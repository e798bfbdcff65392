"""Ordinal answers and skewed amounts: comparisons that use the order of the values and nothing else.

The effect is how often a person of the arm is above one of the baseline: P(X > Y) + ½ P(X = Y), ½ for no effect.
Cliff's δ = 2P - 1 = P(X > Y) - P(X < Y) says the same about 0. Counts per level become values by `from_counts`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from libs.stats.arguments import Numbers, finite_numbers, require_as_many, require_count, require_level
from libs.stats.association import midranks
from libs.stats.contrast import Contrast, Estimated, HypothesisTest
from libs.stats.distributions import Interval, chi_square_tail, normal_two_sided, t_critical, t_two_sided
from libs.stats.means import satterthwaite_df

BRUNNER_MUNZEL = "Brunner-Munzel test and interval"
SEPARATED = "exact permutation test (the arms do not overlap, so there is no interval)"
CLIFFS_DELTA = "Cliff's delta"
SUPERIORITY = "probability of superiority"
MANN_WHITNEY_EXACT = "Mann-Whitney U test, exact"
MANN_WHITNEY = "Mann-Whitney U test, normal approximation"
WILCOXON_EXACT = "Wilcoxon signed-rank test, exact"
WILCOXON = "Wilcoxon signed-rank test, normal approximation"
KRUSKAL_WALLIS = "Kruskal-Wallis test"
MOST_FOR_EXACT = 25


@dataclass(frozen=True, slots=True)
class Superiority:
    """P(X > Y) + ½ P(X = Y) with its test against ½; interval and statistic are None where the arms do not overlap."""

    probability: float
    interval: Interval | None
    statistic: float | None
    df: float | None
    p_value: float


def from_counts(counts: Sequence[int], levels: Sequence[float] | None = None) -> list[float]:
    """The values behind the counts of ordered levels, which are 1, 2, … unless given."""
    for count in counts:
        require_count("counts", count)
    scores = range(1, len(counts) + 1) if levels is None else levels
    require_as_many("levels", scores, "counts", counts)
    return [float(level) for level, count in zip(scores, counts, strict=True) for _ in range(count)]


def brunner_munzel(values: ArrayLike, baseline: ArrayLike, confidence_level: float = 0.95) -> Superiority | None:
    """t = (P - ½) / √(S²/(n m²) + S0²/(m n²)) on Satterthwaite's df, S² of overall ranks less ranks within the arm.

    Variances may differ, ties are allowed. Good from about ten answers in each arm. Brunner and Munzel, Biometrical
    J. 42 (2000) 17-25. Arms that do not overlap get the exact permutation p-value 2 / C(n+m, n). None when an arm is
    empty.
    """
    require_level(confidence_level)
    x, y = finite_numbers("values", values), finite_numbers("baseline", baseline)
    n, m = len(x), len(y)
    if not n or not m:
        return None
    ranks = midranks(np.concatenate([x, y]))
    within_x, within_y = ranks[:n] - midranks(x), ranks[n:] - midranks(y)  # m P(x is above), n P(y is above)
    p = float(within_x.mean()) / m
    v = float(within_x.var(ddof=1)) / (n * m * m) if n > 1 else 0.0
    v0 = float(within_y.var(ddof=1)) / (m * n * n) if m > 1 else 0.0
    if min(n, m) < 2 or v + v0 == 0:
        exact = min(1.0, 2.0 / math.comb(n + m, n)) if p in (0.0, 1.0) else 1.0
        return Superiority(p, None, None, None, exact)
    df = satterthwaite_df((v, n - 1), (v0, m - 1))
    error = math.sqrt(v + v0)
    half = t_critical(confidence_level, df) * error
    t = (p - 0.5) / error
    return Superiority(p, (max(0.0, p - half), min(1.0, p + half)), t, df, t_two_sided(t, df))


def compare_ordinal(values: ArrayLike, baseline: ArrayLike, confidence_level: float = 0.95) -> Contrast:
    """Cliff's δ as the difference, the probability of superiority as the effect size, tested by Brunner and Munzel."""
    found = brunner_munzel(values, baseline, confidence_level)
    if found is None:
        return Contrast(None, None, confidence_level, None, None, None, BRUNNER_MUNZEL, effect_size_name=SUPERIORITY)
    return Contrast(
        difference=2 * found.probability - 1,
        interval=_delta(found.interval),
        confidence_level=confidence_level,
        statistic=found.statistic,
        df=found.df,
        p_value=found.p_value,
        method=f"{BRUNNER_MUNZEL} of {CLIFFS_DELTA}" if found.interval else SEPARATED,
        effect_size=found.probability,
        effect_size_interval=found.interval,
        effect_size_name=SUPERIORITY,
    )


def cliffs_delta(values: ArrayLike, baseline: ArrayLike, confidence_level: float = 0.95) -> Estimated | None:
    """δ = P(X > Y) - P(X < Y) with the interval of Brunner and Munzel. Cliff, Psychological Bulletin 114 (1993)
    494-509.
    """
    found = brunner_munzel(values, baseline, confidence_level)
    return None if found is None else Estimated(2 * found.probability - 1, _delta(found.interval), CLIFFS_DELTA)


def mann_whitney(values: ArrayLike, baseline: ArrayLike, *, is_exact: bool | None = None) -> HypothesisTest | None:
    """U = pairs in which the value is above the baseline, ties counting half; a test that both distributions are the
    same.

    Exact by counting all ranks for up to 25 values in each arm without ties, else normal with ties and continuity
    corrected. None when an arm is empty. Mann and Whitney, Annals of Mathematical Statistics 18 (1947) 50-60.
    """
    x, y = finite_numbers("values", values), finite_numbers("baseline", baseline)
    n, m = len(x), len(y)
    if not n or not m:
        return None
    pooled = np.concatenate([x, y])
    u = float(midranks(pooled)[:n].sum()) - n * (n + 1) / 2
    ties = np.unique(pooled, return_counts=True)[1].astype(np.float64)
    if is_exact if is_exact is not None else max(n, m) <= MOST_FOR_EXACT and ties.max() == 1:
        tail = _rank_sums(n, m)[: int(min(u, n * m - u)) + 1].sum()
        return HypothesisTest(u, None, min(1.0, 2 * float(tail)), MANN_WHITNEY_EXACT)
    total = n + m
    variance = n * m / 12 * (total + 1 - float((ties**3 - ties).sum()) / (total * (total - 1)))
    z = max(0.0, abs(u - n * m / 2) - 0.5) / math.sqrt(variance) if variance > 0 else 0.0
    return HypothesisTest(u, None, normal_two_sided(z), MANN_WHITNEY)


def wilcoxon_signed_rank(
    values: ArrayLike, baseline: ArrayLike, *, is_exact: bool | None = None
) -> HypothesisTest | None:
    """The same people twice: W = sum of the ranks of |d| where d is above 0; pairs without a difference are left out.

    Exact for up to 25 differences without ties, else normal with ties corrected. The statistic is the smaller of the
    two sums. None when no pair differs. Wilcoxon, Biometrics Bulletin 1 (1945) 80-83.
    """
    require_as_many("baseline", np.asarray(baseline), "values", np.asarray(values))
    d = finite_numbers("values", values) - finite_numbers("baseline", baseline)
    d = d[d != 0]
    n = len(d)
    if not n:
        return None
    ranks = midranks(np.abs(d))
    above = float(ranks[d > 0].sum())
    statistic = min(above, n * (n + 1) / 2 - above)
    ties = np.unique(np.abs(d), return_counts=True)[1].astype(np.float64)
    if is_exact if is_exact is not None else n <= MOST_FOR_EXACT and ties.max() == 1:
        return HypothesisTest(statistic, None, min(1.0, 2 * _signed_tail(n, int(statistic))), WILCOXON_EXACT)
    variance = n * (n + 1) * (2 * n + 1) / 24 - float((ties**3 - ties).sum()) / 48
    return HypothesisTest(
        statistic, None, normal_two_sided((statistic - n * (n + 1) / 4) / math.sqrt(variance)), WILCOXON
    )


def kruskal_wallis(samples: Sequence[ArrayLike]) -> HypothesisTest | None:
    """k arms of different people: H = (N-1) Σ n (R̄ - (N+1)/2)² / Σ (R - (N+1)/2)²; χ² on k-1 df, right with ties too.

    Kruskal and Wallis, JASA 47 (1952) 583-621. Empty arms are left out; None with fewer than two, or equal values only.
    """
    arms = [arm for arm in (finite_numbers("samples", sample) for sample in samples) if len(arm)]
    if len(arms) < 2:
        return None
    total = sum(map(len, arms))
    centred = midranks(np.concatenate(arms)) - (total + 1) / 2
    spread = float(centred @ centred)
    if spread == 0:
        return None
    parts = np.split(centred, np.cumsum([len(arm) for arm in arms])[:-1])
    statistic = (total - 1) * math.fsum(float(part.sum()) ** 2 / len(part) for part in parts) / spread
    return HypothesisTest(statistic, len(arms) - 1, chi_square_tail(statistic, len(arms) - 1), KRUSKAL_WALLIS)


def _delta(interval: Interval | None) -> Interval | None:
    return interval and (2 * interval[0] - 1, 2 * interval[1] - 1)


def _rank_sums(n: int, m: int) -> Numbers:
    """P(U = u) for u = 0 … n m: products of (1 - q^(m+i)) / (1 - q^i). Gaussian binomial coefficients."""
    counts = np.zeros(n * m + 1)
    counts[0] = 1.0
    for i in range(1, n + 1):
        for u in range(n * m, m + i - 1, -1):
            counts[u] -= counts[u - m - i]
        for u in range(i, n * m + 1):
            counts[u] += counts[u - i]
    probabilities: Numbers = counts / math.comb(n + m, n)
    return probabilities


def _signed_tail(n: int, most: int) -> float:
    """P(W <= most): the share of the 2ⁿ choices of signs with so small a sum of ranks."""
    counts = np.zeros(n * (n + 1) // 2 + 1)
    counts[0] = 1.0
    for rank in range(1, n + 1):
        counts[rank:] = counts[rank:] + counts[: len(counts) - rank].copy()
    return float(counts[: most + 1].sum() / 2.0**n)
