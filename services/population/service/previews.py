"""Some people of a population that is not made: they are drawn as its own would be, and kept nowhere."""

from dataclasses import dataclass
from typing import NamedTuple

from libs.contracts.people import Agent
from libs.contracts.planning import Attribute, Target, attributes_of
from libs.contracts.specs import PopulationSpec
from services.population.domain.library import Library
from services.population.domain.people import Design
from services.population.domain.population import Particularities


class Whom(NamedTuple):
    """Of whom there is a preview: everybody when both are null."""

    target: Target | None
    exclude: Target | None


@dataclass(frozen=True, slots=True)
class Preview:
    """How the specification is understood, how many are meant, and some of them."""

    spec: PopulationSpec
    seed: int
    readings: tuple[Particularities, ...]
    meant: int
    people: list[Agent]
    attributes: dict[str, Attribute] | None
    """Of everybody, meant or not, where they were wanted: to know them everybody is drawn."""


def preview(
    spec: PopulationSpec, seed: int, library: Library, count: int, whom: Whom, *, with_attributes: bool
) -> Preview:
    """People from all over those who are meant. Raises `InvalidError` as creating the population would."""
    design = Design(spec, seed, library)
    template = library.template(spec)
    readings = tuple(Particularities.of(group.reading, template) for group in design.groups if group.name is not None)
    among = [
        index
        for index in range(1, design.size + 1)
        if whom.target is None or whom.target.means(*design.attributes(index))
        if whom.exclude is None or not whom.exclude.means(*design.attributes(index))
    ]
    shown = min(count, len(among))
    places = [among[place * len(among) // shown] for place in range(shown)]
    people = [design.person(index) for index in places]
    profiles = (design.attributes(index)[1] for index in range(1, design.size + 1))
    attributes = attributes_of(profiles) if with_attributes else None
    return Preview(spec, seed, readings, len(among), people, attributes)
