"""Profiles of populations: how their people are spread, and how two populations differ."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from libs.contracts.errors import InvalidError
from libs.db import Transaction
from services.population.domain.library import Library
from services.population.domain.population import REST, Population
from services.population.domain.profile.columns import Columns
from services.population.domain.profile.model import Comparison, Profile
from services.population.domain.profile.page import ASSOCIATIONS
from services.population.service.lookup import find, segment_of
from services.population.store import Store

PROFILED_AT_ONCE = 1_000
"""People whose attributes are read at once: about 25 ms."""


@dataclass(frozen=True, slots=True)
class Profiled:
    """A population's profile, and beside it another population's where one was named."""

    population: Population
    segment: str | None
    profile: Profile
    comparison: Comparison | None


@dataclass(frozen=True, slots=True)
class Compared:
    """Two populations, and how the second differs from the first."""

    first: Population
    second: Population
    comparison: Comparison


class Profiles:
    """Profiles the people drawn so far."""

    def __init__(self, store: Store, library: Library) -> None:
        self._store, self._library = store, library

    async def profile(self, tx: Transaction, population_id: str, segment: str | None, other: str | None) -> Profiled:
        """How the people drawn so far are spread, of one segment if named, and how another population differs."""
        from services.population.domain.profile.measure import compare, profile_of

        population = await find(tx, self._store, population_id)
        columns = await self._columns(tx, population, segment)
        orders = self._orders(population)
        profile = await asyncio.to_thread(profile_of, columns, orders)
        comparison = None
        if other is not None:
            beside = await self._beside(tx, other, "compare_with")
            theirs = await self._columns(tx, beside, None)
            comparison = await asyncio.to_thread(compare, columns, theirs, orders, beside.id, beside.spec.name)
        return Profiled(population, segment, profile, comparison)

    async def compared(self, tx: Transaction, population_ids: Sequence[str]) -> Compared:
        """Two populations side by side. Raises `InvalidError` for one that is not there or has nobody yet."""
        from services.population.domain.profile.measure import compare

        found = [await self._beside(tx, wanted, f"population_ids.{n}") for n, wanted in enumerate(population_ids)]
        first, second = [await self._columns(tx, population, None) for population in found]
        orders = self._orders(found[1]) | self._orders(found[0])
        comparison = await asyncio.to_thread(compare, first, second, orders, found[1].id, found[1].spec.name)
        return Compared(found[0], found[1], comparison)

    async def _beside(self, tx: Transaction, population_id: str, field: str) -> Population:
        population = await self._store.populations.get(tx, population_id)
        if population is None:
            raise InvalidError(field, f"there is no population {population_id!r}")
        if not population.generated:
            raise InvalidError(field, f"nobody of population {population_id!r} is there yet")
        return population

    async def plotted(self, tx: Transaction, population_id: str, name: str, segment: str | None) -> Profile:
        """The profile of what one plot shows: an attribute alone, or everything for the plot of associations."""
        from services.population.domain.profile.measure import profile_of

        population = await find(tx, self._store, population_id)
        columns = await self._columns(tx, population, segment, None if name == ASSOCIATIONS else (name,))
        return await asyncio.to_thread(profile_of, columns, self._orders(population))

    async def _columns(
        self, tx: Transaction, population: Population, segment: str | None, only: Sequence[str] | None = None
    ) -> Columns:
        chosen = [] if segment is None else [segment_of(population, segment)]
        columns, after = Columns(only), 0
        rest = {"segment": REST} if population.segments else {}
        while True:
            people, after = await self._store.people.attributes(tx, population.id, PROFILED_AT_ONCE, after, chosen)
            if not people:
                return columns
            for one in people:
                columns.add(one.flat() if one.segment else one.flat() | rest)
            await asyncio.sleep(0)

    def _orders(self, population: Population) -> dict[str, Sequence[str]]:
        """The values of the template's dimensions in their order, and the segments in theirs."""
        template = self._library.shown(population.spec)
        dimensions = template.dimensions if template else {}
        return {name: dimension.values for name, dimension in dimensions.items()} | {
            "segment": [*population.segments, REST][: len(population.segments) + bool(population.rest)]
        }
