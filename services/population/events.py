"""Messages out: what the population service tells the others, and the blocks it orders from itself."""

from collections.abc import Sequence
from datetime import datetime

from libs.bus import Outbox
from libs.contracts.people import Agent
from libs.contracts.population import (
    AgentsGenerated,
    ApplyFragments,
    GeneratePeople,
    Makeup,
    PersonasChanged,
    PopulationCreated,
    PopulationDeleted,
    PopulationFailed,
    PopulationProgressed,
    PopulationReady,
    PreparePeople,
    WritePeople,
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

    async def prepare(self, tx: Transaction, population: Population) -> None:
        """Have its model asked."""
        await self._outbox.add(tx, PreparePeople(population_id=population.id))

    async def draw_next(self, tx: Transaction, population: Population) -> None:
        """Have the next block drawn."""
        start = population.generated + 1
        if population.personas is None:
            await self._outbox.add(tx, GeneratePeople(population_id=population.id, start=start))
        else:
            await self._outbox.add(tx, WritePeople(population_id=population.id, start=start))

    async def progressed(self, tx: Transaction, population: Population) -> None:
        """Another block is drawn, and it is not the last one. Without an estimate there is no news of it."""
        remaining = population.remaining_s
        if population.people_per_second is None or population.progressed_at is None or remaining is None:
            return
        event = PopulationProgressed(
            population_id=population.id,
            size=population.spec.size,
            generated=population.generated,
            people_per_second=population.people_per_second,
            remaining_s=round(remaining, 1),
            progressed_at=population.progressed_at,
        )
        await self._outbox.add(tx, event)

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

    async def ready(self, tx: Transaction, population: Population, makeup: Makeup) -> None:
        """Everybody is drawn; the last message about the people."""
        if population.ready_at is None:
            raise ValueError(f"{population.id} is not ready")
        event = PopulationReady(
            population_id=population.id,
            name=population.spec.name,
            size=population.spec.size,
            segments=population.segments,
            ready_at=population.ready_at,
            makeup=makeup,
        )
        await self._outbox.add(tx, event)

    async def failed(self, tx: Transaction, population: Population) -> None:
        """The people could not be drawn."""
        await self._outbox.add(tx, PopulationFailed(population_id=population.id, reason=population.reason or ""))

    async def deleted(self, tx: Transaction, population_id: str, at: datetime) -> None:
        """It is gone."""
        await self._outbox.add(tx, PopulationDeleted(population_id=population_id, deleted_at=at))
