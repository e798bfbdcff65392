"""Many records that are much alike in little memory: equal things are there once, as far as there are few of them."""

from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

MOST_SHARED = 1_024
"""Different things of one kind that are looked for again, so that looking costs no more than it saves."""
MOST_NUMBERED = 1_000_000
"""Values of a column: there are characters for a few more."""
T = TypeVar("T")


class Column(Generic[T]):
    """The different values of a name, each with a number."""

    __slots__ = ("_numbers", "place", "values")

    def __init__(self, place: int) -> None:
        self.place, self.values = place, list[T]()
        self._numbers: dict[str, int] = {}

    def number(self, value: T) -> int:
        """The number of this value, or of one that is written the same."""
        number = self._numbers.get(written := repr(value))
        if number is None:
            number = len(self.values)
            self.values.append(value)
            if number < MOST_SHARED:
                self._numbers[written] = number
        return number


class Repeated(Generic[T]):
    """Many values in their order of which few are different: of each there is the number of what it is."""

    __slots__ = ("_column", "numbers")

    def __init__(self, values: Iterable[T] = ()) -> None:
        self._column = Column[T](0)
        self.numbers = array("I", map(self._column.number, values))

    @property
    def different(self) -> Sequence[T]:
        """The values by their number; one may be there twice when there are more than 1,024."""
        return self._column.values

    def append(self, value: T) -> None:
        """One more."""
        self.numbers.append(self._column.number(value))

    def __setitem__(self, place: int, value: T) -> None:
        self.numbers[place] = self._column.number(value)

    def __iter__(self) -> Iterator[T]:
        return map(self._column.values.__getitem__, self.numbers)

    def __len__(self) -> int:
        return len(self.numbers)


class Record(Mapping[str, T]):
    """Values by name. What is its own is a text with a character for each value; columns are shared."""

    __slots__ = ("_columns", "_numbers")

    def __init__(self, columns: Mapping[str, Column[T]], numbers: str) -> None:
        self._columns, self._numbers = columns, numbers

    def __getitem__(self, name: str) -> T:
        column = self._columns[name]
        return column.values[ord(self._numbers[column.place])]

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)


class Once:
    """Equal things as one object."""

    def __init__(self) -> None:
        self._kept: dict[object, dict[Any, Any]] = {}

    def __call__(self, value: T) -> T:
        """The value, or one of its type that equals it; of 0.0 and -0.0 each stays itself."""
        return value if not value else self.by(type(value), value, lambda: value)

    def by(self, kind: object, key: Hashable, make: Callable[[], T]) -> T:
        """What was made for this key of this kind."""
        kept = self._kept.setdefault(kind, {})
        found: T | None = kept.get(key)
        if found is None:
            found = make()
            if len(kept) < MOST_SHARED:
                kept[key] = found
        return found

    def record(self, values: Mapping[str, T]) -> Record[T]:
        """A record of these values, by names in their order."""
        names = tuple(values)
        columns = self.by(Column, names, lambda: self._columns(names))
        if any(len(column.values) >= MOST_NUMBERED for column in columns.values()):
            columns = self._kept[Column][names] = self._columns(names)
        numbers = "".join([chr(columns[name].number(value)) for name, value in values.items()])
        return self.by(Record, (id(columns), numbers), lambda: Record(columns, numbers))

    def _columns(self, names: Iterable[str]) -> dict[str, Column[Any]]:
        return {self(name): Column(at) for at, name in enumerate(names)}
