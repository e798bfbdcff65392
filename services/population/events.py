"""Messages out: what the population service tells the others, and the blocks it orders from itself."""

from collections.abc import Sequence

from libs.bus import Outbox
from libs.contracts.people import Agent
from libs.contracts.population import (
    AgentsGenerated,
    ApplyFragments,
    GeneratePeople,
    PersonasChanged,
    PopulationCreated,
    PopulationFailed,
    PopulationReady,
)
from libs.db import Transaction
from services.population.domain.population import Population
from services.population.domain.versions import Version

AGENTS_IN_A_MESSAGE = 50


class Events:
    """Builds the payloads and puts them into the outbox."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    async def created(self, tx: Transaction, population: Population) -> None:
        """Its people are being drawn."""
        event = PopulationCreated(
            population_id=population.id,
            name=population.spec.name,
            demographic_base=population.spec.demographic_base,
            size=population.spec.size,
            segments=population.segments,
            seed=population.seed,
            created_at=population.created_at,
        )
        await self._outbox.add(tx, event)

    async def people_drawn(self, tx: Transaction, population: Population, people: Sequence[Agent]) -> None:
        """A block, in messages of at most 50 people."""
        for start in range(0, len(people), AGENTS_IN_A_MESSAGE):
            some = tuple(people[start : start + AGENTS_IN_A_MESSAGE])
            await self._outbox.add(tx, AgentsGenerated(population_id=population.id, agents=some))

    async def draw_from(self, tx: Transaction, population: Population, start: int) -> None:
        """Have the next block drawn."""
        await self._outbox.add(tx, GeneratePeople(population_id=population.id, start=start))

    async def people_changed(self, tx: Transaction, version: Version, people: Sequence[Agent]) -> None:
        """What a version made of a block, in messages of at most 50 people."""
        for start in range(0, len(people), AGENTS_IN_A_MESSAGE):
            some = tuple(people[start : start + AGENTS_IN_A_MESSAGE])
            event = PersonasChanged(population_id=version.population_id, version=version.number, agents=some)
            await self._outbox.add(tx, event)

    async def apply_from(self, tx: Transaction, version: Version) -> None:
        """Have the next block changed."""
        command = ApplyFragments(population_id=version.population_id, version=version.number, after=version.reached)
        await self._outbox.add(tx, command)

    async def ready(self, tx: Transaction, population: Population) -> None:
        """Everybody is drawn; the last message about the people."""
        if population.ready_at is None:
            raise ValueError(f"{population.id} is not ready")
        event = PopulationReady(
            population_id=population.id,
            name=population.spec.name,
            size=population.spec.size,
            segments=population.segments,
            ready_at=population.ready_at,
        )
        await self._outbox.add(tx, event)

    async def failed(self, tx: Transaction, population: Population) -> None:
        """The people could not be drawn."""
        await self._outbox.add(tx, PopulationFailed(population_id=population.id, reason=population.reason or ""))
