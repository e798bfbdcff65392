"""Versions of populations: fragments applied to people who are there."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from libs.contracts.errors import ConflictError, InvalidError, NotFoundError
from libs.contracts.population import ApplyFragments
from libs.contracts.specs import ApplyFragmentsSpec
from libs.db import Transaction
from services.population.domain.fragments import Fragment
from services.population.domain.population import Population, State
from services.population.domain.traits import load_trait_model
from services.population.domain.versions import Recorded, Version, change_all, chosen
from services.population.events import Events
from services.population.service.lookup import find, index_of, segment_of
from services.population.store import Store

BLOCK = 500
"""People changed in one transaction: in the request that applies fragments, then by each command."""


class Versions:
    """Applies fragments, and shows what that did."""

    def __init__(self, store: Store, events: Events, library: Mapping[str, Fragment]) -> None:
        self._store, self._events, self._library = store, events, library
        self._known_traits = load_trait_model().traits

    async def apply(self, tx: Transaction, population_id: str, spec: ApplyFragmentsSpec) -> Version:
        """Merge fragments into people: up to 500 at once, the others by commands.

        Raises `InvalidError` for an unknown fragment, segment or person, `ConflictError` while people are being drawn
        or changed.
        """
        population = await find(tx, self._store, population_id, lock=True)
        if population.state is not State.READY:
            raise ConflictError(f"Population {population_id!r} is {population.state}; its people are not all there.")
        if population.version and not (await self._version(tx, population_id, population.version)).applied_at:
            raise ConflictError(f"Version {population.version} of {population_id!r} is still being applied.")
        segments, indices = _target(spec, population)
        version = Version(
            population_id=population_id,
            number=population.version + 1,
            fragments=chosen(spec.fragments, self._library, self._known_traits),
            target_segments=segments,
            target_indices=indices,
            reached=0,
            targeted=0,
            changed=0,
            conflicts=0,
            created_at=datetime.now(UTC),
            applied_at=None,
        )
        await self._store.save(tx, replace(population, version=version.number))
        return await self._change_block(tx, version)

    async def apply_block(self, tx: Transaction, command: ApplyFragments) -> None:
        """Change the next people of a version, unless they had their turn already."""
        await find(tx, self._store, command.population_id, lock=True)
        version = await self._version(tx, command.population_id, command.version)
        if version.applied_at is None and version.reached == command.after:
            await self._change_block(tx, version)

    async def newest(self, tx: Transaction, population_id: str, limit: int, before: int) -> list[Version]:
        """Versions of a population below a number, newest first."""
        await find(tx, self._store, population_id)
        return await self._store.versions(tx, population_id, limit, before)

    async def changes(
        self, tx: Transaction, population_id: str, number: int, limit: int, after: int, *, only_conflicts: bool
    ) -> list[Recorded]:
        """What a version did to people, by index, after this index."""
        await find(tx, self._store, population_id)
        version = await self._version(tx, population_id, number)
        return await self._store.changes(tx, version, limit, after, only_conflicts=only_conflicts)

    async def _version(self, tx: Transaction, population_id: str, number: int) -> Version:
        found = await self._store.versions(tx, population_id, 1, number + 1)
        if not found or found[0].number != number:
            raise NotFoundError(f"version of population {population_id!r}", str(number))
        return found[0]

    async def _change_block(self, tx: Transaction, version: Version) -> Version:
        people = await self._store.targets(tx, version, BLOCK)
        outcomes = await asyncio.to_thread(change_all, people, version)
        changed = [outcome.after for outcome in outcomes if outcome.after is not None]
        is_last = len(people) < BLOCK
        version = replace(
            version,
            reached=people[-1].index if people else version.reached,
            targeted=version.targeted + len(people),
            changed=version.changed + len(changed),
            conflicts=version.conflicts + len(outcomes) - len(changed),
            applied_at=datetime.now(UTC) if is_last else None,
        )
        await self._store.save_version(tx, version)
        await self._store.apply(tx, version, outcomes)
        await self._events.people_changed(tx, version, changed)
        if not is_last:
            await self._events.apply_from(tx, version)
        return version


def _target(spec: ApplyFragmentsSpec, population: Population) -> tuple[tuple[str | None, ...], tuple[int, ...]]:
    """Segments and places a request names."""
    segments = [
        segment_of(population, name, f"target_segments.{place}") for place, name in enumerate(spec.target_segments)
    ]
    indices: list[int] = []
    for place, wanted in enumerate(spec.agent_ids):
        index = index_of(population, wanted)
        if index is None:
            raise InvalidError(f"agent_ids.{place}", f"there is no individual {wanted!r} in this population")
        indices.append(index)
    return tuple(segments), tuple(indices)
