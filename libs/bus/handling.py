"""Handling of single messages: `on` in a transaction with its inbox row, `work` without one but with a heartbeat."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from opentelemetry.trace import Span, SpanKind

from libs.bus.delivery import Delivery
from libs.bus.errors import UndecodableError
from libs.bus.router import Mode
from libs.bus.tables import INBOX
from libs.contracts.envelope import Message
from libs.contracts.identity import working_for
from libs.db import insert_new
from libs.telemetry import correlation_id, span

logger = logging.getLogger(__name__)
NO_PARENT = {"traceparent": ""}


class Handling:
    """Takes each fetched message of one subscription to its end."""

    def __init__(self, delivery: Delivery, subject_service: object) -> None:
        self.delivery = delivery
        self._subject_service = subject_service
        self._handle = self._work if delivery.subscription.mode is Mode.WORK else self._on

    async def receive(self, raw: Msg) -> None:
        """Take a message to its end. Raises nothing but cancellation, which hands the message back."""
        try:
            await self._receive(raw)
        except Exception:
            logger.exception("%s: a message was left to be delivered again", self.delivery.consumer)

    async def _receive(self, raw: Msg) -> None:
        started = time.perf_counter()
        try:
            message = self.delivery.decode(raw)
        except UndecodableError as error:
            await self.delivery.give_up(raw, error)
            return
        envelope = message.envelope
        correlation = correlation_id.set(envelope.correlationid)
        try:
            with working_for(envelope.tenant), self._span(envelope.traceparent):
                outcome = await self._settled(message, raw)
        except asyncio.CancelledError:
            await self.delivery.hand_back(raw)
            raise
        except Exception as error:
            await self.delivery.failed(raw, envelope, error)
        else:
            await self.delivery.done(raw, envelope, outcome, started)
        finally:
            correlation_id.reset(correlation)

    async def _settled(self, message: Message[Any], raw: Msg) -> str:
        """Handle a message, again as long as it is worth to wait with it in hand."""
        while True:
            try:
                return await self._handle(message, raw)
            except Exception as error:
                if not await self.delivery.waits(raw, message.envelope, error):
                    raise

    def _span(self, sender: str | None) -> AbstractContextManager[Span]:
        """The trace of a message goes on; work, of which one step sends thousands, has its own, with a link."""
        if self.delivery.subscription.mode is Mode.WORK:
            return span(self.delivery.template, parent=NO_PARENT, links=[sender], kind=SpanKind.CONSUMER)
        parent = {"traceparent": sender} if sender else None
        return span(self.delivery.template, parent=parent, kind=SpanKind.CONSUMER)

    async def _on(self, message: Message[Any], _raw: Msg) -> str:
        async with self.delivery.database.write(cause=message.envelope) as tx:
            if not await insert_new(tx, INBOX, [self.delivery.inbox_row(message.envelope)]):
                return "duplicate"
            await self.delivery.subscription.handler(tx, message, self._subject_service)
        return "handled"

    async def _work(self, message: Message[Any], raw: Msg) -> str:
        async with _heartbeat(raw, self.delivery.settings.ack_wait / 3):
            await self.delivery.subscription.handler(message, self._subject_service)
        return "handled"


@asynccontextmanager
async def _heartbeat(raw: Msg, interval: float) -> AsyncIterator[None]:
    """Keep the server from delivering a message again while it is worked on."""

    async def beat() -> None:
        while True:
            await asyncio.sleep(interval)
            try:
                await raw.in_progress()
            except NatsError:  # disconnected; the next beat may be in time
                continue

    beating = asyncio.create_task(beat())
    try:
        yield
    finally:
        beating.cancel()
