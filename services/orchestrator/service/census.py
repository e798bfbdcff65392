"""How many simulations there are in each state, and in how many nothing moves, for those who watch the platform."""

from datetime import datetime, timedelta

from libs.contracts.orchestrator import SimulationState
from libs.db import EVERY_TENANT, Database
from libs.telemetry.metrics import SIMULATIONS, SIMULATIONS_STALLED
from services.orchestrator.domain.simulation import TIME_LIMITS
from services.orchestrator.store import Store

EVERY = timedelta(seconds=10)
MOVING = (SimulationState.PROVISIONING, SimulationState.RUNNING, SimulationState.ANALYSING)
"""States in which something has to happen by itself."""
STALLED_AFTER = timedelta(minutes=10)


class Census:
    """Counts simulations of every tenant, now and then."""

    def __init__(self, database: Database, store: Store) -> None:
        self._database = database
        self._store = store
        self._taken_at: datetime | None = None

    async def take(self, now: datetime) -> None:
        """Count, unless that was done a moment ago."""
        if self._taken_at is not None and now - self._taken_at < EVERY:
            return
        self._taken_at = now
        async with self._database.read(tenant=EVERY_TENANT) as tx:
            counts = await self._store.count_by_state(tx)
            due = {state: now + TIME_LIMITS[state] - STALLED_AFTER for state in MOVING}
            stalled = {state: await self._store.count_due(tx, state, before) for state, before in due.items()}
        for state in SimulationState:
            SIMULATIONS.labels(state.value).set(counts.get(state.value, 0))
        for state, count in stalled.items():
            SIMULATIONS_STALLED.labels(state.value).set(count)
