"""What is true in the offline model, exactly: expectations given person and stimulus, and effects on a population.

Tests of the platform's statistics (coverage, type-I error) compare estimates with these numbers, not with samples.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from libs.contracts.instruments import Instrument, MetricType
from services.models.domain.offline.laws import Expected
from services.models.domain.offline.mind import Mind, funnel, meet


@dataclass(frozen=True, slots=True)
class Expectation:
    """One metric of one person: the probability that the funnel reaches it, and its expectation if it does."""

    reached: float
    given_reached: Expected
    """P(yes), mean, probability or mean rank by option; the key is null for a metric that is one number."""

    @property
    def of_all(self) -> Expected:
        """`given_reached` × `reached`: for a binary metric P(reached and yes), as when "not reached" counts as no."""
        return {option: value * self.reached for option, value in self.given_reached.items()}


@dataclass(frozen=True, slots=True)
class TrueEffect:
    """The difference b − a of population means for one metric (and option)."""

    of_all: float
    """With a person whom the funnel did not reach counted as 0 (no)."""
    given_reached: float
    """Among those reached in each arm: Σ reached · mean / Σ reached. NaN when nobody can be reached."""


def expected(persona: object, stimulus: object, instruments: Sequence[Instrument]) -> dict[str, Expectation]:
    """The exact expectation of each metric for a person (persona block) before a stimulus (block, text or null)."""
    return _expected(meet(persona, stimulus), instruments)


def true_means(
    personas: Sequence[object], stimulus: object, instruments: Sequence[Instrument]
) -> dict[tuple[str, str | None], tuple[float, float]]:
    """(mean of all, mean of those reached) by (metric, option) when everybody of a population meets the stimulus."""
    people = [expected(persona, stimulus, instruments) for persona in personas]
    means = {}
    for name in people[0] if people else ():
        total = math.fsum(person[name].reached for person in people)
        for option in people[0][name].given_reached:
            summed = math.fsum(person[name].of_all[option] for person in people)
            means[name, option] = (summed / len(people), summed / total if total else math.nan)
    return means


def true_effect(
    personas: Sequence[object], stimulus_a: object, stimulus_b: object, instruments: Sequence[Instrument]
) -> dict[tuple[str, str | None], TrueEffect]:
    """What changing a for b does to the population, by (metric, option); the option is null for a single number."""
    before = true_means(personas, stimulus_a, instruments)
    after = true_means(personas, stimulus_b, instruments)
    return {key: TrueEffect(after[key][0] - before[key][0], after[key][1] - before[key][1]) for key in before}


def _expected(mind: Mind, instruments: Sequence[Instrument]) -> dict[str, Expectation]:
    """Answers are independent given person and stimulus, so the probability of a funnel is a product."""
    passed: dict[str, float] = {}
    found: dict[str, Expectation] = {}
    for instrument, required in funnel(instruments):
        law = mind.law(instrument)
        reached = 1.0 if required is None else passed[required]
        given = law.expected() if law is not None else {}
        is_gate = instrument.type is MetricType.BINARY
        passed[instrument.name] = reached * given[None] if is_gate else 0.0
        found[instrument.name] = Expectation(reached, given)
    return found
