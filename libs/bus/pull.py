"""Pull subscriptions that survive the loss of their server or of their consumer.

A server that restarted has forgotten the request a fetch waits on; and while a consumer is missing every fetch fails at
once, so that the loops of nats-py and FastStream would ask thousands of times a second.
"""

import asyncio
from collections.abc import Callable

from nats.aio.msg import Msg
from nats.errors import TimeoutError as NatsTimeoutError
from nats.js import JetStreamContext
from nats.js.errors import APIError

PAUSE_S = 0.25


class PacedPull:
    """A pull subscription whose failures take a moment, look like an empty fetch, and are reported."""

    def __init__(self, inner: JetStreamContext.PullSubscription, on_missing: Callable[[], None]) -> None:
        self._inner = inner
        self._on_missing = on_missing
        self._fetching: asyncio.Task[list[Msg]] | None = None

    async def fetch(self, batch: int = 1, timeout: float | None = 5.0) -> list[Msg]:  # noqa: ASYNC109
        """Up to `batch` messages as soon as there are any. Raises nats' `TimeoutError` when there are none."""
        self._fetching = asyncio.create_task(self._inner.fetch(batch, timeout))
        try:
            return await self._fetching
        except APIError as error:
            self._on_missing()
            await asyncio.sleep(PAUSE_S)
            raise NatsTimeoutError from error
        except (asyncio.CancelledError, TimeoutError):
            # nats-py raises two kinds of timeout and makes one of some cancellations; only our caller's is passed on.
            if (caller := asyncio.current_task()) is not None and caller.cancelling():
                raise asyncio.CancelledError from None
            raise NatsTimeoutError from None

    def renew(self) -> None:
        """Give up the request a fetch waits on: the server does not know it any more."""
        if self._fetching is not None and not self._fetching.done():
            self._fetching.cancel()

    async def unsubscribe(self) -> None:
        """End the subscription."""
        await self._inner.unsubscribe()
