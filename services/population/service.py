"""Use cases of the population service; the edge that calls them owns the transaction."""

import asyncio
import logging
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from libs.contracts.errors import InvalidError, NotFoundError
from libs.contracts.ids import agent_id, new_id
from libs.contracts.people import Agent
from libs.contracts.specs import PopulationSpec
from libs.db import Transaction
from services.population.domain.fragments import Fragment
from services.population.domain.people import Design, Library
from services.population.domain.population import REST, Particularities, Population, State
from services.population.domain.profile.columns import Columns
from services.population.domain.profile.model import Comparison, Profile
from services.population.domain.profile.page import ASSOCIATIONS
from services.population.domain.summary import Summary
from services.population.domain.templates import Template
from services.population.events import Events
from services.population.store import Store

BLOCK = 500
"""People drawn in one transaction: in the request that creates a population, then by each command."""
AT_A_TIME = 20
"""People drawn before other work of the process gets its turn; about 10 ms."""
SEED_LIMIT = 2**31
PROFILED_AT_ONCE = 1_000
"""People whose attributes are read at once: about 25 ms."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment, or the rest (`name` None), with its people so far."""

    name: str | None
    size: int
    summary: Summary


@dataclass(frozen=True, slots=True)
class Profiled:
    """A population's profile, and beside it another population's where one was named."""

    population: Population
    segment: str | None
    profile: Profile
    comparison: Comparison | None


class Populations:
    """Creates populations, draws their people, and shows both."""

    def __init__(self, store: Store, events: Events, library: Library) -> None:
        self._store, self._events, self._library = store, events, library

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
            reason=None,
            created_at=datetime.now(UTC),
            ready_at=None,
        )
        await self._store.add(tx, population)
        await self._events.created(tx, population)
        return await self._add_block(tx, population, await _draw(design, 1))

    async def draw_block(self, tx: Transaction, population_id: str, start: int) -> None:
        """Draw the people from `start` on, unless they are there already; the last block makes the population ready."""
        population = await self._store.get(tx, population_id, lock=True)
        if population is None:
            raise NotFoundError("population", population_id)
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
        population = await self._store.get(tx, population_id)
        if population is None:
            raise NotFoundError("population", population_id)
        return population

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
    ) -> list[Agent]:
        """People by index, after this index, of one segment (`(rest)` for the others) when one is named."""
        population = await self.show(tx, population_id)
        if segment is None:
            return await self._store.people(tx, population_id, limit, after)
        return await self._store.people(tx, population_id, limit, after, _chosen(population, segment))

    async def profile(self, tx: Transaction, population_id: str, segment: str | None, other: str | None) -> Profiled:
        """How the people drawn so far are spread, of one segment if named, and how another population differs."""
        from services.population.domain.profile.measure import compare, profile_of

        population = await self.show(tx, population_id)
        columns = await self._columns(tx, population, segment)
        orders = self._orders(population)
        profile = await asyncio.to_thread(profile_of, columns, orders)
        comparison = None
        if other is not None:
            beside = await self._store.get(tx, other)
            if beside is None:
                raise InvalidError("compare_with", f"there is no population {other!r}")
            theirs = await self._columns(tx, beside, None)
            comparison = await asyncio.to_thread(compare, columns, theirs, orders, beside.id, beside.spec.name)
        return Profiled(population, segment, profile, comparison)

    async def plotted(self, tx: Transaction, population_id: str, name: str, segment: str | None) -> Profile:
        """The profile of what one plot shows: an attribute alone, or everything for the plot of associations."""
        from services.population.domain.profile.measure import profile_of

        population = await self.show(tx, population_id)
        columns = await self._columns(tx, population, segment, None if name == ASSOCIATIONS else (name,))
        return await asyncio.to_thread(profile_of, columns, self._orders(population))

    async def _columns(
        self, tx: Transaction, population: Population, segment: str | None, only: Sequence[str] | None = None
    ) -> Columns:
        chosen = _chosen(population, segment)
        columns, after = Columns(only), 0
        rest = {"segment": REST} if population.segments else {}
        while True:
            people, after = await self._store.attributes(tx, population.id, PROFILED_AT_ONCE, after, chosen)
            if not people:
                return columns
            for attributes in people:
                columns.add(attributes if attributes["segment"] else attributes | rest)
            await asyncio.sleep(0)

    def _orders(self, population: Population) -> dict[str, Sequence[str]]:
        """The values of the template's dimensions in their order, and the segments in theirs."""
        template = self._library.templates.get(population.spec.demographic_base)
        dimensions = template.dimensions if template else {}
        return {name: dimension.values for name, dimension in dimensions.items()} | {
            "segment": [*population.segments, REST][: len(population.segments) + bool(population.rest)]
        }

    async def person(self, tx: Transaction, population_id: str, wanted: str) -> Agent:
        """One person."""
        await self.show(tx, population_id)
        found = re.fullmatch(r"agent_([0-9]{4,9})", wanted)
        agent = await self._store.person(tx, population_id, int(found[1])) if found else None
        if agent is None or agent_id(agent.index) != wanted:
            raise NotFoundError("individual of this population", wanted)
        return agent

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


def _chosen(population: Population, segment: str | None) -> list[str | None]:
    """The segment as the store names it; nothing when none is named. Raises `InvalidError` with the names there are."""
    if segment is None:
        return []
    names = [*population.segments, *([REST] if population.rest else [])]
    if segment not in names:
        raise InvalidError("segment", f"there is no segment {segment!r}", names)
    return [segment if segment in population.segments else None]


async def _draw(design: Design, start: int) -> list[Agent]:
    """One block, drawn a few at a time so that requests of the same process are not held up."""
    people: list[Agent] = []
    end = min(start + BLOCK, design.size + 1)
    for first in range(start, end, AT_A_TIME):
        people += design.people(first, min(AT_A_TIME, end - first))
        await asyncio.sleep(0)
    return people
