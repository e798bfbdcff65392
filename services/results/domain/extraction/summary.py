"""An extraction over all agents, field by field, counted one agent at a time so that any number of them fits."""

import json
import math
from collections import Counter
from collections.abc import Iterable

from services.results.domain.extraction.model import Extracted, FieldSummary, Item, Value, Way

MOST_ITEMS = 20
MOST_DISTINCT = 50_000  # values remembered of a field; of free texts there are as many as agents
LONGEST_VALUE = 200


class _Field:
    """Counts of one field so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.n = self.missing = 0
        self.ways: Counter[Way] = Counter()
        self.numbers: list[float] = []
        self.values: Counter[str] = Counter()

    def add(self, value: Value, way: Way) -> None:
        self.ways[way] += 1
        if value is None:
            self.missing += 1
            return
        self.n += 1
        if isinstance(value, int | float) and not isinstance(value, bool):
            self.numbers.append(float(value))
        else:
            for item in value if isinstance(value, list) else [value]:
                label = _label(item)
                if label in self.values or len(self.values) < MOST_DISTINCT:
                    self.values[label] += 1

    def summary(self) -> FieldSummary:
        numbers, n = self.numbers, len(self.numbers)
        mean = math.fsum(numbers) / n if n else None
        squares = math.fsum((number - mean) ** 2 for number in numbers) if mean is not None else 0.0
        ordered = sorted(self.values.items(), key=lambda item: (-item[1], item[0]))[:MOST_ITEMS]
        return FieldSummary(
            field=self.name,
            n=self.n,
            missing=self.missing,
            ways=dict(self.ways),
            mean=mean,
            standard_deviation=math.sqrt(squares / (n - 1)) if n > 1 else None,
            minimum=min(numbers, default=None),
            maximum=max(numbers, default=None),
            distinct=len(self.values) or len(set(numbers)),
            most_frequent=tuple(Item(value=value, count=count, share=count / self.n) for value, count in ordered),
        )


class Summary:
    """The fields of an extraction, added up."""

    def __init__(self, fields: Iterable[str]) -> None:
        self._fields = {field: _Field(field) for field in fields}

    def add(self, extracted: Extracted) -> None:
        """One agent."""
        for name, field in self._fields.items():
            field.add(extracted.fields.get(name), extracted.ways.get(name, Way.NONE))

    def fields(self) -> list[FieldSummary]:
        """Every field, in the order in which they were asked for."""
        return [field.summary() for field in self._fields.values()]


def _label(value: Value) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
