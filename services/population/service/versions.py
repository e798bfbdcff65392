"""Versions of populations: fragments applied to people who are there, and edits of single people."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

from libs.contracts.errors import InvalidError, NotFoundError
from libs.contracts.population import ApplyFragments
from libs.contracts.specs import ApplyFragmentsSpec
from libs.db import Transaction
from services.population.domain.edits import edit
from services.population.domain.imports import Person
from services.population.domain.population import Population
from services.population.domain.traits import load_trait_model
from services.population.domain.versions import Applied, Change, Edit, Recorded, Version, change_all, chosen
from services.population.events import Events
from services.population.service.fragments import Fragments
from services.population.service.lookup import find, find_changeable, find_person, index_of, segment_of
from services.population.store import Store

BLOCK = 500
"""People changed in one transaction: in the request that applies fragments, then by each command."""


class Versions:
    """Changes people, and shows what that did."""

    def __init__(self, store: Store, events: Events, fragments: Fragments) -> None:
        self._store, self._events, self._fragments = store, events, fragments
        self._known_traits = load_trait_model().traits

    async def apply(self, tx: Transaction, population_id: str, spec: ApplyFragmentsSpec) -> Version:
        """Merge fragments into people: up to 500 at once, the others by commands.

        Raises `InvalidError` for an unknown fragment, segment or person, `ConflictError` while people are being drawn
        or changed.
        """
        population = await find_changeable(tx, self._store, population_id)
        segments, indices = _target(spec, population)
        fragments = chosen(spec.fragments, await self._fragments.by_name(tx), self._known_traits)
        version = _next(population, fragments=fragments, segments=segments, indices=indices)
        await self._store.populations.save(tx, replace(population, version=version.number))
        return await self._change_block(tx, version)

    async def apply_block(self, tx: Transaction, command: ApplyFragments) -> None:
        """Change the next people of a version, unless they had their turn already."""
        await find(tx, self._store, command.population_id, lock=True)
        version = await self._version(tx, command.population_id, command.version)
        if version.applied_at is None and version.reached == command.after:
            await self._change_block(tx, version)

    async def edit(self, tx: Transaction, population_id: str, agent_id: str, change: Edit) -> Person:
        """Edit one person, who comes back as they are then; a patch that says nothing new makes no version.

        Raises `InvalidError` for a protected or unknown field, `ConflictError` while people are being drawn or changed.
        """
        population = await find_changeable(tx, self._store, population_id)
        person = await find_person(tx, self._store, population, agent_id)
        number = population.version + 1
        outcome = edit(person.agent, change.patch, self._known_traits, number)
        if outcome is None or outcome.after is None:
            return person
        await self._store.populations.save(tx, replace(population, version=number))
        version = _next(population, edit=change, indices=(person.agent.index,))
        await self._record(tx, version, [outcome], targeted=1, is_last=True)
        return replace(person, agent=outcome.after)

    async def newest(self, tx: Transaction, population_id: str, limit: int, before: int) -> list[Version]:
        """Versions of a population below a number, newest first."""
        await find(tx, self._store, population_id)
        return await self._store.versions.below(tx, population_id, limit, before)

    async def changes(
        self, tx: Transaction, population_id: str, number: int, limit: int, after: int, *, only_conflicts: bool
    ) -> list[Recorded]:
        """What a version did to people, by index, after this index."""
        await find(tx, self._store, population_id)
        version = await self._version(tx, population_id, number)
        return await self._store.versions.changes(tx, version, limit, after, only_conflicts=only_conflicts)

    async def _version(self, tx: Transaction, population_id: str, number: int) -> Version:
        found = await self._store.versions.below(tx, population_id, 1, number + 1)
        if not found or found[0].number != number:
            raise NotFoundError(f"version of population {population_id!r}", str(number))
        return found[0]

    async def _change_block(self, tx: Transaction, version: Version) -> Version:
        people = await self._store.versions.targets(tx, version, BLOCK)
        outcomes = await asyncio.to_thread(change_all, people, version)
        if people:
            version = replace(version, reached=people[-1].index)
        return await self._record(tx, version, outcomes, targeted=len(people), is_last=len(people) < BLOCK)

    async def _record(
        self, tx: Transaction, version: Version, outcomes: list[Change], *, targeted: int, is_last: bool
    ) -> Version:
        """What a version did to a block of people, told to the others; and the next block ordered, or its end."""
        changed = [outcome.after for outcome in outcomes if outcome.after is not None]
        version = replace(
            version,
            targeted=version.targeted + targeted,
            changed=version.changed + len(changed),
            conflicts=version.conflicts + len(outcomes) - len(changed),
            applied_at=datetime.now(UTC) if is_last else None,
        )
        await self._store.versions.save(tx, version)
        await self._store.versions.apply(tx, version, outcomes)
        await self._events.people_changed(tx, version, changed)
        if not is_last:
            await self._events.apply_from(tx, version)
        return version


def _next(
    population: Population,
    *,
    fragments: tuple[Applied, ...] = (),
    segments: tuple[str | None, ...] = (),
    indices: tuple[int, ...] = (),
    edit: Edit | None = None,
) -> Version:
    """The next version of a population, which nobody had their turn of yet."""
    return Version(
        population_id=population.id,
        number=population.version + 1,
        fragments=fragments,
        target_segments=segments,
        target_indices=indices,
        edit=edit,
        reached=0,
        targeted=0,
        changed=0,
        conflicts=0,
        created_at=datetime.now(UTC),
        applied_at=None,
    )


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
