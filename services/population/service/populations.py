"""Populations and their people: drawn, imported, shown."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from libs.contracts.errors import NotFoundError
from libs.contracts.ids import new_id
from libs.contracts.people import Agent
from libs.contracts.specs import ImportSpec, PopulationSpec
from libs.db import Transaction
from services.population.domain.fragments import Fragment
from services.population.domain.imports import Person, read_people
from services.population.domain.people import Design, Library
from services.population.domain.population import Particularities, Population, State
from services.population.domain.summary import Summary
from services.population.domain.templates import Template
from services.population.domain.traits import load_trait_model
from services.population.events import Events
from services.population.service.lookup import find, index_of, segment_of
from services.population.service.profiles import Profiles
from services.population.service.versions import Versions
from services.population.store import Store

BLOCK = 500
"""People drawn in one transaction: in the request that creates a population, then by each command."""
AT_A_TIME = 20
"""People drawn before other work of the process gets its turn; about 10 ms."""
SEED_LIMIT = 2**31

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment, or the rest (`name` None), with its people so far."""

    name: str | None
    size: int
    summary: Summary


class Populations:
    """Creates populations, draws their people, and shows both."""

    def __init__(self, store: Store, events: Events, library: Library) -> None:
        self._store, self._events, self._library = store, events, library
        self._known_traits = load_trait_model().traits
        self.profiles = Profiles(store, library.templates)
        self.versions = Versions(store, events, library.fragments)

    @property
    def templates(self) -> Sequence[Template]:
        """Demographic templates, by name."""
        return list(self._library.templates.values())

    @property
    def fragments(self) -> dict[str, Fragment]:
        """Persona fragments by name."""
        return dict(self._library.fragments)

    async def create(self, tx: Transaction, spec: PopulationSpec) -> Population:
        """Draw a population: at once up to 500 people, the others by commands.

        Raises `InvalidError` for an unknown template or fragment and for particularities that nobody satisfies.
        """
        seed = secrets.randbelow(SEED_LIMIT) if spec.seed is None else spec.seed
        design = Design(spec, seed, self._library)
        template = self._library.templates[spec.demographic_base]
        readings = tuple(
            Particularities.of(group.reading, template) for group in design.groups if group.name is not None
        )
        population = Population(
            id=new_id("pop"),
            spec=spec,
            seed=seed,
            readings=readings,
            state=State.GENERATING,
            generated=0,
            version=0,
            reason=None,
            created_at=datetime.now(UTC),
            ready_at=None,
        )
        await self._store.add(tx, population)
        await self._events.created(tx, population)
        return await self._add_block(tx, population, await _draw(design, 1))

    async def import_people(self, tx: Transaction, spec: ImportSpec) -> Population:
        """A population of people from files, ready at once. Raises `InvalidError` for a file that is no person."""
        listed, people = await asyncio.to_thread(read_people, spec, self._known_traits)
        now = datetime.now(UTC)
        population = Population(
            id=new_id("pop"),
            spec=listed,
            seed=0,
            readings=tuple(Particularities(understood=[], not_understood=[]) for _ in listed.segments),
            state=State.READY,
            generated=listed.size,
            version=0,
            reason=None,
            created_at=now,
            ready_at=now,
        )
        await self._store.add(tx, population)
        agents = [person.agent for person in people]
        await self._store.add_people(tx, population.id, agents, [person.envelope for person in people])
        await self._events.created(tx, population)
        await self._events.people_drawn(tx, population, agents)
        await self._events.ready(tx, population)
        return population

    async def draw_block(self, tx: Transaction, population_id: str, start: int) -> None:
        """Draw the people from `start` on, unless they are there already; the last block makes the population ready."""
        population = await find(tx, self._store, population_id, lock=True)
        if population.state is not State.GENERATING or start != population.generated + 1:
            return
        try:
            people = await _draw(Design(population.spec, population.seed, self._library), start)
        except Exception as error:  # drawing is a pure computation: it would fail again, so the wait must end
            log.exception("people cannot be drawn", extra={"population_id": population_id, "start": start})
            population = replace(population, state=State.FAILED, reason=f"people {start} and up: {error}")
            await self._store.save(tx, population)
            await self._events.failed(tx, population)
            return
        await self._add_block(tx, population, people)

    async def show(self, tx: Transaction, population_id: str) -> Population:
        """A population of this tenant."""
        return await find(tx, self._store, population_id)

    async def newest(self, tx: Transaction, limit: int, before: str | None) -> list[Population]:
        """Populations, newest first."""
        return await self._store.newest(tx, limit, before)

    async def segments(self, tx: Transaction, population_id: str) -> tuple[Population, Template | None, list[Segment]]:
        """A population, its template where it is still there, and its segments with the rest as the last one."""
        population = await self.show(tx, population_id)
        summaries = await self._store.summaries(tx, population_id)
        sizes: dict[str | None, int] = dict(population.segments.items())
        if population.rest:
            sizes[None] = population.rest
        found = [Segment(name, size, summaries.get(name, Summary())) for name, size in sizes.items()]
        return population, self._library.templates.get(population.spec.demographic_base), found

    async def people(
        self, tx: Transaction, population_id: str, limit: int, after: int, segment: str | None
    ) -> list[Person]:
        """People by index, after this index, of one segment (`(rest)` for the others) when one is named."""
        population = await self.show(tx, population_id)
        wanted = [] if segment is None else [segment_of(population, segment)]
        return await self._store.people(tx, population_id, limit, after, wanted)

    async def person(self, tx: Transaction, population_id: str, wanted: str) -> Person:
        """One person."""
        population = await self.show(tx, population_id)
        index = index_of(population, wanted)
        person = await self._store.person(tx, population_id, index) if index else None
        if person is None:
            raise NotFoundError("individual of this population", wanted)
        return person

    async def _add_block(self, tx: Transaction, population: Population, people: list[Agent]) -> Population:
        await self._store.add_people(tx, population.id, people)
        await self._events.people_drawn(tx, population, people)
        population = replace(population, generated=people[-1].index)
        if population.generated < population.spec.size:
            await self._store.save(tx, population)
            await self._events.draw_from(tx, population, population.generated + 1)
            return population
        population = replace(population, state=State.READY, ready_at=datetime.now(UTC))
        await self._store.save(tx, population)
        await self._events.ready(tx, population)
        return population


async def _draw(design: Design, start: int) -> list[Agent]:
    """One block, drawn a few at a time so that requests of the same process are not held up."""
    people: list[Agent] = []
    end = min(start + BLOCK, design.size + 1)
    for first in range(start, end, AT_A_TIME):
        people += design.people(first, min(AT_A_TIME, end - first))
        await asyncio.sleep(0)
    return people
