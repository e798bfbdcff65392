"""FastStream's part: the connection, and the fetching of messages for `on` and `work`.

Every subscriber is told that its stream and consumer exist already, acknowledges nothing itself, and hands the raw
message over. It does not fetch: FastStream waits for a whole fetched batch before it fetches again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from nats.aio.msg import Msg

from libs.bus.handling import Handling
from libs.bus.pull import Pull
from libs.bus.router import Mode
from libs.bus.settings import PING_S, UNANSWERED, BusSettings
from libs.bus.streams import Place

if TYPE_CHECKING:
    from faststream.nats import NatsBroker
    from faststream.nats.message import NatsMessage

RECONNECT_WAIT_S = 0.25
CLOSING_S = 5

Callback = Callable[[], Awaitable[None]]


def create_broker(
    settings: BusSettings,
    *,
    name: str,
    on_error: Callable[[Exception], Awaitable[None]],
    on_disconnect: Callback,
    on_reconnect: Callback,
) -> "NatsBroker":
    """A broker that is not connected yet and never stops to reconnect once it was."""
    from faststream.nats.security import NatsCredentials, NatsSecurity

    from libs.bus.broker import Broker

    tls = settings.tls.context()
    credentials = settings.credentials

    return Broker(
        [url.strip() for url in settings.nats_url.split(",")],
        security=NatsCredentials(credentials, ssl_context=tls) if credentials else NatsSecurity(ssl_context=tls),
        name=name,
        inbox_prefix=settings.inbox_prefix,
        max_reconnect_attempts=-1,
        reconnect_time_wait=RECONNECT_WAIT_S,  # type: ignore[arg-type]
        ping_interval=PING_S,
        max_outstanding_pings=UNANSWERED,
        drain_timeout=CLOSING_S,
        error_cb=on_error,
        disconnected_cb=on_disconnect,
        reconnected_cb=on_reconnect,
        graceful_timeout=settings.drain_timeout,
        logger=None,
        apply_types=False,
    )


def subscribe(broker: "NatsBroker", handling: Handling, pull: Pull, place: Place, settings: BusSettings) -> "Feed":
    """Declare a subscriber with its own pull. It handles what the feed gives it once the broker has started."""
    from faststream import AckPolicy
    from faststream.nats import JStream, PullSub

    subscription = handling.delivery.subscription
    subscriber = broker.subscriber(
        place.template,
        stream=JStream(place.stream, declare=False),
        durable=place.durable,
        pull_sub=PullSub(),
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
        decoder=_undecoded,
    )

    async def receive(message: "NatsMessage") -> None:
        await handling.receive(message.raw_message)

    subscriber(receive)
    # One that is there already keeps FastStream from fetching by itself.
    subscriber.subscription = pull  # type: ignore[assignment]
    at_once = settings.work_at_once if subscription.mode is Mode.WORK else settings.handlers_at_once
    places = len(subscription.places(settings.spread)) - 1
    return Feed(subscriber.consume, max(1, at_once // max(1, places)))


class Feed:
    """Gives a subscriber its messages, each at once while fewer than `at_once` are in hand."""

    def __init__(self, consume: Callable[[Msg], Coroutine[Any, Any, Any]], at_once: int) -> None:
        self._consume = consume
        self._at_once = at_once
        self._busy: set[asyncio.Task[Any]] = set()

    def room(self) -> int:
        """How many more may be taken in hand."""
        return self._at_once - len(self._busy)

    async def take(self, raws: Sequence[Msg], group: asyncio.TaskGroup) -> None:
        """Take messages in hand; done when there is room for another."""
        for raw in raws:
            task = group.create_task(self._consume(raw))
            self._busy.add(task)
            task.add_done_callback(self._busy.discard)
        if not self.room():
            await asyncio.wait(self._busy, return_when=asyncio.FIRST_COMPLETED)


async def _undecoded(message: "NatsMessage", _default: Any = None) -> "NatsMessage":
    return message
