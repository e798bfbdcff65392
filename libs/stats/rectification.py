"""Simulated answers put right by those of people: prediction-powered inference. The interval is about people.

The simulation is the prediction of what each person would answer. It may be as wrong as it likes: then it weighs
nothing, and what people said is all that is left. Where it is right about who differs from whom, it narrows the
interval.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from libs.stats.arguments import require_level
from libs.stats.distributions import Interval, t_critical

Numbers = NDArray[np.float64]
NO_MORE_AGENTS = 0.98
"""An interval that endless agents would make no narrower than this share of it is as narrow as agents can make it."""


@dataclass(frozen=True, slots=True)
class Rectified:
    """An estimate from n people and the simulation, and from the people alone.

    `weight` is how much of the simulation was used, `correlation` that of answers and predictions. `effective_n` is how
    many people alone would give this variance; `narrower` the share of the width of the interval that was gained.
    """

    value: float
    standard_error: float
    interval: Interval
    human_value: float
    human_interval: Interval
    weight: float
    correlation: float | None
    n: int
    simulated_n: int
    effective_n: float

    @property
    def narrower(self) -> float:
        """1 - width / width of the people's own interval."""
        width = self.human_interval[1] - self.human_interval[0]
        return 1 - (self.interval[1] - self.interval[0]) / width if width > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Gain:
    """What more agents, and more people, would do to the half-width of an estimate."""

    half_width: float
    with_endless_agents: float
    with_twice_the_people: float
    people_for_half: int
    most_effective_n: float

    @property
    def agents_help(self) -> bool:
        """False: more agents will not make this truer."""
        return self.with_endless_agents < NO_MORE_AGENTS * self.half_width


@dataclass(frozen=True, slots=True)
class _Sample:
    """People with their predictions, and what the variance of λ times them depends on."""

    answers: Numbers
    predictions: Numbers

    @property
    def n(self) -> int:
        return len(self.answers)

    @property
    def moments(self) -> tuple[float, float, float]:
        """Variances of answers and predictions, and their covariance."""
        both = np.cov(self.answers, self.predictions)
        return float(both[0, 0]), float(both[1, 1]), float(both[0, 1])

    def mean_of_errors(self, weight: float) -> float:
        return float((self.answers - weight * self.predictions).mean())

    def variance_of_errors(self, weight: float) -> float:
        return float((self.answers - weight * self.predictions).var(ddof=1)) / self.n


def rectified_mean(
    answers: ArrayLike,
    predictions: ArrayLike,
    simulated: ArrayLike,
    confidence_level: float = 0.95,
    *,
    weight: float | None = None,
) -> Rectified | None:
    """The mean of people: mean(Y - λ f) + λ mean(F), f predicted for the n who answered and F for the N who did not.

    λ minimises the variance λ² Var F / N + Var(Y - λ f) / n within 0 … 1, so that the interval is not wider than that
    of the people alone. t on n - 1. None with fewer than two people or agents. Angelopoulos, Duchi & Zrnic, PPI++:
    Efficient Prediction-Powered Inference, arXiv:2311.01453, §6.
    """
    require_level(confidence_level)
    people, others = _sample(answers, predictions), _numbers("simulated", simulated)
    if people.n < 2 or len(others) < 2:
        return None
    spread = float(others.var(ddof=1)) / len(others)
    _, of_predictions, covariance = people.moments
    chosen = _weight(covariance / people.n, spread + of_predictions / people.n) if weight is None else weight
    return _rectified(
        value=people.mean_of_errors(chosen) + chosen * float(others.mean()),
        variance=chosen**2 * spread + people.variance_of_errors(chosen),
        human=(float(people.answers.mean()), people.variance_of_errors(0.0)),
        df=people.n - 1,
        weight=chosen,
        correlation=_correlation(people),
        sizes=(people.n, len(others)),
        confidence_level=confidence_level,
    )


def rectified_difference(arm: Rectified, baseline: Rectified, confidence_level: float = 0.95) -> Rectified:
    """Of two groups of people and two of agents, independent of each other: the difference of their rectified means.

    The variances add up; degrees of freedom as if the smaller group were all. PPI++, arXiv:2311.01453.
    """
    n, n0 = arm.n, baseline.n
    df = min(n, n0) - 1
    human = [_variance(one.human_interval, one.n - 1, confidence_level) for one in (arm, baseline)]
    return _rectified(
        value=arm.value - baseline.value,
        variance=arm.standard_error**2 + baseline.standard_error**2,
        human=(arm.human_value - baseline.human_value, sum(human)),
        df=df,
        weight=(arm.weight + baseline.weight) / 2,
        correlation=None,
        sizes=(min(n, n0), min(arm.simulated_n, baseline.simulated_n)),
        confidence_level=confidence_level,
    )


