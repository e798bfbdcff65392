"""Many records that are much alike in little memory: equal things are there once, as far as there are few of them."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from typing import Any, TypeVar

MOST_SHARED = 1_024
"""Different things of one kind that are looked for again, so that looking costs no more than it saves."""
T = TypeVar("T")


class Record(Mapping[str, T]):
    """Values by name; the names are shared by all records that have the same."""

    __slots__ = ("_places", "_values")

    def __init__(self, places: Mapping[str, int], values: tuple[T, ...]) -> None:
        self._places, self._values = places, values

    def __getitem__(self, name: str) -> T:
        return self._values[self._places[name]]

    def __contains__(self, name: object) -> bool:
        return name in self._places

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


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
        names, own = tuple(values), tuple(values.values())
        places = self.by(Record, names, lambda: {self(name): at for at, name in enumerate(names)})
        return self.by(repr, (names, repr(own)), lambda: Record(places, own))
