"""Answers read by the declared type of their metric: what is not of it is counted apart and re-codes nothing."""

import math
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from libs.contracts.base import Data
from libs.contracts.comparisons import MetricDeclaration, Value
from libs.contracts.instruments import Answer as InstrumentAnswer
from libs.contracts.instruments import Instrument, MetricType
from services.validation.domain.given import Giver

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


class Grouping(NamedTuple):
    """The unit of each answer (0 … n-1) and its weight in it: agents of a unit weigh the same, as do their answers."""

    units: tuple[int, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """Valid answers with their segments, and what else there was."""

    answers: tuple[Answer, ...]
    segments: tuple[str | None, ...]
    missing: int
    unrecognised: Unrecognised
    givers: tuple[Giver, ...] = ()
    """Who gave each answer; empty where each is somebody else's."""

    @property
    def n(self) -> int:
        """How many independent units answered: people, or agents, or groups of agents who heard each other."""
        return len({giver.unit for giver in self.givers}) if self.givers else len(self.answers)

    @property
    def agents(self) -> int | None:
        """How many agents answered; None where nobody said who gave the answers."""
        return len({giver.agent for giver in self.givers}) if self.givers else None

    @property
    def grouping(self) -> Grouping | None:
        """Which answers are of one unit; None where each is a unit."""
        if self.n == len(self.answers):
            return None
        said = Counter(giver.agent for giver in self.givers)
        agents = Counter(unit for unit, _ in set(self.givers))
        numbers = {unit: number for number, unit in enumerate(sorted(agents))}
        return Grouping(
            tuple(numbers[giver.unit] for giver in self.givers),
            tuple(1 / (said[giver.agent] * agents[giver.unit]) for giver in self.givers),
        )

    @property
    def numbers(self) -> list[float]:
        """One number for each unit, the mean of its agents' means; empty where answers are no numbers."""
        given = [answer for answer in self.answers if isinstance(answer, float)]
        grouping = self.grouping
        if grouping is None or len(given) < len(self.answers):
            return given
        found: list[list[float]] = [[] for _ in range(self.n)]
        for answer, unit, weight in zip(given, *grouping, strict=True):
            found[unit].append(weight * answer)
        return [math.fsum(parts) for parts in found]

    def of(self, segment: str) -> "Sample":
        """Those of one segment."""
        mine = [place for place, own in enumerate(self.segments) if own == segment]
        return Sample(
            tuple(self.answers[place] for place in mine),
            (segment,) * len(mine),
            0,
            Unrecognised(count=0, examples=[]),
            tuple(self.givers[place] for place in mine) if self.givers else (),
        )


def read_sample(
    metric: MetricDeclaration,
    values: Sequence[Value],
    segments: Sequence[str | None] | None = None,
    givers: Sequence[Giver] | None = None,
) -> Sample:
    """The answers among these values. None and the empty text are missing, anything that does not fit unrecognised."""
    read = READERS[metric.type]
    answers: list[Answer] = []
    kept: list[int] = []
    odd: Counter[str] = Counter()
    missing = 0
    for place, value in enumerate(values):
        given = value.strip() if isinstance(value, str) else value
        if given is None or given == "":
            missing += 1
        elif (answer := read(metric, given)) is None:
            odd[str(given)[:LONGEST_SHOWN]] += 1
        else:
            answers.append(answer)
            kept.append(place)
    examples = [text for text, _ in sorted(odd.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]]
    return Sample(
        tuple(answers),
        tuple(segments[place] if segments else None for place in kept),
        missing,
        Unrecognised(count=odd.total(), examples=examples),
        tuple(givers[place] for place in kept) if givers else (),
    )


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