def rectified_cloned_difference(
    arm: tuple[ArrayLike, ArrayLike],
    baseline: tuple[ArrayLike, ArrayLike],
    simulated: tuple[ArrayLike, ArrayLike],
    confidence_level: float = 0.95,
    *,
    weight: float | None = None,
) -> Rectified | None:
    """DiP++, agents in both arms and people in one: λ mean(S₁ - S₀) + mean₁(Y - λ S₁) - mean₀(Y - λ S₀).

    (answers, predictions) of the people of each arm, and (S₁, S₀) of every agent. λ minimises the variance λ² Var(S₁ -
    S₀)/U + Var₁(Y - λ S₁)/n₁ + Var₀(Y - λ S₀)/n₀, learnt on each half of the people and used on the other (halves by
    turns), within 0 … 1. van Loon & Kanopka, mixedsubjects 1.0.0 (CRAN), "DiP++"; Broska, Howes & van Loon (2025).
    """
    require_level(confidence_level)
    groups = [_sample(*arm), _sample(*baseline)]
    first, second = (_numbers("simulated", one) for one in simulated)
    if len(first) != len(second):
        raise ValueError(f"simulated: {len(first)} agents in one arm and {len(second)} in the other")
    effects = first - second
    if min(group.n for group in groups) < 4 or len(effects) < 2:
        return None
    spread = float(effects.var(ddof=1)) / len(effects)
    folds = [[_Sample(one.answers[half::2], one.predictions[half::2]) for one in groups] for half in (0, 1)]
    values, weights = [], []
    for used, learnt in ((folds[0], folds[1]), (folds[1], folds[0])):
        gain = sum(one.moments[2] / one.n for one in learnt)
        cost = spread + sum(one.moments[1] / one.n for one in learnt)
        chosen = _weight(gain, cost) if weight is None else weight
        weights.append(chosen)
        values.append(chosen * float(effects.mean()) + used[0].mean_of_errors(chosen) - used[1].mean_of_errors(chosen))
    mean_weight = sum(weights) / 2
    quarter = [
        sum(one.variance_of_errors(chosen) for one in used) / 4 for used, chosen in zip(folds, weights, strict=True)
    ]
    return _rectified(
        value=sum(values) / 2,
        variance=mean_weight**2 * spread + sum(quarter),
        human=(
            float(groups[0].answers.mean() - groups[1].answers.mean()),
            sum(group.variance_of_errors(0.0) for group in groups),
        ),
        df=min(group.n for group in groups) - 1,
        weight=mean_weight,
        correlation=None,
        sizes=(min(group.n for group in groups), len(effects)),
        confidence_level=confidence_level,
    )


def effective_people(n: int, simulated_n: int, correlation: float) -> float:
    """n (n + N) / (n + (1 - ρ²) N): people alone that n people with N predictions are worth; at most n / (1 - ρ²).

    Broska, Howes & van Loon, Sociological Methods & Research (2025), doi 10.1177/00491241251326865.
    """
    return n * (n + simulated_n) / (n + (1 - correlation**2) * simulated_n) if n else 0.0


def best_split(budget: float, cost_of_person: float, cost_of_agent: float, correlation: float) -> tuple[int, int]:
    """People and further agents that a budget buys so that the effective n is largest; each person has an agent.

    Looked for among all whole numbers of people. Broska et al. (2025).
    """
    each = cost_of_person + cost_of_agent

    def agents_beside(people: int) -> int:
        return int((budget - people * each) / cost_of_agent + 1e-9)

    people = max(
        range(1, int(budget / each + 1e-9) + 1),
        key=lambda people: effective_people(people, agents_beside(people), correlation),
        default=0,
    )
    return people, agents_beside(people)


def gain_of_more(found: Rectified) -> Gain:
    """What would make the interval narrower: `effective_people` at the correlation of these people."""
    half = (found.interval[1] - found.interval[0]) / 2
    squared = min(found.correlation or 0.0, 1.0) ** 2 if (found.correlation or 0.0) > 0 else 0.0
    rho = math.sqrt(squared)
    here = effective_people(found.n, found.simulated_n, rho)
    most = found.n / (1 - squared) if squared < 1 else math.inf
    twice = effective_people(2 * found.n, found.simulated_n, rho)
    # half the width takes four times the effective n; n (n + N) / (n + (1 - ρ²) N) = m is a square equation in n
    wanted, rest = 4 * here, found.simulated_n
    people = ((wanted - rest) + math.sqrt((rest - wanted) ** 2 + 4 * wanted * (1 - squared) * rest)) / 2
    return Gain(
        half_width=half,
        with_endless_agents=half * math.sqrt(here / most) if math.isfinite(most) else 0.0,
        with_twice_the_people=half * math.sqrt(here / twice),
        people_for_half=max(0, math.ceil(people) - found.n),
        most_effective_n=most,
    )


def _rectified(
    *,
    value: float,
    variance: float,
    human: tuple[float, float],
    df: int,
    weight: float,
    correlation: float | None,
    sizes: tuple[int, int],
    confidence_level: float,
) -> Rectified:
    t = t_critical(confidence_level, df)
    own, own_variance = human
    half, own_half = t * math.sqrt(variance), t * math.sqrt(own_variance)
    return Rectified(
        value=value,
        standard_error=math.sqrt(variance),
        interval=(value - half, value + half),
        human_value=own,
        human_interval=(own - own_half, own + own_half),
        weight=weight,
        correlation=correlation,
        n=sizes[0],
        simulated_n=sizes[1],
        effective_n=sizes[0] * (own_variance / variance) if variance > 0 else float(sizes[0]),
    )


def _weight(gain: float, cost: float) -> float:
    return min(1.0, max(0.0, gain / cost)) if cost > 0 else 0.0


def _variance(interval: Interval, df: int, confidence_level: float) -> float:
    return ((interval[1] - interval[0]) / 2 / t_critical(confidence_level, df)) ** 2


def _correlation(people: _Sample) -> float | None:
    of_answers, of_predictions, covariance = people.moments
    scale = math.sqrt(of_answers * of_predictions)
    return max(-1.0, min(1.0, covariance / scale)) if scale > 0 else None


def _sample(answers: ArrayLike, predictions: ArrayLike) -> _Sample:
    given, predicted = _numbers("answers", answers), _numbers("predictions", predictions)
    if len(given) != len(predicted):
        raise ValueError(f"predictions: {len(predicted)} of them, but {len(given)} answers")
    return _Sample(given, predicted)


def _numbers(name: str, values: ArrayLike | Sequence[float]) -> Numbers:
    numbers = np.asarray(values, dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise ValueError(f"{name}: must be finite numbers")
    return numbers
