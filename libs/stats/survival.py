"""How long until something happens, when some were watched too short to see it (censored).

A person who drops out, or whose simulation ends, has not said no. At equal times events come before censoring.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from libs.stats.arguments import Numbers, finite_numbers, require_as_many, require_level
from libs.stats.contrast import HypothesisTest
from libs.stats.distributions import Interval, chi_square_tail, normal_critical

LOG_RANK = "log-rank test"


@dataclass(frozen=True, slots=True)
class Watched:
    """Times of some people, and whether the event came then or watching ended."""

    times: Sequence[float]
    is_event: Sequence[bool]

    def __post_init__(self) -> None:
        require_as_many("is_event", self.is_event, "times", self.times)
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
    """S(t) = Π (1 - d/n) over event times up to t; interval by Greenwood's variance of log(-log S).

    Kaplan and Meier, JASA 53 (1958) 457-481; Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data
    (2002), §1.4. Empty without events.
    """
    require_level(confidence_level)
    z, steps, survival, hazard = normal_critical(confidence_level), [], 1.0, 0.0
    for time, at_risk, events in _event_times(watched):
        survival *= 1 - events / at_risk
        interval = None
        if events < at_risk and 0 < survival < 1:
            hazard += events / (at_risk * (at_risk - events))
            factor = math.exp(z * math.sqrt(hazard) / abs(math.log(survival)))
            interval = (survival**factor, survival ** (1 / factor))
        steps.append(SurvivalStep(time, at_risk, events, survival, interval))
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


def _event_times(watched: Watched) -> list[tuple[float, int, int]]:
    """Each time with events, who is at risk then, and how many events."""
    times: Numbers = np.asarray(watched.times, dtype=np.float64)
    events = np.asarray(watched.is_event, dtype=bool)
    return [
        (float(time), int((times >= time).sum()), int((events & (times == time)).sum()))
        for time in np.unique(times[events])
    ]
