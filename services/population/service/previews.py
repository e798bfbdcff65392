"""Some people of a population that is not made: they are drawn as its own would be, and kept nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from libs.contracts.errors import InvalidError
from libs.contracts.people import Agent
from libs.contracts.specs import PopulationSpec
from services.population.domain.library import Library
from services.population.domain.people import Design
from services.population.domain.population import Particularities


@dataclass(frozen=True, slots=True)
class Preview:
    """How the specification is understood, and some of the people."""

    spec: PopulationSpec
    seed: int
    readings: tuple[Particularities, ...]
    people: list[Agent]


def preview(spec: PopulationSpec, seed: int, library: Library, count: int, segments: Sequence[str]) -> Preview:
    """People from all over the population, or over these segments. Raises `InvalidError` as creating it would."""
    design = Design(spec, seed, library)
    template = library.template(spec)
    readings = tuple(Particularities.of(group.reading, template) for group in design.groups if group.name is not None)
    known = [group.name for group in design.groups if group.name is not None]
    if unknown := [name for name in segments if name not in known]:
        raise InvalidError("segment", f"the population has no segment {unknown[0]!r}", known)
    ends = list(accumulate(group.size for group in design.groups))
    among = [
        index
        for group, end in zip(design.groups, ends, strict=True)
        if not segments or group.name in segments
        for index in (range(end - group.size + 1, end + 1))
    ]
    count = min(count, len(among))
    places = [among[place * len(among) // count] for place in range(count)]
    return Preview(spec, seed, readings, [design.person(index) for index in places])
