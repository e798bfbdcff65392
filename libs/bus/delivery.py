"""What happens to a message between its arrival and its acknowledgement, the same for every way of fetching it.

Failures are counted here and not by the server, whose count also rises when a process was killed or a message waited
for a projection: neither may make a dead letter.
"""

import asyncio
import logging
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import orjson
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext

from libs.bus.dead_letters import bury, delivered
from libs.bus.errors import NotReadyError, OnHoldError, UndecodableError
from libs.bus.outside import check_from_outside
from libs.bus.router import Mode, Subscription
from libs.bus.settings import BusSettings
from libs.contracts.base import MessageData
from libs.contracts.envelope import Envelope, Message
from libs.contracts.registry import FROM_OUTSIDE
from libs.db import Database, TenantErasedError, is_away
from libs.telemetry.metrics import BUS_MESSAGES, BUS_SECONDS

logger = logging.getLogger(__name__)

REMEMBERED = 10_000
INBOX_LENGTH = 255


@dataclass(slots=True)
class Trouble:
    """What went wrong with one message so far, in this process."""

    failures: int = 0
    waits: int = 0
    since: float = field(default_factory=time.monotonic)


class Delivery:
    """Decodes the messages of one subscription and settles them: done, again later, or a dead letter."""

    def __init__(
        self, subscription: Subscription, *, database: Database, js: JetStreamContext, settings: BusSettings
    ) -> None:
        self.subscription = subscription
        self.database = database
        self.settings = settings
        self.consumer = subscription.durable
        self.template = subscription.template
        self._js = js
        self._trouble: dict[str, Trouble] = {}
        self._seconds = BUS_SECONDS.labels(subscription.service, self.template)

    def decode(self, raw: Msg) -> Message[Any]:
        """Read a message. Raises `UndecodableError` when it is not what its subject says."""
        try:
            if self.subscription.mode is Mode.DEAD:
                letter: Any = delivered(raw)
                return Message(letter.envelope(), letter)
            envelope = Envelope.from_headers(raw.headers or {})
            # orjson, because pydantic takes three times as long over a message of 50 people.
            document = orjson.loads(raw.data)
            data: MessageData = self.subscription.data.model_validate(document)
            if isinstance(data, FROM_OUTSIDE):
                check_from_outside(raw.headers or {}, type(data), document)
                envelope = replace(envelope, subject=data.key)
        except KeyError as error:
            raise UndecodableError(f"header {error} is missing") from error
        except Exception as error:  # whatever a validator raises, this message is not readable
            raise UndecodableError(str(error)) from error
        for name, value in (("ce-id", envelope.id), ("ce-source", envelope.source)):
            if not 0 < len(value) <= INBOX_LENGTH:
                raise UndecodableError(f"{name} has {len(value)} characters; allowed: 1 to {INBOX_LENGTH}")
        if envelope.type != data.contract.type:
            raise UndecodableError(f"ce-type is {envelope.type!r}, expected {data.contract.type!r}")
        # The server checks who may publish under a tenant's subject; nobody checks the header.
        if envelope.tenant != raw.subject.split(".", 3)[2]:
            raise UndecodableError(f"ce-tenant is {envelope.tenant!r}, the subject is {raw.subject!r}")
        return Message(envelope, data)

    def inbox_row(self, envelope: Envelope) -> dict[str, object]:
        """What the inbox remembers of a message."""
        return {
            "consumer": self.consumer,
            "source": envelope.source,
            "id": envelope.identity,
            "received_at": datetime.now(UTC),
        }

    async def done(self, raw: Msg, envelope: Envelope, outcome: str, started: float) -> None:
        """Acknowledge a message whose effects are committed. A lost acknowledgement only brings it again."""
        if self._trouble:
            self._trouble.pop(envelope.id, None)
        self._seconds.observe(time.perf_counter() - started)
        self._count(outcome)
        try:
            await raw.ack()
        except NatsError as error:
            logger.warning("%s: a message could not be acknowledged: %r", self.consumer, error)

    async def waits(self, raw: Msg, envelope: Envelope, error: Exception) -> bool:
        """Wait a moment with a message in hand whose try may go well soon; False when it should come again instead.

        That costs nobody a delivery. A message that is not ready is kept for a moment only, since others have to wait
        behind it; while a database or the models service is away they could not go on either.
        """
        is_early = isinstance(error, NotReadyError)
        if not (is_early or is_away(error)) or isinstance(error, OnHoldError):
            return False
        longest = self.settings.early if is_early else self.settings.absence
        if time.monotonic() - self._trouble_of(envelope).since >= longest:
            return False
        delay = self._delay(envelope, error)
        if delay is None:
            return False
        self._say(envelope, error, delay)
        await self._tell(raw.in_progress())
        await asyncio.sleep(delay)
        return True

    async def failed(self, raw: Msg, envelope: Envelope, error: Exception) -> None:
        """Have a message that raised delivered again later, or give it up; that of an erased tenant is dropped."""
        if isinstance(error, TenantErasedError):
            await self.done(raw, envelope, "dropped", time.perf_counter())
            return
        delay = self._delay(envelope, error)
        if delay is None:
            await self.give_up(raw, error, envelope)
            return
        self._say(envelope, error, delay)
        await self._tell(raw.nak(delay))

    async def give_up(self, raw: Msg, error: Exception, envelope: Envelope | None = None) -> None:
        """Make a message a dead letter, unless it is one. If that fails it stays on its stream and comes again."""
        try:
            if self.subscription.mode is not Mode.DEAD:
                await bury(self._js, raw, consumer=self.consumer, error=error)
        except (NatsError, TimeoutError) as reason:
            logger.warning("%s: a dead letter could not be stored: %r", self.consumer, reason)
            await self._tell(raw.nak(self.settings.retry_delays[-1] if self.settings.retry_delays else 1.0))
            return
        self._count("dead")
        logger.error("%s: dead letter on %s: %r", self.consumer, raw.subject, error, exc_info=error)
        if envelope is not None:
            self._trouble.pop(envelope.id, None)
        await self._tell(raw.term())

    async def hand_back(self, raw: Msg) -> None:
        """Have a message that was not finished delivered at once, to whoever asks next."""
        await asyncio.shield(asyncio.ensure_future(self._tell(raw.nak())))

    def _say(self, envelope: Envelope, error: Exception, delay: float) -> None:
        waited_for = isinstance(error, NotReadyError | OnHoldError) or is_away(error)
        self._count("not_ready" if waited_for else "retried")
        logger.log(
            logging.DEBUG if isinstance(error, NotReadyError) else logging.WARNING,
            "%s: message %s is tried again in %.2f s: %r",
            self.consumer,
            envelope.id,
            delay,
            error,
            exc_info=None if waited_for else error,
        )

    def _trouble_of(self, envelope: Envelope) -> Trouble:
        trouble = self._trouble.setdefault(envelope.id, Trouble())
        if len(self._trouble) > REMEMBERED:
            del self._trouble[next(iter(self._trouble))]
        return trouble

    def _delay(self, envelope: Envelope, error: Exception) -> float | None:
        """Seconds until the next try, None when there is none."""
        if isinstance(error, OnHoldError):
            return self.settings.hold_delay
        trouble = self._trouble_of(envelope)
        if isinstance(error, NotReadyError) or is_away(error):  # both are waited for
            if time.monotonic() - trouble.since > self.settings.patience:
                return None
            trouble.waits += 1
            return min(1.0, 0.05 * 2.0 ** min(trouble.waits - 1, 10))
        delays = self.settings.retry_delays
        trouble.failures += 1
        return delays[trouble.failures - 1] if trouble.failures <= len(delays) else None

    async def _tell(self, answer: Any) -> None:
        try:
            await answer
        except NatsError as error:
            logger.warning("%s: the server could not be told about a message: %r", self.consumer, error)

    def _count(self, outcome: str) -> None:
        BUS_MESSAGES.labels(self.subscription.service, self.template, outcome).inc()
