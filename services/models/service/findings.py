"""What was found out about models, kept in the database. It is the operator's, so it belongs to the default tenant."""

from libs.db import Database
from services.models.domain.capabilities import Found
from services.models.store import Store


class Findings:
    """The memory of all endpoints."""

    def __init__(self, database: Database, store: Store) -> None:
        self._database = database
        self._store = store

    async def load(self, endpoint: str, model: str) -> Found | None:
        """What was found about a model."""
        async with self._database.read() as tx:
            return await self._store.load_capabilities(tx, endpoint, model)

    async def save(self, found: Found) -> None:
        """Keep a finding."""
        async with self._database.write() as tx:
            await self._store.save_capabilities(tx, found)
