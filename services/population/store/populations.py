"""Populations: what was asked for, how far drawing has come, and their end."""

from typing import Any

from sqlalchemy import Row, delete, select, update

from libs.contracts.specs import PopulationSpec
from libs.db import Transaction, insert_new
from services.population.domain.planning import Plan
from services.population.domain.population import Particularities, Population, State
from services.population.domain.writing import Personas
from services.population.tables import agents, changes, populations, summaries, versions


class Populations:
    """Rows of populations; a population that is deleted takes its people and their history with it."""

    async def add(self, tx: Transaction, population: Population) -> None:
        """A new population."""
        row = {
            "tenant": tx.tenant,
            "id": population.id,
            "name": population.spec.name,
            "seed": population.seed,
            "document": population.document(),
            "created_at": population.created_at,
            **_progress(population),
        }
        await insert_new(tx, populations, [row])

    async def save(self, tx: Transaction, population: Population) -> None:
        """How far it has come; what a model says on the way is in the document."""
        document = {"document": population.document()} if population.spec.model else {}
        await tx.execute(
            update(populations)
            .where(populations.c.tenant == tx.tenant, populations.c.id == population.id)
            .values(**_progress(population), **document)
        )

    async def get(self, tx: Transaction, population_id: str, *, lock: bool = False) -> Population | None:
        """With `lock`, nobody else draws its people until the transaction ends."""
        query = select(populations).where(populations.c.tenant == tx.tenant, populations.c.id == population_id)
        row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
        return _population(row) if row else None

    async def newest(self, tx: Transaction, limit: int, before: str | None, *, archived: bool) -> list[Population]:
        """Newest first, either those that are archived or the others; ids are time-ordered."""
        is_archived = populations.c.archived_at.is_not(None)
        query = select(populations).where(
            populations.c.tenant == tx.tenant, is_archived if archived else populations.c.archived_at.is_(None)
        )
        if before is not None:
            query = query.where(populations.c.id < before)
        rows = await tx.execute(query.order_by(populations.c.id.desc()).limit(limit))
        return [_population(row) for row in rows]

    async def delete(self, tx: Transaction, population_id: str) -> None:
        """The population and everything about its people."""
        for table in (agents, summaries, versions, changes):
            await tx.execute(delete(table).where(table.c.tenant == tx.tenant, table.c.population_id == population_id))
        await tx.execute(
            delete(populations).where(populations.c.tenant == tx.tenant, populations.c.id == population_id)
        )


def _progress(population: Population) -> dict[str, Any]:
    return {
        "state": population.state.value,
        "generated": population.generated,
        "people_per_second": population.people_per_second,
        "progressed_at": population.progressed_at,
        "version": population.version,
        "reason": population.reason,
        "ready_at": population.ready_at,
        "archived_at": population.archived_at,
    }


def _population(row: Row[Any]) -> Population:
    return Population(
        id=row.id,
        spec=PopulationSpec.model_validate(row.document["spec"]),
        seed=row.seed,
        readings=tuple(Particularities.model_validate(reading) for reading in row.document["readings"]),
        fragments=row.document.get("fragments", {}),
        state=State(row.state),
        generated=row.generated,
        people_per_second=row.people_per_second,
        progressed_at=row.progressed_at,
        version=row.version,
        reason=row.reason,
        created_at=row.created_at,
        ready_at=row.ready_at,
        archived_at=row.archived_at,
        personas=Personas.model_validate(written) if (written := row.document.get("personas")) else None,
        plan=Plan.model_validate(plan) if (plan := row.document.get("plan")) else None,
        asking=row.document.get("asking", False),
    )
