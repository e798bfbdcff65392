"""Waiting, for a moment, for a fact that another service has announced but that may still be on its way here.

A client that creates a thing in one service and uses it in another at once must not be told that it does not exist.
"""

import asyncio
from collections.abc import Awaitable, Callable

from libs.db import Database, Transaction

PATIENCE_S = 2.0
INTERVAL_S = 0.02


async def arrives(
    database: Database, known: Callable[[Transaction], Awaitable[bool]], *, tenant: str | None = None
) -> bool:
    """True as soon as `known` holds in this service's own store, False when it does not within two seconds."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while True:
        async with database.read(tenant=tenant) as tx:
            if await known(tx):
                return True
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(INTERVAL_S)
