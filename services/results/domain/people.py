"""Who was simulated: the population as it was asked for and drawn, and what of its words drew nobody.

It is as the population service told it when everybody was there; a release before this one told name and sizes alone.
"""

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.population import Makeup, PopulationReady, SegmentMakeup

Facts = list[tuple[str, str]]


class PeopleSegment(Data):
    """A segment; what is null was not told."""

    name: str
    size: int
    particularities: str | None
    fragments: tuple[str, ...] | None
    not_understood: tuple[str, ...] | None = Field(description="Parts of its words that nobody was drawn by.")


class People(Data):
    """A population; `rest` is the number of its people outside of every segment."""

    name: str
    size: int
    made: str | None = Field(description="How they came to be, in a sentence; null: that was not told.")
    seed: int | None = Field(default=None, description="With which they were drawn; null where they were not.")
    segments: tuple[PeopleSegment, ...]
    rest: int
    eligible: tuple[str, ...]
    margins: tuple[str, ...] = Field(description="Those that were given, with their sources.")
    described_as: str | None = Field(description="The description that a model planned the sample from.")
    weights: str | None = Field(description="What unequal weights cost; null where everybody weighs alike.")


def people_of(told: PopulationReady) -> People:
    """What is known of a population."""
    how = told.makeup
    asked = {segment.name: segment for segment in how.segments} if how else {}
    return People(
        name=told.name,
        size=told.size,
        made=_made(how) if how else None,
        seed=how.seed if how else None,
        segments=tuple(_segment(name, size, asked.get(name)) for name, size in told.segments.items()),
        rest=told.size - sum(told.segments.values()),
        eligible=how.eligible if how else (),
        margins=tuple(f"{one.dimension} ({one.source}, {one.year})" for one in how.margins) if how else (),
        described_as=how.described_as if how else None,
        weights=_weights(how) if how else None,
    )


def facts(people: People) -> Facts:
    """What a report lists, each with its name."""
    found = (
        ("Population", people.name),
        ("Size", f"{people.size:,} people"),
        ("How they came to be", people.made),
        ("Described as", people.described_as),
        ("Who could be drawn", "; ".join(people.eligible)),
        ("Margins that were given", "; ".join(people.margins)),
        ("Weights", people.weights),
    )
    return [(name, words) for name, words in found if words]


def unread(people: People) -> list[tuple[str, str]]:
    """The segments and parts of their words that drew nobody."""
    return [(segment.name, part) for segment in people.segments for part in segment.not_understood or ()]


def _segment(name: str, size: int, asked: SegmentMakeup | None) -> PeopleSegment:
    return PeopleSegment(
        name=name,
        size=size,
        particularities=asked.particularities if asked else None,
        fragments=asked.fragments if asked else None,
        not_understood=asked.not_understood if asked else None,
    )


def _made(how: Makeup) -> str:
    if how.way == "imported":
        return "Taken from files, as they were given."
    source = f"{how.base} ({how.title})" if how.title else how.base
    parts = [f"Drawn from {source} with seed {how.seed}"]
    if how.planned_by:
        parts.append(f"by margins that {how.planned_by} planned")
    if how.read_by:
        parts.append(f"{how.read_by} read words that no rule knows")
    if how.written_by:
        parts.append(f"{how.written_by} wrote their personas")
    return f"{'; '.join(parts)}."


def _weights(how: Makeup) -> str | None:
    if how.worth is None:
        return None
    worth, effect = how.worth.effective_n, how.worth.design_effect
    return f"By their weights they are worth {worth:,.1f} people (design effect {effect:.2f}); results count each once."
