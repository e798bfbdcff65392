"""When the deadlines were last looked at: one row for every process and tenant, moved by who looks first."""

from datetime import datetime

from sqlalchemy import select, update

from libs.db import EVERY_TENANT, Transaction, insert_new
from services.orchestrator.domain.simulation import Simulation
from services.orchestrator.tables import lookouts, simulations

DEADLINES = "deadlines"


class LookoutStore:
    """The transaction is of every tenant."""

    async def looked_at(self, tx: Transaction) -> datetime | None:
        """The last look; None before the first one."""
        query = select(lookouts.c.looked_at).where(lookouts.c.tenant == EVERY_TENANT, lookouts.c.name == DEADLINES)
        return (await tx.execute(query)).scalar_one_or_none()

    async def look(self, tx: Transaction, before: datetime | None, now: datetime) -> bool:
        """Note a look after the one before; False when another process did that first. Waits for it meanwhile."""
        if before is None:
            return bool(await insert_new(tx, lookouts, [{"tenant": EVERY_TENANT, "name": DEADLINES, "looked_at": now}]))
        of_before = (
            lookouts.c.tenant == EVERY_TENANT,
            lookouts.c.name == DEADLINES,
            lookouts.c.looked_at == before,
        )
        return bool((await tx.execute(update(lookouts).where(*of_before).values(looked_at=now))).rowcount)

    async def open(self, tx: Transaction) -> list[tuple[str, Simulation]]:
        """(tenant, simulation) of those whose state can time out, locked."""
        query = (
            select(simulations.c.tenant, simulations.c.document)
            .where(simulations.c.deadline_at.is_not(None))
            .order_by(simulations.c.tenant, simulations.c.simulation_id)
            .with_for_update()
        )
        return [(row.tenant, Simulation.model_validate(row.document)) for row in await tx.execute(query)]

    async def save(self, tx: Transaction, tenant: str, simulation: Simulation) -> None:
        """Write the deadline of a simulation of a tenant."""
        key = (simulations.c.tenant == tenant, simulations.c.simulation_id == simulation.simulation_id)
        values = {"deadline_at": simulation.deadline_at, "document": simulation.model_dump(mode="json")}
        await tx.execute(update(simulations).where(*key).values(values))
