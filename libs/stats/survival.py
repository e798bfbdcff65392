"""How long until something happens, when some were watched too short to see it (censored).

A person who drops out, or whose simulation ends, has not said no. At equal times events come before censoring. People
who heard each other, and one person in both arms, are clusters: curves widen with them, and `clustered_log_rank` is
their test.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from libs.stats.arguments import finite_numbers, require_as_many, require_level
from libs.stats.contrast import HypothesisTest
from libs.stats.distributions import Interval, chi_square_tail, normal_critical, t_critical

LOG_RANK = "log-rank test"
CLUSTERED_LOG_RANK = "cluster-robust log-rank test"
NOTHING = 1e-24
"""Squares of scores, which are about 1, that rounding alone makes."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Times of some people, and whether the event came then or watching ended; None where nobody heard another."""

    times: Sequence[float]
    is_event: Sequence[bool]
    clusters: Sequence[Hashable] | None = None

    def __post_init__(self) -> None:
        require_as_many("is_event", self.is_event, "times", self.times)
        if self.clusters is not None:
            require_as_many("clusters", self.clusters, "times", self.times)
        if (finite_numbers("times", self.times) < 0).any():
            raise ValueError("times: must not be below 0")


@dataclass(frozen=True, slots=True)
class SurvivalStep:
    """At a time with events: how many were still watched, how many had the event, and the share that has not after it.

    No interval once nobody is left, or before the share has changed.
    """

    time: float
    at_risk: int
    events: int
    survival: float
    interval: Interval | None


def kaplan_meier(watched: Watched, confidence_level: float = 0.95) -> tuple[SurvivalStep, ...]:
    """S(t) = Π (1 - d/n) over event times up to t; interval by the variance of log(-log S), that of log S being
    Σ_g (Σ_i Σ_t (dN_i - Y_i d/n) / (n - d))² over clusters: Greenwood's where everybody is one of their own.

    Of clusters the quantile is Student's, on one less than there are. Kaplan and Meier, JASA 53 (1958) 457-481;
    Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data (2002), §1.4; Ying and Wei, J. Multivariate
    Analysis 50 (1994) 17-29. Empty without events.
    """
    require_level(confidence_level)
    steps, survival = list[SurvivalStep](), 1.0
    times, events = np.asarray(watched.times, dtype=np.float64), np.asarray(watched.is_event, dtype=bool)
    unit = _places(range(len(times)) if watched.clusters is None else watched.clusters)
    moved = np.zeros(len(set(unit)))
    is_clustered = len(moved) < len(times)
    z = t_critical(confidence_level, len(moved) - 1) if is_clustered else normal_critical(confidence_level)
    for time in np.unique(times[events]):
        is_at_risk, has_died = times >= time, events & (times == time)
        at_risk, died = int(is_at_risk.sum()), int(has_died.sum())
        survival *= 1 - died / at_risk
        interval = None
        if died < at_risk and 0 < survival < 1 and len(moved) > 1:
            residuals = (has_died - is_at_risk * (died / at_risk)) / (at_risk - died)
            moved += np.bincount(unit, residuals, minlength=len(moved))
            error = math.sqrt(math.fsum(moved**2))
            factor = math.exp(z * error / abs(math.log(survival)))
            interval = (survival**factor, survival ** (1 / factor))
        steps.append(SurvivalStep(float(time), at_risk, died, survival, interval))
    return tuple(steps)


def median_survival(watched: Watched) -> float | None:
    """The first time at which no more than half remain; None when more than half always do."""
    return next((step.time for step in kaplan_meier(watched) if step.survival <= 0.5), None)


def log_rank(groups: Sequence[Watched]) -> HypothesisTest | None:
    """Do k groups have the same hazard? Observed less expected events, summed over event times, χ² on k - 1 df.

    Mantel, Cancer Chemotherapy Reports 50 (1966) 163-170; Peto and Peto, J. Royal Statistical Society A 135 (1972)
    185-207. Groups without people are left out. None with fewer than two, or without an event while two were watched.
    """
    groups = [group for group in groups if len(group.times)]
    times = np.array([time for group in groups for time in group.times], dtype=np.float64)
    events = np.array([is_event for group in groups for is_event in group.is_event], dtype=bool)
    member = np.repeat(np.arange(len(groups)), [len(group.times) for group in groups])
    excess, covariance = np.zeros(len(groups)), np.zeros((len(groups), len(groups)))
    for time in np.unique(times[events]):
        at_risk = np.bincount(member[times >= time], minlength=len(groups)).astype(np.float64)
        died = np.bincount(member[events & (times == time)], minlength=len(groups)).astype(np.float64)
        n, d = at_risk.sum(), died.sum()
        excess += died - d * at_risk / n
        if n > 1:
            shares = at_risk / n
            covariance += d * (n - d) / (n - 1) * (np.diag(shares) - np.outer(shares, shares))
    if len(groups) < 2 or not covariance.any():
        return None
    statistic = float(excess @ np.linalg.pinv(covariance, hermitian=True) @ excess)
    df = int(np.linalg.matrix_rank(covariance, hermitian=True))
    return HypothesisTest(statistic, df, chi_square_tail(statistic, df), LOG_RANK)


def clustered_log_rank(arm: Watched, baseline: Watched) -> HypothesisTest | None:
    """The log-rank test of two groups whose people are in clusters, of one group or of both: U² / Σ_g W_g² on 1 df.

    U = ΣW is observed less expected events of the arm; W_g adds up the score residuals
    Σ_t (z_i - n₁/n) (dN_i - Y_i d/n) of a cluster. Lin and Wei, JASA 84 (1989) 1074-1078; Jung and Jeong, Lifetime Data
    Analysis 9 (2003) 21-33. Without clusters everybody is one. None unless either group is of two clusters or more, or
    where nothing happened while both were watched.
    """
    names = [
        list(one.clusters) if one.clusters is not None else [(place, n) for n in range(len(one.times))]
        for place, one in enumerate((arm, baseline))
    ]
    if any(len(set(own)) < 2 for own in names):
        return None
    unit = _places([*names[0], *names[1]])
    times = np.array([*arm.times, *baseline.times], dtype=np.float64)
    events = np.array([*arm.is_event, *baseline.is_event], dtype=bool)
    is_arm = np.repeat([1.0, 0.0], [len(arm.times), len(baseline.times)])
    scores = np.zeros(len(times))
    for time in np.unique(times[events]):
        is_at_risk, has_died = times >= time, events & (times == time)
        share = is_arm[is_at_risk].mean()
        scores += (is_arm - share) * (has_died - is_at_risk * (has_died.sum() / is_at_risk.sum()))
    moved = np.bincount(unit, scores)
    variance = math.fsum(moved**2)
    if variance < NOTHING * len(times):
        return None
    statistic = math.fsum(moved) ** 2 / variance
    return HypothesisTest(statistic, 1, chi_square_tail(statistic, 1), CLUSTERED_LOG_RANK)


def _places(names: Sequence[Hashable]) -> list[int]:
    """Each name as a number from 0, in the order in which they come first."""
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    return [places[name] for name in names]
