"""Drawing people whose personas a model writes, block by block: no transaction is open while it does.

A block that is done again finds the replies in the ledger, and who is there already; names are settled when the block
is stored, with everybody before it in view.
"""

from dataclasses import replace

from libs.contracts.envelope import Message
from libs.contracts.population import WritePeople
from libs.db import Database
from services.population.adapters import Author
from services.population.domain.population import Population, State
from services.population.domain.writing import settle
from services.population.service.drawing import Drawing
from services.population.store import Store

BLOCK = 100
"""People written by one command: progress is shown, and a crash has so many replies read again."""


class Writing:
    """Has personas written."""

    def __init__(self, database: Database, store: Store, drawing: Drawing, author: Author) -> None:
        self._database, self._store, self._drawing, self._author = database, store, drawing, author

    async def write_block(self, message: Message[WritePeople]) -> None:
        """Draw and write the people from `start` on, unless they are there already. Raises `ModelsError`."""
        command = message.data
        async with self._database.read(tenant=message.envelope.tenant) as tx:
            population = await self._store.populations.get(tx, command.population_id)
        if population is None or not _awaits(population, command.start):
            return
        drafts, fragments = await self._drawing.drafted(population, command.start, BLOCK)
        written = await self._author.personas(population, drafts)
        async with self._database.write(message.envelope) as tx:
            population = await self._store.populations.get(tx, command.population_id, lock=True)
            if population is None or population.personas is None or not _awaits(population, command.start):
                return
            names = await self._store.people.names(tx, population.id)
            people, personas = settle(written, fragments, names, population.personas)
            await self._drawing.add_block(tx, replace(population, personas=personas), people)


def _awaits(population: Population, start: int) -> bool:
    return population.state is State.GENERATING and start == population.generated + 1
