"""A service's connection to the others: its consumers, its relay, and the streams both need."""

from typing import TYPE_CHECKING

from libs.bus.router import Router
from libs.bus.settings import BusSettings
from libs.db import Database

if TYPE_CHECKING:
    from nats.aio.client import Client


class Bus:
    """Runs the handlers of a router and publishes what the service's transactions left in its outbox."""

    def __init__(
        self, settings: BusSettings, *, service: str, database: Database, router: Router, subject_service: object
    ) -> None:
        self.settings = settings
        self.service = service
        self.database = database
        self.router = router
        self.subject_service = subject_service
        self._connection: Client | None = None

    @property
    def connection(self) -> "Client":
        """The NATS connection. Raises `RuntimeError` before `start`."""
        if self._connection is None:
            raise RuntimeError("the bus was not started")
        return self._connection

    def is_ready(self) -> bool:
        """True while messages can be received and published."""
        return self._connection is not None and self._connection.is_connected

    async def start(self) -> None:
        """Connect, make the streams and consumers, then receive and publish."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Receive nothing more, finish or hand back what is in hand, publish the rest, disconnect."""
        raise NotImplementedError
