"""Whether somebody was there to move simulations on. Time in which nobody was does not count against their deadlines.

That is how a platform that was down, a machine that slept and a clock that was set look alike: since the last look,
which is a row because several processes may look, more time has passed than lies between two looks.
"""

import logging
from datetime import datetime, timedelta

from libs.db import EVERY_TENANT, Database
from services.orchestrator.domain.simulation import excused
from services.orchestrator.store import LookoutStore

log = logging.getLogger(__name__)
EVERY = timedelta(seconds=10)
"""How often a look is noted; writing costs a flush to disk."""
SHORTEST = timedelta(minutes=1)
"""Less than this is a slow moment and no absence."""
LOOKS = 3
"""So many looks must have been missed besides, where they are rare."""


class Lookout:
    """Notes when deadlines are looked at, and moves them on by the time in which nobody did."""

    def __init__(self, database: Database, *, interval_s: float) -> None:
        self._database = database
        self._store = LookoutStore()
        self._shortest = max(SHORTEST, LOOKS * timedelta(seconds=interval_s))

    async def look(self, now: datetime) -> None:
        """Before anything is timed out. Of processes that were away together one moves the deadlines."""
        async with self._database.read(tenant=EVERY_TENANT) as tx:
            before = await self._store.looked_at(tx)
        away = timedelta() if before is None else now - before
        if before is not None and timedelta() <= away < EVERY:
            return
        async with self._database.write(tenant=EVERY_TENANT) as tx:
            if not await self._store.look(tx, before, now) or abs(away) < self._shortest:
                return
            waiting = await self._store.open(tx)
            for tenant, simulation in waiting:
                await self._store.save(tx, tenant, excused(simulation, away, now))
        log.warning("nobody looked at deadlines for %.0f s: those of %d moved on", away.total_seconds(), len(waiting))
