"""The rest of the platform, as one service under test sees it: messages come from it and go to it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import nats
from nats.aio.client import Client
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js.errors import NotFoundError

from libs.bus.dead_letters import CONSUMER, ERROR, SUBJECT
from libs.contracts import subjects
from libs.contracts.base import MessageData
from libs.contracts.envelope import Envelope, seal

D = TypeVar("D", bound=MessageData)
WITHIN_S = 30.0


class Peer:
    """Publishes as any service, and reads what was published."""

    def __init__(self, connection: Client) -> None:
        self._js = connection.jetstream()

    async def send(self, source: str, *messages: MessageData) -> list[Envelope]:
        """Publish messages as `source`; their envelopes."""
        envelopes = [seal(data, source=source) for data in messages]
        for data, envelope in zip(messages, envelopes, strict=True):
            await self._publish(data, envelope, envelope.headers())
        return envelopes

    async def send_again(self, data: MessageData, envelope: Envelope) -> None:
        """Publish a message once more, past JetStream's own window of duplicates."""
        headers = envelope.headers()
        del headers["Nats-Msg-Id"]
        await self._publish(data, envelope, headers)

    async def send_raw(self, subject: str, body: bytes, headers: dict[str, str]) -> None:
        """Publish what need not be a message."""
        await self._js.publish(subject, body, headers=headers, timeout=5)

    async def give_up(self, service: str, data: MessageData, error: str) -> None:
        """Make a message a dead letter, as this service does when it cannot handle it."""
        subject = subjects.concrete(data.contract, "default", data.key)
        headers = {SUBJECT: subject, CONSUMER: f"{service}-{data.contract.name}", ERROR: error}
        await self._js.publish(subjects.dead_letter(subject), data.model_dump_json().encode(), headers=headers)

    async def _publish(self, data: MessageData, envelope: Envelope, headers: dict[str, str]) -> None:
        subject = subjects.concrete(data.contract, envelope.tenant, data.key)
        await self._js.publish(subject, data.model_dump_json().encode(), headers=headers, timeout=5)

    async def published(
        self, kind: type[D], at_least: int = 1, *, key: str = "", within_s: float = WITHIN_S
    ) -> list[D]:
        """All messages of a type so far, of a key if one is given, as soon as there are enough; fails the test when
        there are not."""
        deadline = asyncio.get_running_loop().time() + within_s
        while True:
            found = [data for data in await self._read(kind) if key in ("", data.key)]
            if len(found) >= at_least:
                return found
            name = kind.contract.name
            assert asyncio.get_running_loop().time() < deadline, f"{len(found)} of {at_least} {name} in {within_s} s"
            await asyncio.sleep(0.05)

    async def _read(self, kind: type[D]) -> list[D]:
        stream = {"evt": "EVENTS", "cmd": "COMMANDS"}[kind.contract.kind]
        try:
            last = (await self._js.stream_info(stream)).state.last_seq
        except NotFoundError:
            return []
        found: list[D] = []
        sequence = 0
        while sequence < last:
            try:
                raw = await self._js.get_msg(stream, sequence + 1, subject=subjects.template(kind.contract), next=True)
            except (NotFoundError, NatsTimeoutError):
                break
            sequence = raw.seq or last
            found.append(kind.model_validate_json(raw.data or b""))
        return found


@asynccontextmanager
async def peer(nats_url: str) -> AsyncIterator[Peer]:
    """A peer connected to this server. Start the service under test first: it makes the streams."""
    connection = await nats.connect(nats_url)
    try:
        yield Peer(connection)
    finally:
        await connection.close()
