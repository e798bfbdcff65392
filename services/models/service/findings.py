"""What was found out about models, kept in the database. It is the operator's, so it belongs to the default tenant."""

from libs.db import Database
from services.models.domain.capabilities import Found
from services.models.store import CapabilityStore


class Findings:
    """The memory of all endpoints."""

    def __init__(self, database: Database, store: CapabilityStore) -> None:
        self._database = database
        self._store = store

    async def load(self, endpoint: str, model: str) -> Found | None:
        """What was found about a model."""
        async with self._database.read() as tx:
            return await self._store.load(tx, endpoint, model)

    async def save(self, found: Found) -> None:
        """Keep a finding."""
        async with self._database.write() as tx:
            await self._store.save(tx, found)
