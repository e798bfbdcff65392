"""Answers on an ordered scale from the counts of its levels: proportional odds, and the share of the top levels.

Proportional odds say in one number what the arm does at every threshold of the scale. That it is one number is an
assumption, which `parallel_p` tests; where it fails, the odds ratio is an average that describes no threshold.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from libs.stats.arguments import Numbers, require_as_many, require_count, require_level
from libs.stats.contrast import Contrast
from libs.stats.distributions import Interval, chi_square_tail, normal_critical, normal_two_sided
from libs.stats.proportions import compare_proportions

PROPORTIONAL_ODDS = "proportional odds model, Wald"
NOT_PARALLEL = 0.05
STEPS = 100
CONVERGED = 1e-10


@dataclass(frozen=True, slots=True)
class ProportionalOdds:
    """Odds of a level or higher, arm against baseline, at every threshold alike; above 1 the arm is higher.

    `parallel_p` is None where fewer than two thresholds have answers on both sides in both arms. `is_parallel` false
    is the warning that the odds ratios of the thresholds, `by_threshold`, differ and the common one must not be read
    alone.
    """

    odds_ratio: float
    interval: Interval
    statistic: float
    p_value: float
    by_threshold: tuple[float | None, ...]
    parallel_statistic: float | None
    parallel_p: float | None

    @property
    def is_parallel(self) -> bool:
        """False when the data contradict one common odds ratio."""
        return self.parallel_p is None or self.parallel_p >= NOT_PARALLEL


def proportional_odds(
    counts: Sequence[int], baseline: Sequence[int], confidence_level: float = 0.95
) -> ProportionalOdds | None:
    """logit P(Y > j) = β x - θ_j by maximum likelihood (Newton), Wald test and interval of exp β, Brant's test.

    McCullagh, J. Royal Statistical Society B 42 (1980) 109-142; Brant, Biometrics 46 (1990) 1171-1178. None when an
    arm is empty, fewer than two levels have answers, or the arms do not overlap, where the odds ratio is infinite.
    """
    require_level(confidence_level)
    require_as_many("baseline", baseline, "counts", counts)
    for name, given in (("counts", counts), ("baseline", baseline)):
        for count in given:
            require_count(name, count)
    table = np.array([counts, baseline], dtype=np.float64)
    table = table[:, table.sum(axis=0) > 0]
    if (table.sum(axis=1) == 0).any() or table.shape[1] < 2 or not _overlap(table):
        return None
    beta, thresholds, information = _fit(table)
    error = math.sqrt(float(np.linalg.inv(information)[-1, -1]))
    z = beta / error
    half = normal_critical(confidence_level) * error
    statistic, parallel_p = _brant(table, thresholds, beta)
    return ProportionalOdds(
        odds_ratio=math.exp(beta),
        interval=(math.exp(beta - half), math.exp(beta + half)),
        statistic=z,
        p_value=normal_two_sided(z),
        by_threshold=tuple(_odds_ratio(table, j) for j in range(1, table.shape[1])),
        parallel_statistic=statistic,
        parallel_p=parallel_p,
    )


def top_box(counts: Sequence[int], baseline: Sequence[int], top: int = 2, confidence_level: float = 0.95) -> Contrast:
    """The share of answers in the highest `top` levels, compared as proportions; secondary, since it throws away
    order.
    """
    require_as_many("baseline", baseline, "counts", counts)
    if not 1 <= top < len(counts):
        raise ValueError(f"top: {top} is not between 1 and {len(counts) - 1}")
    return compare_proportions(sum(counts[-top:]), sum(counts), sum(baseline[-top:]), sum(baseline), confidence_level)


def _overlap(table: Numbers) -> bool:
    """False where an arm lies wholly at or above the other, so that no finite odds ratio is the likeliest."""
    arm, base = (np.flatnonzero(row) for row in table)
    return bool(arm[0] < base[-1] and base[0] < arm[-1])


def _fit(table: Numbers) -> tuple[float, Numbers, Numbers]:
    """β, thresholds and the expected information at the maximum; steps are halved until the likelihood rises."""
    share = np.cumsum(table.sum(axis=0))[:-1] / table.sum()
    parameters = np.append(np.log(share / (1 - share)), 0.0)
    best = _log_likelihood(table, parameters)
    for _ in range(STEPS):
        score, information = _score(table, parameters)
        step = np.linalg.solve(information, score)
        scale = 1.0
        while (found := _log_likelihood(table, parameters + scale * step)) < best and scale > CONVERGED:
            scale /= 2
        parameters, best = parameters + scale * step, max(best, found)
        if np.abs(scale * step).max() < CONVERGED:
            break
    return float(parameters[-1]), parameters[:-1], _score(table, parameters)[1]


def _cumulative(parameters: Numbers) -> Numbers:
    """P(Y <= j) of both arms, arm first, with 0 and 1 at the ends."""
    logits = parameters[:-1] - parameters[-1] * np.array([[1.0], [0.0]])
    inner = 1 / (1 + np.exp(-logits))
    return np.hstack([np.zeros((2, 1)), inner, np.ones((2, 1))])


def _log_likelihood(table: Numbers, parameters: Numbers) -> float:
    cells = np.diff(_cumulative(parameters), axis=1)
    if (cells <= 0).any():
        return -math.inf
    return float((table * np.log(cells)).sum())


def _score(table: Numbers, parameters: Numbers) -> tuple[Numbers, Numbers]:
    """Gradient and expected information of (θ, β)."""
    cumulative = _cumulative(parameters)
    cells, k = np.diff(cumulative, axis=1), len(parameters)
    score, information = np.zeros(k), np.zeros((k, k))
    for row, is_arm in ((0, True), (1, False)):
        slope = (cumulative[row] * (1 - cumulative[row]))[1:-1]
        jacobian = np.zeros((cells.shape[1], k))
        places = np.arange(k - 1)
        jacobian[places, places] = slope
        jacobian[places + 1, places] = -slope
        if is_arm:
            jacobian[:, -1] = -jacobian[:, :-1].sum(axis=1)
        score += jacobian.T @ (table[row] / cells[row])
        information += table[row].sum() * jacobian.T @ (jacobian / cells[row][:, None])
    return score, information


def _odds_ratio(table: Numbers, threshold: int) -> float | None:
    below, above = table[:, :threshold].sum(axis=1), table[:, threshold:].sum(axis=1)
    if (below * above == 0).any():
        return None
    return float(above[0] * below[1] / (below[0] * above[1]))


def _brant(table: Numbers, thresholds: Numbers, beta: float) -> tuple[float | None, float | None]:
    """Wald's test that the log odds ratios of all usable thresholds are equal, with the covariance the model implies.

    With one regressor of two values each binary fit is its log odds ratio, whose covariance between thresholds j <= l
    is Σ over arms of 1 / (n (1 - F_j) F_l).
    """
    usable = [j for j in range(1, table.shape[1]) if _odds_ratio(table, j) is not None]
    if len(usable) < 2:
        return None, None
    slopes = np.array([math.log(_odds_ratio(table, j) or 1.0) for j in usable])
    cumulative = _cumulative(np.append(thresholds, beta))[:, usable]
    m = len(usable)
    covariance = np.zeros((m, m))
    for i in range(m):
        for j in range(i, m):
            terms = 1 / (table.sum(axis=1) * (1 - cumulative[:, i]) * cumulative[:, j])
            covariance[i, j] = covariance[j, i] = terms.sum()
    contrasts = np.hstack([np.full((m - 1, 1), -1.0), np.eye(m - 1)])
    differences = contrasts @ slopes
    statistic = float(differences @ np.linalg.solve(contrasts @ covariance @ contrasts.T, differences))
    return statistic, chi_square_tail(statistic, m - 1)
