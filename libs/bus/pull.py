"""Asking the server for the messages of a durable consumer, and never for more than there is room for.

Not the `fetch` of nats-py: it holds messages back for seconds when an answer to an earlier request comes late
(nats.py#986), and loses those that arrive while it is cancelled. Here one request is open at a time, what arrives is
kept until it is taken, and a request that ended, or that a restarted server has forgotten, is made again.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

import orjson
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError
from nats.errors import Error as NatsError

if TYPE_CHECKING:
    from nats.aio.client import Client
    from nats.aio.subscription import Subscription

logger = logging.getLogger(__name__)

PAUSE_S = 0.25
GRACE_S = 0.5
DRAIN_S = 2.0
ACKNOWLEDGED_AT = "$JS.ACK."
NOTHING_CAME = ("404", "408")
"""Statuses of a request that ended as it should; any other means that the consumer or its stream is in trouble."""


class PullEndedError(Exception):
    """Nothing more will come."""


class Taker(Protocol):
    """Where messages go."""

    def room(self) -> int:
        """How many more may come now, at least one."""
        ...

    async def take(self, raws: Sequence[Msg], group: asyncio.TaskGroup) -> None:
        """Take messages; the next ones come once this is done. Tasks of the group are waited for at the end."""
        ...


class Pull:
    """The messages of one durable consumer, which must exist. `on_missing` is told when it seems not to."""

    def __init__(
        self, connection: "Client", *, stream: str, durable: str, lifetime: float, on_missing: Callable[[], None]
    ) -> None:
        """`lifetime`: seconds for which one request stays open at the server."""
        self._connection = connection
        self._durable = durable
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        self._inbox = connection.new_inbox()
        self._lifetime = lifetime
        self._on_missing = on_missing
        self._subscription: Subscription | None = None
        self._serving: asyncio.Task[None] | None = None
        self._messages: deque[Msg] = deque()
        self._changed = asyncio.Event()
        self._over = asyncio.Event()
        """No request is open."""
        self._over.set()
        self._stopping = False
        self._ended = False
        self._requests = 0
        self._awaited = 0
        self._until = 0.0

    async def start(self, taker: Taker) -> None:
        """Give the taker messages until `finish`."""
        self._subscription = await self._connection.subscribe(f"{self._inbox}.*", cb=self._receive)
        self._serving = asyncio.create_task(self._serve(taker), name=f"pull {self._durable}")

    def renew(self) -> None:
        """Forget the open request: the server does not know it any more."""
        self._awaited = 0
        self._over.set()
        self._changed.set()

    async def finish(self, within: float, *, gently: bool) -> None:
        """Ask for nothing more. The taker has `within` seconds for what has come, the rest is handed back.

        Gently: the open request is waited for. What the server is sending to one that is taken back counts as
        delivered, and is delivered again.
        """
        if self._subscription is None or self._serving is None:
            return
        self._stopping = True
        if gently:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._until):
                    await self._over.wait()
        with suppress(NatsError, TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                await self._subscription.drain()  # type: ignore[no-untyped-call]
        self._ended = True
        self._changed.set()
        await asyncio.wait([self._serving], timeout=within)
        self._serving.cancel()
        with suppress(asyncio.CancelledError):
            await self._serving
        with suppress(NatsError):
            for message in self._messages:
                await message.nak()
        self._subscription = self._serving = None

    async def unsubscribe(self) -> None:
        """Do nothing: FastStream ends a subscription so, and `finish` has done it."""

    async def _serve(self, taker: Taker) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                try:
                    await taker.take(await self._fetch(taker.room()), group)
                except (PullEndedError, ConnectionClosedError):
                    return
                except Exception:
                    logger.exception("%s: messages were left to be delivered again", self._durable)
                    await asyncio.sleep(PAUSE_S)

    async def _fetch(self, limit: int) -> list[Msg]:
        """From one to `limit` messages, as soon as there are any."""
        while not self._messages:
            if self._ended:
                raise PullEndedError
            if not self._stopping and not self._is_open():
                await self._ask(limit)
            self._changed.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(None if self._stopping else self._until):
                    await self._changed.wait()
        return [self._messages.popleft() for _ in range(min(limit, len(self._messages)))]

    def _is_open(self) -> bool:
        """Whether something may still come of the last request."""
        return self._awaited > 0 and asyncio.get_running_loop().time() <= self._until

    async def _ask(self, limit: int) -> None:
        self._requests += 1
        self._awaited = limit
        self._over.clear()
        self._until = asyncio.get_running_loop().time() + self._lifetime + GRACE_S
        request = {"batch": limit, "expires": int(self._lifetime * 1e9)}
        await self._connection.publish(self._subject, orjson.dumps(request), reply=f"{self._inbox}.{self._requests}")

    async def _receive(self, message: Msg) -> None:
        if message.reply.startswith(ACKNOWLEDGED_AT):
            self._messages.append(message)
            self._awaited = max(0, self._awaited - 1)
        elif message.subject == f"{self._inbox}.{self._requests}":
            if (message.headers or {}).get("Status") in NOTHING_CAME:
                self._awaited = 0
            else:  # the request counts as open for a moment, so that it is not made thousands of times a second
                self._until = min(self._until, asyncio.get_running_loop().time() + PAUSE_S)
                self._on_missing()
        if not self._awaited:
            self._over.set()
        self._changed.set()
