"""Attributes of many people as columns: categories as small numbers, numbers as they are; no personas.

A column is what its first value is: a text makes a classification, a number a scale. A text among numbers makes a
classification of the whole column. Whoever lacks an attribute is missing in its column and nowhere else.
"""

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Value = str | int | float | None
MISSING = -1
NAN = math.nan


@dataclass(slots=True)
class Column:
    """One attribute. `data` holds places in `values` (-1 is missing), or numbers (NaN is missing)."""

    name: str
    kind: Literal["categorical", "numeric"]
    data: "array[Any]"
    values: dict[str, int] = field(default_factory=dict)

    def add(self, value: Value) -> None:
        """One more person."""
        if self.kind == "numeric" and isinstance(value, str):
            self._classify()
        if self.kind == "numeric":
            self.data.append(NAN if value is None else float(value))
        elif value is None:
            self.data.append(MISSING)
        else:
            label = value if isinstance(value, str) else str(value).lower()
            self.data.append(self.values.setdefault(label, len(self.values)))

    def _classify(self) -> None:
        numbers, self.kind, self.data = self.data, "categorical", array("i")
        for number in numbers:
            self.add(None if math.isnan(number) else f"{number:g}")


class Columns:
    """The attributes of people, added one person after the other; `only` names those that are wanted."""

    def __init__(self, only: Iterable[str] | None = None) -> None:
        self._only = None if only is None else set(only)
        self._columns: dict[str, Column] = {}
        self.size = 0

    def add(self, attributes: Mapping[str, Value]) -> None:
        """One person."""
        for name, column in self._columns.items():
            if name not in attributes:
                column.add(None)
        for name, value in attributes.items():
            known = self._columns.get(name)
            if known is not None:
                known.add(value)
            elif value is not None and (self._only is None or name in self._only):
                self._columns[name] = self._new(name, value)
        self.size += 1

    def all(self) -> Sequence[Column]:
        """The columns in the order in which they were first met; all are as long as there are people."""
        return list(self._columns.values())

    def _new(self, name: str, value: Value) -> Column:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        column = Column(name, "numeric", array("d")) if is_number else Column(name, "categorical", array("i"))
        for _ in range(self.size):
            column.add(None)
        column.add(value)
        return column
