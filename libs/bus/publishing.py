"""Publishing rows of an outbox to JetStream: many at once as an atomic batch, which costs one fsync, in order.

A server refuses a whole batch when it has one of its messages already; they are then published one by one, where it
answers "duplicate" to those it has.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

import orjson
from nats.aio.client import Client
from nats.js.errors import APIError

BATCH_MESSAGES = 500
BATCH_BYTES = 8_000_000
PUBLISH_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message as it goes over the wire; `id` is that of its row and envelope."""

    id: str
    subject: str
    headers: dict[str, str]
    body: bytes


class BatchRefusedError(Exception):
    """The server took nothing of a batch."""


class Publisher:
    """Publishes over one connection."""

    def __init__(self, connection: Client) -> None:
        self._connection = connection
        self._js = connection.jetstream(timeout=PUBLISH_TIMEOUT_S)

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish messages of one stream in order; returns when all are on disk, raises when one may not be."""
        for batch in _batches(messages):
            if len(batch) > 1:
                try:
                    await self._publish_atomically(batch)
                    continue
                except BatchRefusedError:
                    pass
            await self._publish_singly(batch)

    async def _publish_atomically(self, batch: Sequence[Outgoing]) -> None:
        place = {"Nats-Batch-Id": uuid4().hex}
        for number, message in enumerate(batch[:-1], start=1):
            place["Nats-Batch-Sequence"] = str(number)
            await self._connection.publish(message.subject, message.body, headers=message.headers | place)
        last = batch[-1]
        headers = last.headers | place | {"Nats-Batch-Sequence": str(len(batch)), "Nats-Batch-Commit": "1"}
        reply = await self._connection.request(last.subject, last.body, timeout=PUBLISH_TIMEOUT_S, headers=headers)
        answer = orjson.loads(reply.data)
        if "error" in answer:
            raise BatchRefusedError(answer["error"].get("description"))
        if answer.get("count") != len(batch):
            raise APIError(code=500, description=f"of a batch of {len(batch)}, {answer.get('count')} were stored")

    async def _publish_singly(self, batch: Sequence[Outgoing]) -> None:
        """All at once; the connection keeps them in order."""
        outcomes = await asyncio.gather(
            *(self._js.publish(message.subject, message.body, headers=message.headers) for message in batch),
            return_exceptions=True,
        )
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome


def _batches(messages: Sequence[Outgoing]) -> Iterator[Sequence[Outgoing]]:
    start, size = 0, 0
    for place, message in enumerate(messages):
        if place > start and (place - start == BATCH_MESSAGES or size + len(message.body) > BATCH_BYTES):
            yield messages[start:place]
            start, size = place, 0
        size += len(message.body)
    if start < len(messages):
        yield messages[start:]
