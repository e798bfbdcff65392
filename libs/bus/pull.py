"""Pull subscriptions that survive the loss of their consumer.

While a consumer is missing (its server came back with an empty store) every fetch fails at once; unpaced, the loops
of nats-py and FastStream would then ask thousands of times a second.
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

    async def fetch(self, batch: int = 1, timeout: float | None = 5.0) -> list[Msg]:  # noqa: ASYNC109
        """Up to `batch` messages as soon as there are any. Raises nats' `TimeoutError` when there are none."""
        try:
            return await self._inner.fetch(batch, timeout)
        except APIError as error:
            self._on_missing()
            await asyncio.sleep(PAUSE_S)
            raise NatsTimeoutError from error

    async def unsubscribe(self) -> None:
        """End the subscription."""
        await self._inner.unsubscribe()
