"""How late an event loop comes back to a timer: what blocks it holds up every request and message of its process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from libs.telemetry.metrics import LOOP_LAG

EVERY_S = 0.5


@asynccontextmanager
async def observed_loop(service: str) -> AsyncIterator[None]:
    """Observe the running loop meanwhile."""
    task = asyncio.create_task(_observe(service), name=f"{service} loop lag")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _observe(service: str) -> None:
    loop, lag = asyncio.get_running_loop(), LOOP_LAG.labels(service)
    while True:
        due = loop.time() + EVERY_S
        await asyncio.sleep(EVERY_S)
        lag.observe(max(0.0, loop.time() - due))
