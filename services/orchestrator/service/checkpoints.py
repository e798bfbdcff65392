"""Checkpoints: made by hand, after every step and every few minutes; listed, compared, and the old ones let go.

One that somebody made is never let go. Nothing has to be restored after a crash: that goes on by itself, from what is
in the tables.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from libs.contracts.errors import ConflictError, NotFoundError
from libs.contracts.ids import new_id
from libs.db import EVERY_TENANT, Database, Transaction
from services.orchestrator.domain.checkpoint import AUTOMATIC, Checkpoint, Origin, why_not_marked
from services.orchestrator.domain.simulation import Mark, Simulation
from services.orchestrator.store import Store


class Habits(NamedTuple):
    """How often checkpoints are made of a running simulation, and how many are kept of those nobody asked for."""

    interval: timedelta
    kept: int


class Checkpoints:
    """The marks of simulations."""

    def __init__(self, database: Database, store: Store, habits: Habits) -> None:
        self._database = database
        self._store = store
        self._habits = habits
        self._swept_at = datetime.min.replace(tzinfo=UTC)

    async def make(self, tx: Transaction, simulation_id: str, name: str | None) -> Checkpoint:
        """Mark where a simulation stands, by hand. Raises `NotFoundError`, `ConflictError`."""
        simulation = await self._store.get(tx, simulation_id, lock=True)
        if simulation is None:
            raise NotFoundError("simulation", simulation_id)
        if (reason := why_not_marked(simulation)) is not None:
            raise ConflictError(f"Simulation {simulation_id!r} {reason}.")
        if simulation.mark is None:
            raise ConflictError(f"A step of simulation {simulation_id!r} runs; try again when it has ended.")
        return await self._keep(tx, simulation, simulation.mark, "hand", name)

    async def after_step(self, tx: Transaction, simulation: Simulation) -> None:
        """Mark the end of a step."""
        if simulation.mark is not None:
            await self._keep(tx, simulation, simulation.mark, "step")

    async def sweep(self, now: datetime) -> None:
        """Mark every running simulation that has not been marked for as long as an interval, of every tenant."""
        if now < self._swept_at + self._habits.interval / 10:
            return
        self._swept_at = now
        async with self._database.read(tenant=EVERY_TENANT) as tx:
            due = await self._store.unmarked(tx, since=now - self._habits.interval)
        for tenant, simulation_id in due:
            async with self._database.write(tenant=tenant) as tx:
                simulation = await self._store.get(tx, simulation_id, lock=True)
                if simulation is not None and simulation.mark is not None and why_not_marked(simulation) is None:
                    await self._keep(tx, simulation, simulation.mark, "interval")

    async def get(self, tx: Transaction, simulation_id: str, checkpoint_id: str) -> Checkpoint:
        """A checkpoint of a simulation. Raises `NotFoundError`."""
        checkpoint = await self._store.get_checkpoint(tx, simulation_id, checkpoint_id)
        if checkpoint is None:
            raise NotFoundError("checkpoint", checkpoint_id)
        return checkpoint

    async def list(self, tx: Transaction, simulation_id: str, *, before: str | None, limit: int) -> list[Checkpoint]:
        """Checkpoints of a simulation, newest first. Raises `NotFoundError`."""
        if await self._store.get(tx, simulation_id) is None:
            raise NotFoundError("simulation", simulation_id)
        return await self._store.list_checkpoints(tx, simulation_id, before=before, limit=limit)

    async def _keep(
        self, tx: Transaction, simulation: Simulation, mark: Mark, origin: Origin, name: str | None = None
    ) -> Checkpoint:
        progress = (await self._store.progress_of(tx, [simulation]))[simulation.simulation_id]
        checkpoint = Checkpoint(
            checkpoint_id=new_id("chk"),
            name=name,
            created_at=datetime.now(UTC),
            mark=mark,
            simulation=simulation,
            origin=origin,
            turns=sum(arm.answered + arm.failed for arm in progress.arms),
        )
        await self._store.add_checkpoint(tx, checkpoint)
        if origin in AUTOMATIC:
            await self._store.drop_checkpoints(tx, simulation.simulation_id, origin, keep=self._habits.kept)
        return checkpoint
