"""Finding what a request names: a population, one of its segments, one of its people."""

import re

from libs.contracts.errors import ConflictError, InvalidError, NotFoundError
from libs.contracts.ids import agent_id
from libs.db import Transaction
from services.population.domain.imports import Person
from services.population.domain.population import REST, Population, State
from services.population.store import Store


async def find(tx: Transaction, store: Store, population_id: str, *, lock: bool = False) -> Population:
    """A population of this tenant; with `lock` nobody else changes it until the transaction ends."""
    population = await store.populations.get(tx, population_id, lock=lock)
    if population is None:
        raise NotFoundError("population", population_id)
    return population


async def find_changeable(tx: Transaction, store: Store, population_id: str) -> Population:
    """A population whose people can be changed, locked. Raises `ConflictError` for one that is not all there, that is
    archived, or whose people are being changed."""
    population = await find(tx, store, population_id, lock=True)
    if population.state is not State.READY:
        raise ConflictError(f"Population {population_id!r} is {population.state}; its people are not all there.")
    if population.archived_at is not None:
        raise ConflictError(f"Population {population_id!r} is archived; restore it to change its people.")
    await check_settled(tx, store, population)
    return population


async def check_settled(tx: Transaction, store: Store, population: Population) -> None:
    """Raises `ConflictError` while fragments are still being applied."""
    newest = await store.versions.below(tx, population.id, 1, population.version + 1)
    if newest and newest[0].applied_at is None:
        raise ConflictError(f"Version {population.version} of {population.id!r} is still being applied.")


async def find_person(tx: Transaction, store: Store, population: Population, wanted: str) -> Person:
    """One person. Raises `NotFoundError`."""
    index = index_of(population, wanted)
    person = await store.people.get(tx, population.id, index) if index else None
    if person is None:
        raise NotFoundError("individual of this population", wanted)
    return person


def segment_of(population: Population, name: str, field: str = "segment") -> str | None:
    """The segment as the store has it; None is the rest. Raises `InvalidError` with the names there are."""
    names = [*population.segments, *([REST] if population.rest else [])]
    if name not in names:
        raise InvalidError(field, f"there is no segment {name!r}", names)
    return name if name in population.segments else None


def index_of(population: Population, wanted: str) -> int | None:
    """The place of the agent with this id; None when the population has none such."""
    found = re.fullmatch(r"agent_([0-9]{4,9})", wanted)
    index = int(found[1]) if found else 0
    return index if 1 <= index <= population.spec.size and agent_id(index) == wanted else None
