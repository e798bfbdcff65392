"""Finding what a request names: a population, one of its segments, one of its people."""

import re

from libs.contracts.errors import InvalidError, NotFoundError
from libs.contracts.ids import agent_id
from libs.db import Transaction
from services.population.domain.population import REST, Population
from services.population.store import Store


async def find(tx: Transaction, store: Store, population_id: str, *, lock: bool = False) -> Population:
    """A population of this tenant; with `lock` nobody else changes it until the transaction ends."""
    population = await store.get(tx, population_id, lock=lock)
    if population is None:
        raise NotFoundError("population", population_id)
    return population


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
