"""One stream of the event log, read from a place on through a short-lived consumer.

It acknowledges nothing and keeps its own place, so everything that can go wrong (server restarted, consumer timed out
because a browser read too slowly, messages lost on the way) has one answer: a new consumer after the last event seen;
and from the beginning when the stream itself was made anew.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from nats.errors import Error as NatsError
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError
from pydantic import ValidationError

from libs.contracts.base import MessageData
from libs.contracts.registry import BY_TYPE
from services.gateway.domain.position import Position

log = logging.getLogger(__name__)
FETCH = 500
WAIT_S = 1.0
FORGOTTEN_AFTER_S = 60.0
CHECK_EVERY = 10  # silent reads between two checks that the consumer is still there


class LogUnavailableError(Exception):
    """The event log cannot be read now."""


class Found(NamedTuple):
    """A message of a stream and its place there; None for a message of a type this version does not know."""

    position: Position
    message: MessageData | None


class Tail:
    """A place in a stream; `pending` is how many events were waiting when it was opened."""

    def __init__(
        self, jetstream: Callable[[], Awaitable[JetStreamContext]], stream: str, filters: Sequence[str]
    ) -> None:
        self._jetstream = jetstream
        self._stream = stream
        self._filters = list(filters)
        self._subscription: JetStreamContext.PullSubscription | None = None
        self._consumer = ""
        self._expected = 1
        self._silent_reads = 0
        self.pending = 0
        self.position = Position.start(0)

    async def start(self, after: Position | None, *, only_new: bool = False) -> None:
        """Make the consumer."""
        js = await self._jetstream()
        try:
            stream = await js.stream_info(self._stream)
            epoch = round(stream.created.timestamp() * 1000) if stream.created else 0
            known = after if after is not None and after.epoch == epoch else Position.start(epoch)
            if only_new and known.sequence == 0:
                known = Position(epoch, stream.state.last_seq)
            self.position = known
            self._subscription = await js.pull_subscribe("", stream=self._stream, config=self._config(known))
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

    async def read(self) -> list[Found]:
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
            stored.append(Found(self.position, decoded(message.headers or {}, message.data)))
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
            js = await self._jetstream()
            await js.delete_consumer(self._stream, self._consumer)


def decoded(headers: dict[str, str], data: bytes) -> MessageData | None:
    kind = BY_TYPE.get(headers.get("ce-type", ""))
    if kind is None:
        return None
    try:
        return kind.model_validate_json(data)
    except ValidationError as error:
        log.warning("event is not valid", extra={"event_id": headers.get("ce-id"), "errors": error.error_count()})
        return None
