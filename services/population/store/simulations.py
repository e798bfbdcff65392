"""Which simulations use which population, as the orchestrator announced them."""

from sqlalchemy import or_, select, update

from libs.contracts.orchestrator import SimulationCreated, SimulationState, SimulationStateChanged
from libs.db import Transaction, insert_new, upsert
from services.population.domain.population import Use
from services.population.tables import simulations


class Simulations:
    """Projected simulations; creation and state may come in any order."""

    async def save(self, tx: Transaction, event: SimulationCreated) -> None:
        """Project a simulation."""
        row = {
            "tenant": tx.tenant,
            "simulation_id": event.simulation_id,
            "population_id": event.population_id,
            "name": event.name,
        }
        await upsert(tx, simulations, [row])

    async def save_state(self, tx: Transaction, event: SimulationStateChanged) -> None:
        """Project a state, unless a later one is there."""
        key = {"tenant": tx.tenant, "simulation_id": event.simulation_id}
        await insert_new(tx, simulations, [key])
        is_later = or_(simulations.c.changed_at.is_(None), simulations.c.changed_at <= event.changed_at)
        await tx.execute(
            update(simulations)
            .where(*(simulations.c[name] == value for name, value in key.items()), is_later)
            .values(state=event.state.value, changed_at=event.changed_at)
        )

    async def of(self, tx: Transaction, population_id: str, limit: int, before: str | None = None) -> list[Use]:
        """Simulations of a population, newest first; ids are time-ordered."""
        query = select(simulations).where(
            simulations.c.tenant == tx.tenant, simulations.c.population_id == population_id
        )
        if before is not None:
            query = query.where(simulations.c.simulation_id < before)
        rows = await tx.execute(query.order_by(simulations.c.simulation_id.desc()).limit(limit))
        return [Use(row.simulation_id, row.name, SimulationState(row.state) if row.state else None) for row in rows]

    async def running(self, tx: Transaction, population_id: str, limit: int) -> list[str]:
        """Simulations of a population that are not over, oldest first."""
        over = [state.value for state in SimulationState if state.is_terminal]
        query = select(simulations.c.simulation_id).where(
            simulations.c.tenant == tx.tenant,
            simulations.c.population_id == population_id,
            or_(simulations.c.state.is_(None), simulations.c.state.not_in(over)),
        )
        return list((await tx.execute(query.order_by(simulations.c.simulation_id).limit(limit))).scalars())
