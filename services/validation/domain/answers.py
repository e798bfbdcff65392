"""Answers metric by metric: how many there are, how much they vary, and which are not what was asked for.

A metric was asked in a turn when the turn's answers name it: talk asks none until its end, a touchpoint asks its own.
It was reached when its parent in the funnel was answered with true. Neither what was not asked nor what was not reached
is missing.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, pvariance

from libs.contracts.base import Data
from libs.contracts.instruments import Answer, Instrument, MetricType

SCALED = {MetricType.ORDINAL, MetricType.NUMERIC}
Answers = Mapping[str, Answer]


class MetricQuality(Data):
    """The answers to one metric."""

    name: str
    type: MetricType | None
    reached: int
    answered: int
    missing: int
    not_reached: int
    unasked: int
    invalid: int
    mean: float | None
    variance: float | None
    entropy_bits: float | None
    relative_entropy: float | None
    most_frequent_answer: str | None
    most_frequent_share: float | None


def metric_quality(instrument: Instrument, turns: Sequence[Answers]) -> MetricQuality:
    """Quality of one metric over the answered turns that asked it.

    `unasked` counts answers that the funnel should not have reached. Variance is that of these answers (divided by n),
    entropy Shannon's in bits; relative entropy is its share of the most there could be, for metrics with a fixed set of
    answers.
    """
    asked = [answers for answers in turns if instrument.name in answers]
    reached = [answers for answers in asked if is_reached(instrument, answers)]
    given = [value for answers in reached if (value := answers.get(instrument.name)) is not None]
    valid = [value for value in given if is_valid(instrument, value)]
    beyond = len(asked) - len(reached)
    numbers = [float(value) for value in valid if isinstance(value, bool | int | float)]
    spread = _spread(valid)
    most = _possible(instrument)
    return MetricQuality(
        name=instrument.name,
        type=instrument.type,
        reached=len(reached),
        answered=len(given),
        missing=len(reached) - len(given),
        not_reached=beyond,
        unasked=sum(answers[instrument.name] is not None for answers in asked if not is_reached(instrument, answers)),
        invalid=len(given) - len(valid),
        mean=fmean(numbers) if numbers else None,
        variance=pvariance(numbers) if numbers else None,
        entropy_bits=spread.entropy,
        relative_entropy=None if spread.entropy is None or most is None else spread.entropy / math.log2(most),
        most_frequent_answer=spread.most_frequent,
        most_frequent_share=spread.share,
    )


def is_reached(instrument: Instrument, answers: Answers) -> bool:
    """True where the funnel leads to this metric."""
    return instrument.requires is None or answers.get(instrument.requires) is True


def is_valid(instrument: Instrument, value: Answer) -> bool:
    """True for an answer of the declared type, within its scale or options."""
    match instrument.type:
        case MetricType.BINARY:
            return isinstance(value, bool)
        case MetricType.ORDINAL | MetricType.NUMERIC:
            return _is_on_scale(instrument, value)
        case MetricType.CHOICE:
            return value in instrument.options
        case MetricType.RANKING:
            return isinstance(value, list | tuple) and sorted(value) == sorted(instrument.options)
        case MetricType.TEXT:
            return isinstance(value, str)


def straight_lining(instruments: Iterable[Instrument], turns: Iterable[Answers]) -> tuple[int, int]:
    """Of the turns that answered at least three scales: how many gave the same place on every one, and how many."""
    scales = [instrument for instrument in instruments if instrument.type is MetricType.ORDINAL]
    asked = same = 0
    for answers in turns:
        places = [place for scale in scales if (place := _place(scale, answers.get(scale.name))) is not None]
        if len(places) >= 3:
            asked += 1
            same += max(places) - min(places) < 1e-9
    return same, asked


def _place(scale: Instrument, value: Answer) -> float | None:
    if value is None or not is_valid(scale, value) or scale.minimum is None or scale.maximum is None:
        return None
    return (float(value) - scale.minimum) / (scale.maximum - scale.minimum)  # type: ignore[arg-type]


def _is_on_scale(instrument: Instrument, value: Answer) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    low, high = instrument.minimum, instrument.maximum
    return (low is None or value >= low) and (high is None or value <= high)


def _possible(instrument: Instrument) -> int | None:
    """How many different answers there could be; None where there is no fixed set of at least two."""
    if instrument.type is MetricType.BINARY:
        return 2
    if instrument.type is MetricType.CHOICE:
        return len(instrument.options)
    low, high = instrument.minimum, instrument.maximum
    if instrument.type is MetricType.ORDINAL and low is not None and high is not None and high - low >= 1:
        return int(high - low) + 1
    return None


class _Spread(Data):
    entropy: float | None
    most_frequent: str | None
    share: float | None


def _spread(values: Sequence[Answer]) -> _Spread:
    if not values:
        return _Spread(entropy=None, most_frequent=None, share=None)
    counts = Counter(_label(value) for value in values)
    shares = [count / len(values) for count in counts.values()]
    entropy = -sum(share * math.log2(share) for share in shares)
    label, most = min(counts.items(), key=lambda item: (-item[1], item[0]))
    return _Spread(entropy=max(entropy, 0.0), most_frequent=label, share=most / len(values))


def _label(value: Answer) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return " > ".join(value)
    return f"{value:g}" if isinstance(value, float | int) else str(value)[:200]
