"""Instruments as scalar outcomes: what an answer counts as, by the type its metric was declared with.

binary → 0 or 1 (a proportion); ordinal, numeric → the value (a mean); choice → 0 or 1 for each option (a proportion
each); ranking → the place of each option, 1 is best (a mean rank each); text → no outcome.

A null answer means that the funnel did not reach the metric. For a binary metric that counts as false: every answered
turn stays in the denominator (intention to treat), because leaving out those who never opened would compare the
self-selected openers of one arm with those of another. For every other type there is no value that a null could stand
for: it is missing, and such an outcome speaks of those who got that far only (`is_conditional`). An answer that its
metric does not allow (an unknown option, a number outside the scale) is missing too: nothing is guessed.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from libs.contracts.instruments import Answer, Instrument, MetricType

Measure = Literal["proportion", "mean", "mean_rank"]
Score = Callable[[Instrument, str | None, Answer], float | None]


def _truth(instrument: Instrument, _option: str | None, answer: Answer) -> float | None:
    if isinstance(answer, bool):
        return float(answer)
    return 0.0 if answer is None and instrument.requires is not None else None


def _number(instrument: Instrument, _option: str | None, answer: Answer) -> float | None:
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        return None
    low = -math.inf if instrument.minimum is None else instrument.minimum
    high = math.inf if instrument.maximum is None else instrument.maximum
    return float(answer) if low <= answer <= high and math.isfinite(answer) else None


def _chosen(instrument: Instrument, option: str | None, answer: Answer) -> float | None:
    return float(answer == option) if isinstance(answer, str) and answer in instrument.options else None


def _place(_instrument: Instrument, option: str | None, answer: Answer) -> float | None:
    ranked = list(answer) if isinstance(answer, list | tuple) else []
    return float(ranked.index(option) + 1) if option in ranked else None


class Scoring(NamedTuple):
    """How answers of one metric type become numbers."""

    measure: Measure
    is_per_option: bool
    score: Score


SCORING: dict[MetricType, Scoring] = {
    MetricType.BINARY: Scoring("proportion", False, _truth),
    MetricType.ORDINAL: Scoring("mean", False, _number),
    MetricType.NUMERIC: Scoring("mean", False, _number),
    MetricType.CHOICE: Scoring("proportion", True, _chosen),
    MetricType.RANKING: Scoring("mean_rank", True, _place),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One number per answer: a metric, or one option of it."""

    instrument: Instrument
    option: str | None
    measure: Measure

    @property
    def metric(self) -> str:
        """The metric's name."""
        return self.instrument.name

    @property
    def scale(self) -> tuple[float, float] | None:
        """The ends of the scale that its mean is on; None for shares, ranks, and what has no scale."""
        low, high = self.instrument.minimum, self.instrument.maximum
        return (low, high) if self.measure == "mean" and low is not None and high is not None else None

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The lowest and the highest that its value can be; None where nothing limits it."""
        if self.measure == "proportion":
            return 0.0, 1.0
        return (1.0, float(len(self.instrument.options))) if self.measure == "mean_rank" else self.scale

    @property
    def is_conditional(self) -> bool:
        """True when only agents the funnel reached have a value, so that arms are no longer comparable by design."""
        return self.instrument.requires is not None and self.instrument.type is not MetricType.BINARY

    def score(self, answers: Mapping[str, Answer]) -> float | None:
        """The value of these answers; None when the metric was not asked, not reached or not answered."""
        if self.metric not in answers:
            return None
        return SCORING[self.instrument.type].score(self.instrument, self.option, answers[self.metric])


def outcomes_of(instruments: Sequence[Instrument]) -> tuple[Outcome, ...]:
    """Every scalar outcome of these instruments, in their order."""
    found: list[Outcome] = []
    for instrument in instruments:
        scoring = SCORING.get(instrument.type)
        if scoring is not None:
            options = instrument.options if scoring.is_per_option else (None,)
            found.extend(Outcome(instrument, option, scoring.measure) for option in options)
    return tuple(found)
