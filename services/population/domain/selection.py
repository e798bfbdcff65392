"""Which people of a population are asked for, and in which order.

Names are compared without regard to case and accents, by a key that is stored with each person and sorts alike on every
store. What a request may filter by depends on the population: the attributes and values its people have.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from libs.contracts.errors import InvalidError
from services.population.domain.names import name_key
from services.population.domain.population import Population
from services.population.domain.summary import Summary
from services.population.domain.versions import Version

Key = tuple[int | str, ...]
"""Where a page ended: the value that people are sorted by, then the index that tells equal ones apart."""
FILTERABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_ -]{0,63}")
LISTED = 100
"""Values named in a refusal."""


class Sort(StrEnum):
    """What people are ordered by."""

    INDEX = "index"
    AGE = "age"
    NAME = "name"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the key."""
        return {Sort.INDEX: (), Sort.AGE: ("age",), Sort.NAME: ("name_key",)}[self] + ("agent_index",)

    @property
    def types(self) -> tuple[type, ...]:
        """The types of the key."""
        return {Sort.INDEX: (), Sort.AGE: (int,), Sort.NAME: (str,)}[self] + (int,)


@dataclass(frozen=True, slots=True)
class Received:
    """How a fragment came to people: they were drawn for one of these segments, or changed by one of these versions."""

    segments: tuple[str, ...]
    versions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Selection:
    """Everybody unless narrowed. A segment None is the rest; several values of an attribute mean any of them."""

    segments: tuple[str | None, ...] = ()
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    youngest: int | None = None
    oldest: int | None = None
    name: str = ""
    fragments: tuple[Received, ...] = ()
    sort: Sort = Sort.INDEX
    descending: bool = False


EVERYBODY = Selection()


def key_of(index: int, name: str, age: int, sort: Sort) -> Key:
    """The key of a person in this order."""
    before: dict[Sort, Key] = {Sort.INDEX: (), Sort.AGE: (age,), Sort.NAME: (name_key(name),)}
    return (*before[sort], index)


def known_values(found: Mapping[str | None, Summary], orders: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    """What people can be filtered by: the classifications they have, with the template's values or those met."""
    met: dict[str, set[str]] = {}
    for summary in found.values():
        for attribute, counts in summary.counts.items():
            if FILTERABLE.fullmatch(attribute):
                met.setdefault(attribute, set()).update(counts)
    return {name: orders.get(name) or sorted(values) for name, values in met.items()}


def check_attributes(
    asked: Mapping[str, Sequence[str]], known: Mapping[str, Sequence[str]], others: Sequence[str]
) -> None:
    """Raises `InvalidError` for a filter or a value that the population does not have; `others` may be used too."""
    for name, values in asked.items():
        if name not in known:
            raise InvalidError(name, "is nothing that people can be filtered by", [*others, *known])
        for value in values:
            if value not in known[name]:
                raise InvalidError(name, f"nobody can have the value {value!r}", known[name][:LISTED])


def received(name: str, population: Population, versions: Sequence[Version]) -> Received:
    """How a fragment came to people of a population. Raises `InvalidError` when it never did."""
    of_segments = {segment.name: segment.fragments for segment in population.spec.segments}
    of_versions = {version.number: [one.name for one in version.fragments] for version in versions}
    found = Received(
        tuple(segment for segment, names in of_segments.items() if name in names),
        tuple(number for number, names in of_versions.items() if name in names),
    )
    if not (found.segments or found.versions):
        met = {one for names in of_segments.values() for one in names}
        met |= {one for given in of_versions.values() for one in given if one is not None}
        raise InvalidError("fragment", f"nobody here was given {name!r}", sorted(met))
    return found
