"""A bus that keeps no order: what was published is delivered in any order, more than once, and again after a nak."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from libs.bus.publishing import Outgoing
from libs.contracts import subjects
from libs.contracts.base import MessageData
from libs.contracts.envelope import Envelope, seal


def sealed(data: MessageData, *, source: str, cause: Envelope | None = None, discriminator: object = 0) -> Outgoing:
    """A message of a service as it goes over the wire."""
    envelope = seal(data, source=source, cause=cause, discriminator=discriminator)
    subject = subjects.concrete(data.contract, envelope.tenant, data.key)
    return Outgoing(envelope.id, subject, envelope.headers(), data.model_dump_json().encode())


@dataclass(eq=False)
class Wire:
    """One message on its way to one consumer, with what the server's messages have."""

    consumer: str
    outgoing: Outgoing
    settled: Callable[["Wire", bool], None]
    metadata: Any = field(
        default_factory=lambda: SimpleNamespace(
            stream="", num_delivered=1, timestamp=datetime.now(UTC), sequence=SimpleNamespace(stream=0, consumer=0)
        )
    )

    @property
    def subject(self) -> str:
        return self.outgoing.subject

    @property
    def headers(self) -> dict[str, str]:
        return self.outgoing.headers

    @property
    def data(self) -> bytes:
        return self.outgoing.body

    async def ack(self) -> None:
        """It is done with."""
        self.settled(self, True)

    async def nak(self, _delay: float | None = None) -> None:
        """It is to come again."""
        self.settled(self, False)

    async def term(self) -> None:
        """It is not to come again."""
        self.settled(self, True)

    async def in_progress(self) -> None:
        """It is being worked on."""


class Network:
    """Messages that were published and not acknowledged yet, for each consumer its own."""

    def __init__(self, chance: random.Random, consumers: dict[str, list[str]], *, duplicates: float) -> None:
        """`consumers`: those of each type of message, by name."""
        self.waiting: list[Wire] = []
        self._chance = chance
        self._consumers = consumers
        self._duplicates = duplicates

    def publish(self, outgoing: Outgoing) -> None:
        """Have a message delivered to every consumer."""
        for consumer in self._consumers.get(outgoing.headers["ce-type"], []):
            self.waiting.append(Wire(consumer, outgoing, self._settled))

    def take(self, wire: Wire) -> Wire:
        """Deliver a message; it comes again unless it is acknowledged."""
        self.waiting.remove(wire)
        return wire

    def give_back(self, wire: Wire) -> None:
        """Whoever had it has died."""
        self.waiting.append(wire)

    def _settled(self, wire: Wire, is_done: bool) -> None:
        if not is_done or self._chance.random() < self._duplicates:
            self.waiting.append(Wire(wire.consumer, wire.outgoing, self._settled))
