"""FastStream's part: the connection, and the fetching of messages for `on` and `work`.

Every subscriber is told that its stream and consumer exist already, acknowledges nothing itself, and hands the raw
message over. FastStream waits for a whole fetched batch before it fetches again, so long work has one subscriber with a
batch of one for each message worked on at the same time.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from libs.bus.handling import Handling
from libs.bus.pull import PacedPull
from libs.bus.router import Mode
from libs.bus.settings import BusSettings

if TYPE_CHECKING:
    from faststream.nats import NatsBroker
    from faststream.nats.message import NatsMessage
    from faststream.nats.subscriber.usecases import LogicSubscriber

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
    from faststream.nats import NatsBroker
    from faststream.nats.security import NatsCredentials

    return NatsBroker(
        [url.strip() for url in settings.nats_url.split(",")],
        security=NatsCredentials(settings.credentials) if settings.credentials else None,
        name=name,
        inbox_prefix=settings.inbox_prefix,
        max_reconnect_attempts=-1,
        reconnect_time_wait=RECONNECT_WAIT_S,  # type: ignore[arg-type]
        drain_timeout=CLOSING_S,
        error_cb=on_error,
        disconnected_cb=on_disconnect,
        reconnected_cb=on_reconnect,
        graceful_timeout=settings.drain_timeout,
        logger=None,
        apply_types=False,
    )


def subscribe(broker: "NatsBroker", handlings: Iterable[Handling], settings: BusSettings) -> None:
    """Declare the subscribers; they fetch once the broker starts."""
    for handling in handlings:
        if handling.delivery.subscription.mode is Mode.WORK:
            for _ in range(settings.work_at_once):
                _subscribe(broker, handling, settings, batch=1)
        else:
            _subscribe(broker, handling, settings, batch=settings.handlers_at_once)


def _subscribe(broker: "NatsBroker", handling: Handling, settings: BusSettings, *, batch: int) -> None:
    from faststream import AckPolicy
    from faststream.nats import JStream, PullSub

    subscription = handling.delivery.subscription
    subscriber = broker.subscriber(
        subscription.template,
        stream=JStream(subscription.stream, declare=False),
        durable=subscription.durable,
        pull_sub=PullSub(batch_size=batch, timeout=settings.fetch_timeout),
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
        # FastStream ignores the broker's prefix here, and permissions by prefix then silence the subscriber.
        inbox_prefix=f"{settings.inbox_prefix}.".encode(),
        decoder=_undecoded,
    )

    async def receive(message: "NatsMessage") -> None:
        await handling.receive(message.raw_message)

    subscriber(receive)


async def _undecoded(message: "NatsMessage", _default: Any = None) -> "NatsMessage":
    return message


def pace(broker: "NatsBroker", on_missing: Callable[[], None]) -> list[PacedPull]:
    """Put a paced pull under each started subscriber."""
    pulls = []
    for subscriber in _subscribers(broker):
        if subscriber.subscription is not None:
            subscriber.subscription = PacedPull(subscriber.subscription, on_missing)  # type: ignore[arg-type]
            pulls.append(subscriber.subscription)
    return pulls


async def stop_fetching(broker: "NatsBroker") -> None:
    """Fetch nothing more and wait for the messages in hand; those that take too long are handed back."""
    await asyncio.gather(*(subscriber.stop() for subscriber in _subscribers(broker)))


def _subscribers(broker: "NatsBroker") -> "list[LogicSubscriber[Any]]":
    return cast("list[LogicSubscriber[Any]]", broker.subscribers)
