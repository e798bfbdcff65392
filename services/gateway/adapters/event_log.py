"""The event log as the gateway reads it: JetStream through short-lived consumers, one for each open stream.

A reader acknowledges nothing and keeps its own place, so everything that can go wrong (server restarted, consumer timed
out because a browser read too slowly, messages lost on the way) has one answer: a new consumer after the last event
seen; and from the beginning when the log itself was made anew.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError
from pydantic import ValidationError

from libs.bus.dead_letters import DeadLetter, dead_letters
from libs.bus.permissions import every_stream, inbox_prefix
from libs.bus.streams import EVENTS
from libs.bus.tls import Tls
from libs.contracts.base import MessageData
from libs.contracts.registry import BY_TYPE
from services.gateway.domain.pagedata import is_end
from services.gateway.domain.position import Position

log = logging.getLogger(__name__)
CONNECT_S = 5.0
PROBE_S = 3.0
FETCH = 500
DEAD_SHOWN = DEAD_PAGE = 100
WAIT_S = 1.0
FORGOTTEN_AFTER_S = 60.0
CHECK_EVERY = 10  # silent reads between two checks that the consumer is still there


class LogUnavailableError(Exception):
    """The event log cannot be read now."""


class Stored(NamedTuple):
    """A message and its place; None for a message of a type this version does not know."""

    position: Position
    message: MessageData | None


class EventLog:
    """The connection, made when it is first needed; readers are opened from it."""

    def __init__(self, nats_url: str, *, user: str, tls: Tls) -> None:
        """`user` names the connection, and the inbox that is its own."""
        self._servers = nats_url.split(",")
        self._user = user
        self._tls = tls
        self._client: Client | None = None
        self._lock = asyncio.Lock()

    async def is_readable(self) -> bool:
        """True when the log is there and can be read."""
        try:
            async with asyncio.timeout(PROBE_S):
                await (await self.jetstream()).stream_info(EVENTS)
        except (NatsError, OSError, TimeoutError, LogUnavailableError):
            return False
        return True

    async def publish(self, subject: str, body: bytes, headers: dict[str, str]) -> bool:
        """Put a message into the log; whether it was there already. Raises `LogUnavailableError`."""
        try:
            acknowledged = await (await self.jetstream()).publish(subject, body, headers=headers)
        except (NatsError, OSError, TimeoutError) as error:
            raise LogUnavailableError(f"nothing can be published: {error or type(error).__name__}") from error
        return bool(acknowledged.duplicate)

    async def purge(self, tenant: str) -> int:
        """Delete a tenant's messages from every stream; how many subjects it had. Raises `LogUnavailableError`."""
        subject, found = f"rehearsal.*.{tenant}.>", 0
        try:
            js = await self.jetstream()
            for stream in every_stream():
                with suppress(NotFoundError):
                    held = (await js.stream_info(stream, subjects_filter=subject)).state.subjects
                    if held:
                        found += len(held)
                        await js.purge_stream(stream, subject=subject)
        except (NatsError, OSError, TimeoutError) as error:
            raise LogUnavailableError(f"nothing can be deleted: {error or type(error).__name__}") from error
        return found

    async def dead_letters(self, tenant: str, key: str | None = None) -> list[DeadLetter]:
        """The first dead letters of a tenant, about one id or all. Raises `LogUnavailableError`."""
        mine: list[DeadLetter] = []
        after = 0
        try:
            js = await self.jetstream()
            while len(mine) < DEAD_SHOWN:
                letters = await dead_letters(js, after=after)
                mine += [one for one in letters if one.tenant == tenant and key in {None, one.key}]
                if len(letters) < DEAD_PAGE:
                    break
                after = letters[-1].sequence
        except (NatsError, OSError, TimeoutError) as error:
            raise LogUnavailableError(f"dead letters cannot be read: {error or type(error).__name__}") from error
        return mine[:DEAD_SHOWN]

    async def stop(self) -> None:
        """Close the connection."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def jetstream(self) -> JetStreamContext:
        """The JetStream context. Raises `LogUnavailableError` when there is no server."""
        async with self._lock:
            if self._client is None or self._client.is_closed:
                self._client = await self._connect()
        return self._client.jetstream(timeout=CONNECT_S)

    async def _connect(self) -> Client:
        try:
            return await nats.connect(
                self._servers,
                name=self._user,
                inbox_prefix=inbox_prefix(self._user),
                tls=self._tls.context(),
                allow_reconnect=True,
                max_reconnect_attempts=2,
                connect_timeout=2,
                reconnect_time_wait=0.2,
                error_cb=_log_error,
            )
        except (NatsError, OSError, TimeoutError) as error:
            raise LogUnavailableError(f"NATS does not answer: {error or type(error).__name__}") from error

    async def holds_end(self, subjects: Sequence[str]) -> bool:
        """Whether the newest event on one of these subjects is an end. Raises `LogUnavailableError`."""
        js = await self.jetstream()
        try:
            for subject in subjects:
                with suppress(NotFoundError):
                    newest = await js.get_last_msg(EVENTS, subject)
                    message = _decoded(newest.headers or {}, newest.data or b"")
                    if message is not None and is_end(message):
                        return True
        except (NatsError, OSError, TimeoutError) as error:
            raise LogUnavailableError(f"the event log cannot be read: {error or type(error).__name__}") from error
        return False

    async def open(self, filters: Sequence[str], after: Position | None, *, only_new: bool = False) -> "Reader":
        """A reader of the events on these subjects after a position: from the first one without, or with `only_new`
        from now on. A position of another incarnation of the log counts as none."""
        reader = Reader(self, filters)
        await reader.start(after, only_new=only_new)
        return reader


class Reader:
    """A place in the log; `pending` is how many events were waiting when it was opened."""

    def __init__(self, events: EventLog, filters: Sequence[str]) -> None:
        self._events = events
        self._filters = list(filters)
        self._subscription: JetStreamContext.PullSubscription | None = None
        self._consumer = ""
        self._expected = 1
        self._silent_reads = 0
        self.pending = 0
        self.position = Position.start(0)

    async def start(self, after: Position | None, *, only_new: bool = False) -> None:
        """Make the consumer."""
        js = await self._events.jetstream()
        try:
            stream = await js.stream_info(EVENTS)
            epoch = round(stream.created.timestamp() * 1000) if stream.created else 0
            known = after if after is not None and after.epoch == epoch else Position.start(epoch)
            if only_new and known.sequence == 0:
                known = Position(epoch, stream.state.last_seq)
            self.position = known
            self._subscription = await js.pull_subscribe("", stream=EVENTS, config=self._config(known))
            consumer = await self._subscription.consumer_info()
            self._consumer, self.pending = consumer.name, consumer.num_pending or 0
        except (NatsError, OSError, TimeoutError) as error:
            raise LogUnavailableError(f"the event log cannot be read: {error or type(error).__name__}") from error
        self._expected = 1

    def _config(self, known: Position) -> ConsumerConfig:
        return ConsumerConfig(
            filter_subjects=self._filters,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=known.sequence + 1,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=FORGOTTEN_AFTER_S,
            mem_storage=True,
            num_replicas=1,
        )

    async def read(self) -> list[Stored]:
        """The next events, none when nothing came for about a second. Raises `LogUnavailableError`."""
        if self._subscription is None:
            await self.start(self.position)
        subscription = self._subscription
        if subscription is None:
            return []
        try:
            messages = await subscription.fetch(FETCH, timeout=WAIT_S)
        except (NatsTimeoutError, TimeoutError):
            if (task := asyncio.current_task()) is not None and task.cancelling():
                raise asyncio.CancelledError from None  # nats-py makes a timeout of some cancellations
            await self._check(subscription)
            return []
        except (NatsError, OSError) as error:
            await self.close()
            raise LogUnavailableError(f"the event log cannot be read: {error or type(error).__name__}") from error
        if not messages:  # an answer without messages: the server knows nothing of the consumer
            await self._check(subscription, now=True)
            return []
        self._silent_reads = 0
        stored = []
        for message in messages:
            metadata = message.metadata
            if metadata.sequence.consumer != self._expected:
                await self.close()
                break
            self._expected += 1
            self.position = Position(self.position.epoch, metadata.sequence.stream)
            stored.append(Stored(self.position, _decoded(message.headers or {}, message.data)))
        return stored

    async def _check(self, subscription: JetStreamContext.PullSubscription, *, now: bool = False) -> None:
        """Notice, in a long silence, that there is nothing left to hear from."""
        self._silent_reads += 1
        if self._silent_reads % CHECK_EVERY and not now:
            return
        try:
            await subscription.consumer_info()
        except NotFoundError:
            await self.close()
        except (NatsError, OSError, TimeoutError) as error:
            await self.close()
            raise LogUnavailableError(f"the event log cannot be read: {error or type(error).__name__}") from error

    async def close(self) -> None:
        """Give the consumer up; the next read makes a new one."""
        subscription, self._subscription = self._subscription, None
        if subscription is None:
            return
        with suppress(NatsError, OSError, TimeoutError, LogUnavailableError):
            await subscription.unsubscribe()
            js = await self._events.jetstream()
            await js.delete_consumer(EVENTS, self._consumer)


def _decoded(headers: dict[str, str], data: bytes) -> MessageData | None:
    kind = BY_TYPE.get(headers.get("ce-type", ""))
    if kind is None:
        return None
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        log.warning("event is not valid", extra={"event_id": headers.get("ce-id"), "errors": error.error_count()})
        return None


async def _log_error(error: Exception) -> None:
    log.warning("NATS: %s", error or type(error).__name__)
