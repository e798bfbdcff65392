"""One endpoint with all that talks to it: chat models, models for embeddings, batch jobs, what is known of it."""

from datetime import timedelta

from services.models.adapters.upstream.backend import Upstream
from services.models.adapters.upstream.batches import Batches
from services.models.adapters.upstream.connection import Connection
from services.models.adapters.upstream.desk import Desk, Jobs, Pace
from services.models.adapters.upstream.embeddings import Embedder
from services.models.adapters.upstream.gate import Load, gates_of
from services.models.adapters.upstream.knowledge import Knowledge, Memory
from services.models.settings import Endpoint


class Server:
    """An endpoint."""

    def __init__(
        self, endpoint: Endpoint, api_key: str | None, memory: Memory, jobs: Jobs, *, lifetime: timedelta, pace: Pace
    ) -> None:
        self.endpoint = endpoint
        self._connection = Connection(endpoint, api_key)
        self.knowledge = Knowledge(endpoint, self._connection, memory, lifetime)
        self._gates = gates_of(endpoint)
        self.chat = Upstream(endpoint, self._connection, self.knowledge, self._gates)
        self.embeddings = Embedder(endpoint, self._connection, self.knowledge, self._gates)
        batches = Batches(endpoint, self._connection)
        self.economy = Desk(endpoint, batches, self.chat, self.knowledge, jobs, pace)

    def loads(self) -> list[Load]:
        """How busy each of its models is."""
        return [gate.load() for gate in self._gates.values()]

    async def close(self) -> None:
        """Close the connections."""
        await self.economy.close()
        await self.knowledge.close()
        await self._connection.close()
