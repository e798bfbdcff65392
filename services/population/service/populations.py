"""Populations and their people: imported, shown, put away, deleted. `drawing` and `versions` are parts of it."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from libs.contracts.demographics import Template
from libs.contracts.errors import ConflictError
from libs.contracts.ids import new_id
from libs.contracts.orchestrator import SimulationCreated, SimulationStateChanged
from libs.contracts.specs import ImportSpec
from libs.db import Database, Transaction
from services.population.adapters import Author
from services.population.domain.imports import Person, read_people
from services.population.domain.library import Library
from services.population.domain.makeup import of_imported
from services.population.domain.margins import MarginReport
from services.population.domain.population import Particularities, Population, State, Use
from services.population.domain.selection import (
    EVERYBODY,
    Key,
    Received,
    Selection,
    check_attributes,
    known_values,
    received,
)
from services.population.domain.summary import Summary
from services.population.domain.traits import load_trait_model
from services.population.domain.versions import Recorded, Version
from services.population.events import Events
from services.population.service.drawing import Drawing
from services.population.service.files import Files
from services.population.service.fragments import Fragments
from services.population.service.lookup import check_settled, find, find_person, segment_of
from services.population.service.preparing import Preparing
from services.population.service.profiles import Profiles
from services.population.service.templates import Templates
from services.population.service.versions import Versions
from services.population.service.writing import Writing
from services.population.store import Store

SHOWN = 100
"""Versions shown with one person, and simulations named in a refusal."""
MOST_VERSIONS = 1_000
LAST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment, or the rest (`name` None), with its people so far."""

    name: str | None
    size: int
    summary: Summary


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which people a request asks for, as it says it."""

    segment: str | None = None
    fragment: str | None = None
    attributes: Mapping[str, Sequence[str]] | None = None
    others: Sequence[str] = ()
    """What people can be filtered by besides attributes, for a refusal to name."""


class Populations:
    """Shows populations and their people, and is the way to what else is done with them."""

    def __init__(self, database: Database, store: Store, events: Events, library: Library, author: Author) -> None:
        self._store, self._events, self._library, self._author = store, events, library, author
        self._known_traits = load_trait_model().traits
        self.fragments = Fragments(store, library.fragments)
        self.templates = Templates(store, library)
        self.drawing = Drawing(store, events, library, self.fragments, self.templates)
        self.preparing = Preparing(database, store, library, self.drawing, author)
        self.writing = Writing(database, store, self.drawing, author)
        self.files = Files(store)
        self.profiles = Profiles(store, library)
        self.versions = Versions(store, events, self.fragments)

    async def start(self) -> None:
        """Get ready to reach whoever writes."""
        await self._author.start()

    async def stop(self) -> None:
        """Let go."""
        await self._author.stop()

    async def import_people(self, tx: Transaction, spec: ImportSpec) -> Population:
        """A population of people from files, ready at once. Raises `InvalidError` for a file that is no person."""
        listed, people = await asyncio.to_thread(read_people, spec, self._known_traits)
        now = datetime.now(UTC)
        population = Population(
            id=new_id("pop"),
            spec=listed,
            seed=0,
            readings=tuple(Particularities(understood=[], not_understood=[]) for _ in listed.segments),
            fragments={},
            state=State.READY,
            generated=listed.size,
            people_per_second=None,
            progressed_at=None,
            version=0,
            reason=None,
            created_at=now,
            ready_at=now,
            archived_at=None,
        )
        await self._store.populations.add(tx, population)
        agents = [person.agent for person in people]
        await self._store.people.add(tx, population.id, agents, [person.envelope for person in people])
        await self._events.created(tx, population)
        await self._events.people_drawn(tx, population, agents)
        await self._events.ready(tx, population, of_imported(population, agents))
        return population

    async def show(self, tx: Transaction, population_id: str) -> Population:
        """A population of this tenant."""
        return await find(tx, self._store, population_id)

    async def margins(self, tx: Transaction, population_id: str) -> MarginReport:
        """How far the people drawn are from every margin."""
        return await self.drawing.margins(await self.show(tx, population_id))

    async def newest(self, tx: Transaction, limit: int, before: str | None, *, archived: bool) -> list[Population]:
        """Populations, newest first: those that are archived, or the others."""
        return await self._store.populations.newest(tx, limit, before, archived=archived)

    async def segments(self, tx: Transaction, population_id: str) -> tuple[Population, Template | None, list[Segment]]:
        """A population, its template where it is still there, and its segments with the rest as the last one."""
        population = await self.show(tx, population_id)
        summaries = await self._store.people.summaries(tx, population_id)
        sizes: dict[str | None, int] = dict(population.segments.items())
        if population.rest:
            sizes[None] = population.rest
        found = [Segment(name, size, summaries.get(name, Summary())) for name, size in sizes.items()]
        return population, self._library.shown(population.spec), found

    async def people(
        self,
        tx: Transaction,
        population_id: str,
        limit: int,
        after: Key | None = None,
        *,
        wanted: Wanted | None = None,
        selection: Selection = EVERYBODY,
    ) -> list[Person]:
        """People in the order of the selection, after this key; only those who are wanted, and selected besides.

        Raises `InvalidError` for a segment, a fragment, an attribute or a value that nobody here has.
        """
        population = await self.show(tx, population_id)
        if wanted is not None:
            selection = await self._narrowed(tx, population, wanted, selection)
        return await self._store.people.page(tx, population_id, selection, limit, after)

    async def person(self, tx: Transaction, population_id: str, agent_id: str) -> Person:
        """One person."""
        return await find_person(tx, self._store, await self.show(tx, population_id), agent_id)

    async def history(
        self, tx: Transaction, population_id: str, person: Person
    ) -> tuple[Population, list[tuple[Version, Recorded]]]:
        """Where somebody comes from, and what versions did to them, newest first."""
        population = await self.show(tx, population_id)
        return population, await self._store.versions.of_person(tx, population_id, person.agent.index, SHOWN)

    async def set_archived(self, tx: Transaction, population_id: str, *, archived: bool) -> Population:
        """Put a population away, or take it out again. Simulations may use it in either case."""
        population = await find(tx, self._store, population_id, lock=True)
        if population.state is State.GENERATING:
            raise ConflictError(f"Population {population_id!r} is being drawn; cancel that first, or wait.")
        if (population.archived_at is not None) is archived:
            return population
        population = replace(population, archived_at=datetime.now(UTC) if archived else None)
        await self._store.populations.save(tx, population)
        return population

    async def delete(self, tx: Transaction, population_id: str) -> None:
        """Delete a population with its people. Raises `ConflictError` while it is drawn, changed or used."""
        population = await find(tx, self._store, population_id, lock=True)
        if population.state is State.GENERATING:
            raise ConflictError(f"Population {population_id!r} is being drawn; cancel that first.")
        await check_settled(tx, self._store, population)
        if running := await self._store.simulations.running(tx, population_id, SHOWN):
            raise ConflictError(f"Population {population_id!r} is used by {', '.join(running)}; end that first.")
        await self._store.populations.delete(tx, population_id)
        await self._events.deleted(tx, population_id, datetime.now(UTC))

    async def simulations(self, tx: Transaction, population_id: str, limit: int, before: str | None) -> list[Use]:
        """The simulations of a population, newest first."""
        await self.show(tx, population_id)
        return await self._store.simulations.of(tx, population_id, limit, before)

    async def simulation_created(self, tx: Transaction, event: SimulationCreated) -> None:
        """A simulation uses a population."""
        await self._store.simulations.save(tx, event)

    async def simulation_state_changed(self, tx: Transaction, event: SimulationStateChanged) -> None:
        """A simulation goes on, or is over."""
        await self._store.simulations.save_state(tx, event)

    async def _narrowed(
        self, tx: Transaction, population: Population, wanted: Wanted, selection: Selection
    ) -> Selection:
        segments = () if wanted.segment is None else (segment_of(population, wanted.segment),)
        fragments: tuple[Received, ...] = ()
        if wanted.fragment is not None:
            versions = await self._store.versions.below(tx, population.id, MOST_VERSIONS, LAST)
            fragments = (received(wanted.fragment, population, versions),)
        if wanted.attributes:
            template = self._library.shown(population.spec)
            dimensions = template.dimensions if template else {}
            known = known_values(
                await self._store.people.summaries(tx, population.id),
                {name: dimension.values for name, dimension in dimensions.items()},
            )
            check_attributes(wanted.attributes, known, wanted.others)
        return replace(selection, segments=segments, attributes=dict(wanted.attributes or {}), fragments=fragments)
