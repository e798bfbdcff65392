"""The loop for messages that come in great number: many of them in one transaction, acknowledged after its commit.

A batch that fails is halved until the message that makes it fail stands alone, so a poisonous one holds up nobody.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from opentelemetry.trace import SpanKind

from libs.bus.delivery import WAITED_FOR, Delivery
from libs.bus.errors import NotReadyError, UndecodableError
from libs.bus.pull import PacedPull
from libs.bus.tables import INBOX
from libs.contracts.envelope import Message
from libs.db import insert_new
from libs.telemetry import span

PAUSE_S = 1.0

logger = logging.getLogger(__name__)


class Received(NamedTuple):
    """A message as it came and what it says."""

    raw: Msg
    message: Message[Any]


class SinkLoop:
    """Fetches and handles the messages of one subscription until stopped."""

    def __init__(self, delivery: Delivery, subject_service: object) -> None:
        self._delivery = delivery
        self._subject_service = subject_service
        self._pull: PacedPull | None = None
        self._task: asyncio.Task[None] | None = None
        self._handling = asyncio.Lock()

    async def start(self, js: JetStreamContext, on_missing: Callable[[], None]) -> PacedPull:
        """Subscribe to the durable consumer, which must exist, and begin."""
        subscription = self._delivery.subscription
        prefix = f"{self._delivery.settings.inbox_prefix}.".encode()
        pull = await js.pull_subscribe_bind(subscription.durable, subscription.stream, inbox_prefix=prefix)
        self._pull = PacedPull(pull, on_missing)
        self._task = asyncio.create_task(self._run(self._pull), name=f"sink {subscription.durable}")
        return self._pull

    async def stop(self) -> None:
        """Fetch nothing more; finish the batch in hand, or hand it back when it takes too long."""
        if self._task is None or self._pull is None:
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._delivery.settings.drain_timeout), self._handling:
                self._task.cancel()
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        with suppress(ConnectionClosedError):
            await self._pull.unsubscribe()

    async def _run(self, pull: PacedPull) -> None:
        settings = self._delivery.settings
        while True:
            try:
                raws = await pull.fetch(settings.sink_batch, settings.fetch_timeout)
                async with self._handling:
                    await self._receive(raws)
            except NatsTimeoutError:
                continue
            except ConnectionClosedError:
                return
            except Exception:
                logger.exception("%s: a batch was left to be delivered again", self._delivery.consumer)
                await asyncio.sleep(PAUSE_S)

    async def _receive(self, raws: Sequence[Msg]) -> None:
        started = time.perf_counter()
        batch: list[Received] = []
        for raw in raws:
            try:
                batch.append(Received(raw, self._delivery.decode(raw)))
            except UndecodableError as error:
                await self._delivery.give_up(raw, error)
        tenant = attrgetter("message.envelope.tenant")
        pending = [list(group) for _, group in groupby(sorted(batch, key=tenant), key=tenant)]
        try:
            while pending:
                pending[:1] = await self._settle(pending[0], started)
        except asyncio.CancelledError:
            for received in (received for group in pending for received in group):
                await self._delivery.hand_back(received.raw)
            raise

    async def _settle(self, group: list[Received], started: float) -> list[list[Received]]:
        """Handle messages of one tenant; the parts that are still to be settled."""
        try:
            new = await self._handle(group)
        except Exception as error:
            if len(group) == 1 or (isinstance(error, WAITED_FOR) and not isinstance(error, NotReadyError)):
                for received in group:
                    await self._delivery.failed(received.raw, received.message.envelope, error)
                return []
            half = len(group) // 2
            return [group[:half], group[half:]]
        for received in group:
            envelope = received.message.envelope
            outcome = "handled" if envelope.id in new else "duplicate"
            await self._delivery.done(received.raw, envelope, outcome, started)
        return []

    async def _handle(self, group: Sequence[Received]) -> set[str]:
        """One transaction; the ids of the messages that were new."""
        delivery = self._delivery
        first = group[0].message.envelope
        parent = {"traceparent": first.traceparent} if first.traceparent else None
        with span(delivery.template, parent=parent, kind=SpanKind.CONSUMER, messages=len(group)):
            async with delivery.database.write(tenant=first.tenant) as tx:
                rows = [delivery.inbox_row(received.message.envelope) for received in group]
                new = {(row["source"], row["id"]) for row in await insert_new(tx, INBOX, rows)}
                messages = []
                for received in group:
                    envelope = received.message.envelope
                    if (envelope.source, envelope.id) in new:
                        new.discard((envelope.source, envelope.id))
                        messages.append(received.message)
                if messages:
                    await delivery.subscription.handler(tx, messages, self._subject_service)
        return {message.envelope.id for message in messages}
