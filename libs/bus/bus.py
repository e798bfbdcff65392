"""A service's connection to the others: its consumers, its relay, and the streams both need."""

import asyncio
import logging
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from nats.errors import Error as NatsError

from libs.bus import consumers
from libs.bus.delivery import Delivery
from libs.bus.handling import Handling
from libs.bus.permissions import spread_kinds
from libs.bus.pull import Pull, Taker
from libs.bus.relay import Relay
from libs.bus.router import Mode, Router, Subscription
from libs.bus.settings import BusSettings
from libs.bus.sink import Sink
from libs.bus.spreading import require_spread
from libs.bus.streams import check_server, provision
from libs.db import Database
from libs.telemetry import Absences

if TYPE_CHECKING:
    from faststream.nats import NatsBroker
    from nats.aio.client import Client

logger = logging.getLogger(__name__)

RETRY_S = 0.2
FLUSH_S = 5.0
GONE = (OSError, RuntimeError)
"""What a connection raises that the server has left; uvloop: RuntimeError."""


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
        self._broker: NatsBroker | None = None
        self._connection: Client | None = None
        self._relay: Relay | None = None
        self._pulls: list[Pull] = []
        self._winding_down: asyncio.Task[None] | None = None
        self._absences = Absences()
        self._last_error = ""

    @property
    def connection(self) -> "Client":
        """The NATS connection. Raises `RuntimeError` before `start`."""
        if self._connection is None:
            raise RuntimeError("the bus was not started")
        return self._connection

    def is_ready(self) -> bool:
        """True while messages can be received and published."""
        connected = self._connection is not None and self._connection.is_connected
        return connected and self._relay is not None and self._relay.is_ready

    async def start(self) -> None:
        """Connect, make the streams and consumers, then receive and publish.

        Raises `ConnectionError` without a server in time, `UnsuitableServerError` with one that is too old, and
        `SpreadError` where there are more streams than the settings say.
        """
        self._broker = consumers.create_broker(
            self.settings,
            name=self.service,
            on_error=self._on_error,
            on_disconnect=self._on_disconnect,
            on_reconnect=self._on_reconnect,
        )
        try:
            await self._connect(self._broker)
            await self._consume(self._broker)
        except BaseException:
            await self.stop()
            raise

    def wind_down(self) -> asyncio.Task[None]:
        """Ask for nothing more; what comes of what was asked, and what is in hand, is finished, or handed back once the
        time for it is over.
        """
        return self._wind_down(gently=True)

    async def stop(self) -> None:
        """Wind down, publish the rest, disconnect."""
        if self._broker is None:
            return
        await self._wind_down(gently=False)
        if self._relay is not None:
            await self._relay.stop(FLUSH_S)
        if self._connection is not None:
            with suppress(NatsError, TimeoutError, *GONE):
                await self._broker.stop()
            with suppress(*GONE):
                await self._connection.close()
        self._broker = self._connection = self._relay = self._winding_down = None
        self._pulls = []

    def _wind_down(self, *, gently: bool) -> asyncio.Task[None]:
        if self._winding_down is None:
            self._winding_down = asyncio.create_task(self._finish(gently), name=f"{self.service} winds down")
        return self._winding_down

    async def _finish(self, gently: bool) -> None:
        finishing = [pull.finish(self.settings.drain_timeout, gently=gently) for pull in self._pulls]
        for problem in await asyncio.gather(*finishing, return_exceptions=True):
            if isinstance(problem, Exception):
                logger.warning("%s: a consumer did not stop cleanly: %r", self.service, problem)

    async def _connect(self, broker: "NatsBroker") -> None:
        """Connect and provision, with the patience of the settings."""
        try:
            async with asyncio.timeout(self.settings.connect_timeout):
                self._connection = await broker.connect()
                check_server(self._connection)
                self._relay = Relay(
                    self._connection,
                    self.database,
                    service=self.service,
                    provision=self._provision,
                    retention=timedelta(days=self.settings.retention_days),
                    spread=self.settings.spread,
                )
                kinds = spread_kinds(self.service, self.router.subscriptions)
                while True:
                    try:
                        await require_spread(self._connection.jetstream(), self.settings.spread, kinds)
                        return await self._relay.start()
                    except NatsError as error:
                        await self._on_error(error)
                        await asyncio.sleep(RETRY_S)
        except TimeoutError as error:
            reason = f": {self._last_error}" if self._last_error else ""
            where = re.sub(r"//[^@,/]*@", "//", self.settings.nats_url)  # without user and password
            raise ConnectionError(f"no usable NATS server at {where}{reason}") from error

    async def _provision(self) -> Mapping[str, str]:
        identities = await provision(
            self.connection.jetstream(),
            [place for one in self.router.subscriptions for place in one.places(self.settings.spread)],
            replicas=self.settings.replicas,
            ack_wait=self.settings.ack_wait,
            spread=self.settings.spread,
            kinds=spread_kinds(self.service, self.router.subscriptions),
        )
        for pull in self._pulls:
            pull.renew()
        return identities

    async def _consume(self, broker: "NatsBroker") -> None:
        takers: list[Taker] = []
        for subscription in self.router.subscriptions:
            delivery = self._delivery(subscription)
            for place in subscription.places(self.settings.spread):
                pull = Pull(
                    self.connection,
                    stream=place.stream,
                    durable=place.durable,
                    lifetime=self.settings.fetch_timeout,
                    on_missing=self._check_streams,
                )
                self._pulls.append(pull)
                if subscription.mode is Mode.SINK:
                    takers.append(Sink(delivery, self.subject_service))
                else:
                    handling = Handling(delivery, self.subject_service)
                    takers.append(consumers.subscribe(broker, handling, pull, place, self.settings))
        await broker.start()
        for pull, taker in zip(self._pulls, takers, strict=True):
            await pull.start(taker)

    def _delivery(self, subscription: Subscription) -> Delivery:
        return Delivery(subscription, database=self.database, js=self.connection.jetstream(), settings=self.settings)

    def _check_streams(self) -> None:
        if self._relay is not None:
            self._relay.check_streams()

    async def _on_reconnect(self) -> None:
        logger.warning("%s is connected to NATS again", self.service)
        self._absences.end()
        self._check_streams()

    async def _on_disconnect(self) -> None:
        logger.debug("%s is disconnected from NATS", self.service)

    async def _on_error(self, error: Exception) -> None:
        """While a server is away the same error comes several times a second."""
        self._last_error = str(error)
        if self._absences.is_due(self._last_error):
            logger.warning("%s: NATS: %r", self.service, error)
