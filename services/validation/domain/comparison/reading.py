"""Answers read by the declared type of their metric: what is not of it is counted apart and re-codes nothing."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from libs.contracts.base import Data
from libs.contracts.comparisons import MetricDeclaration, Value
from libs.contracts.instruments import Answer as InstrumentAnswer
from libs.contracts.instruments import Instrument, MetricType

SHOWN = 5
LONGEST_SHOWN = 60
YES, NO = {"true", "yes", "1", "1.0"}, {"false", "no", "0", "0.0"}
SEPARATORS = (">", ";", "|", ",", "-")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
Answer = float | str | tuple[str, ...]
"""A number (of a binary metric 0 or 1), an option, a ranking best first, or a text."""


class Unrecognised(Data):
    """Values that are not answers to the metric as it was declared. They count nowhere else."""

    count: int
    examples: list[str]


@dataclass(frozen=True, slots=True)
class Sample:
    """Valid answers with their segments, and what else there was."""

    answers: tuple[Answer, ...]
    segments: tuple[str | None, ...]
    missing: int
    unrecognised: Unrecognised

    @property
    def n(self) -> int:
        """How many answered."""
        return len(self.answers)

    def of(self, segment: str) -> "Sample":
        """Those of one segment."""
        mine = [answer for answer, own in zip(self.answers, self.segments, strict=True) if own == segment]
        return Sample(tuple(mine), (segment,) * len(mine), 0, Unrecognised(count=0, examples=[]))


def read_sample(
    metric: MetricDeclaration, values: Sequence[Value], segments: Sequence[str | None] | None = None
) -> Sample:
    """The answers among these values. None and the empty text are missing, anything that does not fit unrecognised."""
    read = READERS[metric.type]
    answers: list[Answer] = []
    own: list[str | None] = []
    odd: Counter[str] = Counter()
    missing = 0
    for value, segment in zip(values, segments or [None] * len(values), strict=True):
        given = value.strip() if isinstance(value, str) else value
        if given is None or given == "":
            missing += 1
        elif (answer := read(metric, given)) is None:
            odd[str(given)[:LONGEST_SHOWN]] += 1
        else:
            answers.append(answer)
            own.append(segment)
    examples = [text for text, _ in sorted(odd.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]]
    unrecognised = Unrecognised(count=odd.total(), examples=examples)
    return Sample(tuple(answers), tuple(own), missing, unrecognised)


def declared(instrument: Instrument) -> MetricDeclaration:
    """A metric as a simulation asked it."""
    ends = None if instrument.minimum is None else [instrument.minimum, instrument.maximum]
    scale = list(instrument.options) or ends
    return MetricDeclaration.model_validate({"name": instrument.name, "type": instrument.type, "scale": scale})


def read_answer(instrument: Instrument, value: Value) -> InstrumentAnswer:
    """A value as an answer to a metric of a simulation; None where it is none."""
    metric = declared(instrument)
    found = READERS[metric.type](metric, value)
    return bool(found) if metric.type is MetricType.BINARY and found is not None else found


def _binary(metric: MetricDeclaration, value: Value) -> Answer | None:
    if metric.labels:
        return float(metric.labels.index(value)) if isinstance(value, str) and value in metric.labels else _truth(value)
    return _truth(value)


def _truth(value: Value) -> float | None:
    if isinstance(value, bool) or value in (0, 1):
        return float(bool(value))
    word = value.casefold() if isinstance(value, str) else ""
    return 1.0 if word in YES else 0.0 if word in NO else None


def _ordinal(metric: MetricDeclaration, value: Value) -> Answer | None:
    if isinstance(value, str) and value in metric.labels:
        return float(metric.labels.index(value) + 1)
    number = _on_scale(metric, value)
    return number if number is not None and number.is_integer() else None


def _on_scale(metric: MetricDeclaration, value: Value) -> float | None:
    assert metric.ends is not None
    if isinstance(value, str):
        value = float(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if metric.ends[0] <= value <= metric.ends[1] else None


def _choice(metric: MetricDeclaration, value: Value) -> Answer | None:
    return value if isinstance(value, str) and value in metric.labels else None


def _ranking(metric: MetricDeclaration, value: Value) -> Answer | None:
    given = [[part.strip() for part in value]] if isinstance(value, list) else []
    if isinstance(value, str):
        given = [[part.strip() for part in value.split(separator)] for separator in SEPARATORS]
    return next((tuple(ranked) for ranked in given if sorted(ranked) == sorted(metric.labels)), None)


def _text(metric: MetricDeclaration, value: Value) -> Answer | None:
    return value if isinstance(value, str) else None


READERS: dict[MetricType, Callable[[MetricDeclaration, Value], Answer | None]] = {
    MetricType.BINARY: _binary,
    MetricType.ORDINAL: _ordinal,
    MetricType.NUMERIC: _on_scale,
    MetricType.CHOICE: _choice,
    MetricType.RANKING: _ranking,
    MetricType.TEXT: _text,
}
