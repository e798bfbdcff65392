"""For messages that come in great number: many of them in one transaction, acknowledged after its commit.

A batch that fails is halved until the message that makes it fail stands alone, so a poisonous one holds up nobody.
"""

import asyncio
import time
from collections.abc import Sequence
from itertools import chain, groupby
from operator import attrgetter
from typing import Any, NamedTuple

from nats.aio.msg import Msg
from opentelemetry.trace import SpanKind

from libs.bus.delivery import Delivery
from libs.bus.errors import UndecodableError
from libs.bus.tables import INBOX
from libs.contracts.envelope import Message
from libs.contracts.identity import working_for
from libs.db import insert_new, is_away
from libs.telemetry import span

TOGETHER_BYTES = 2_000_000
"""Messages beyond this wait for the next transaction: what is read of them takes ten times as much memory."""


class Received(NamedTuple):
    """A message as it came and what it says."""

    raw: Msg
    message: Message[Any]


class Sink:
    """Handles the messages of one subscription, as many at once as have come."""

    def __init__(self, delivery: Delivery, subject_service: object) -> None:
        self._delivery = delivery
        self._subject_service = subject_service

    def room(self) -> int:
        """The most messages of one transaction."""
        return self._delivery.settings.sink_batch

    async def take(self, raws: Sequence[Msg], _group: asyncio.TaskGroup) -> None:
        """Take messages to their end. Raises nothing but cancellation, which hands them back."""
        parts = _parts(raws)
        try:
            while parts:
                await self._take(parts.pop(0))
        except asyncio.CancelledError:
            for raw in chain.from_iterable(parts):
                await self._delivery.hand_back(raw)
            raise

    async def _take(self, raws: Sequence[Msg]) -> None:
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
            if len(group) == 1 or is_away(error):
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
        links = [received.message.envelope.traceparent for received in group[1:]]
        is_traced = span(delivery.template, parent=parent, links=links, kind=SpanKind.CONSUMER, messages=len(group))
        with working_for(first.tenant), is_traced:
            async with delivery.database.write(tenant=first.tenant) as tx:
                rows = [delivery.inbox_row(received.message.envelope) for received in group]
                new = {(row["source"], row["id"]) for row in await insert_new(tx, INBOX, rows)}
                messages = []
                for received in group:
                    envelope = received.message.envelope
                    if (envelope.source, envelope.identity) in new:
                        new.discard((envelope.source, envelope.identity))
                        messages.append(received.message)
                if messages:
                    await delivery.subscription.handler(tx, messages, self._subject_service)
        return {message.envelope.id for message in messages}


def _parts(raws: Sequence[Msg]) -> list[list[Msg]]:
    """Messages that are read and handled together, in their order."""
    parts, size = list[list[Msg]](), 0
    for raw in raws:
        size += len(raw.data)
        if not parts or size > TOGETHER_BYTES:
            parts.append([])
            size = len(raw.data)
        parts[-1].append(raw)
    return parts
