"""Waiting for what comes back for a message: the items of its turn, once they are recorded."""

import asyncio
from collections.abc import AsyncIterator

from libs.db import Database
from services.communication.domain.history import HistoryEntry
from services.communication.service.communication import Communication
from services.communication.service.requests import Accepted
from services.communication.store import HistoryFilter

INTERVAL_S = 0.05
PAGE = 200


async def replies(
    database: Database, service: Communication, tenant: str, accepted: Accepted, wait_s: float
) -> AsyncIterator[HistoryEntry]:
    """The items of a message to one agent, which are recorded together; none when that takes too long or it ends."""
    deadline = asyncio.get_running_loop().time() + wait_s
    wanted = HistoryFilter(step_id=accepted.step_ids[0])
    while True:
        async with database.read(tenant=tenant) as tx:
            is_open = await service.requests.is_open(tx, accepted.simulation_id)
            found = await service.history(tx, accepted.simulation_id, wanted, after=0, limit=PAGE)
        if found or not is_open or asyncio.get_running_loop().time() >= deadline:
            break
        await asyncio.sleep(INTERVAL_S)
    for entry in found:
        yield entry
