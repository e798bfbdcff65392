"""Extractions and what they gave."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Integer, Row, cast, func, select, update

from libs.contracts.protocol import Usage
from libs.contracts.tools import ExtractionSpec
from libs.db import Transaction, insert_new
from services.results.domain.extraction.model import Ended, Extracted, Extraction, Progress, Way
from services.results.tables import extracted, extractions

SPENT = tuple(Usage.model_fields)


class Extractions:
    """One row per extraction, and one per agent and arm in it."""

    async def add(self, tx: Transaction, extraction: Extraction) -> None:
        """A new extraction."""
        row = {
            "tenant": tx.tenant,
            "simulation_id": extraction.simulation_id,
            "extraction_id": extraction.id,
            "spec": extraction.spec.model_dump(mode="json"),
            "model": extraction.model,
            "ways": extraction.ways,
            "planned": extraction.planned,
            "created_at": extraction.created_at,
        }
        await insert_new(tx, extractions, [row])

    async def get(self, tx: Transaction, simulation_id: str, extraction_id: str) -> Extraction | None:
        """An extraction of this simulation."""
        query = select(extractions).where(
            extractions.c.tenant == tx.tenant,
            extractions.c.simulation_id == simulation_id,
            extractions.c.extraction_id == extraction_id,
        )
        row = (await tx.execute(query)).one_or_none()
        return _extraction(row) if row else None

    async def newest(self, tx: Transaction, simulation_id: str, limit: int, before: str | None) -> list[Extraction]:
        """Newest first; ids are time-ordered."""
        query = select(extractions).where(
            extractions.c.tenant == tx.tenant, extractions.c.simulation_id == simulation_id
        )
        if before is not None:
            query = query.where(extractions.c.extraction_id < before)
        rows = await tx.execute(query.order_by(extractions.c.extraction_id.desc()).limit(limit))
        return [_extraction(row) for row in rows]

    async def end(self, tx: Transaction, simulation_id: str, extraction_id: str, ended: Ended, reason: str) -> None:
        """Nobody's fields are got any more; the first end counts."""
        statement = update(extractions).where(
            extractions.c.tenant == tx.tenant,
            extractions.c.simulation_id == simulation_id,
            extractions.c.extraction_id == extraction_id,
            extractions.c.ended.is_(None),
        )
        await tx.execute(statement.values(ended=ended, reason=reason))

    async def finish(self, tx: Transaction, extraction_id: str, found: Sequence[tuple[Extracted, Usage]]) -> None:
        """What was got of some agents; who is there already stays as it is."""
        rows = [
            {
                "tenant": tx.tenant,
                "extraction_id": extraction_id,
                "agent_id": item.agent_id,
                "arm": item.arm,
                "document": item.model_dump(mode="json"),
                "is_failed": item.failure is not None,
                **usage.model_dump(),
            }
            for item, usage in found
        ]
        await insert_new(tx, extracted, rows)

    async def finished(self, tx: Transaction, extraction_id: str, agent_ids: Sequence[str]) -> set[tuple[str, str]]:
        """Those of the agents, with their arms, that are there."""
        query = select(extracted.c.agent_id, extracted.c.arm).where(
            extracted.c.tenant == tx.tenant,
            extracted.c.extraction_id == extraction_id,
            extracted.c.agent_id.in_(agent_ids),
        )
        return {(row.agent_id, row.arm) for row in await tx.execute(query)}

    async def progress(self, tx: Transaction, extraction_id: str) -> Progress:
        """How far it has come."""
        sums = [func.coalesce(func.sum(extracted.c[name]), 0).label(name) for name in SPENT]
        failed = func.coalesce(func.sum(cast(extracted.c.is_failed, Integer)), 0).label("failed")
        query = select(func.count().label("finished"), failed, *sums).where(
            extracted.c.tenant == tx.tenant, extracted.c.extraction_id == extraction_id
        )
        row = (await tx.execute(query)).one()
        return Progress(row.finished, row.failed, Usage.model_validate({name: getattr(row, name) for name in SPENT}))

    async def page(
        self,
        tx: Transaction,
        extraction_id: str,
        limit: int,
        after: tuple[str, str] | None,
        *,
        only_failed: bool = False,
    ) -> list[Extracted]:
        """What was got, by agent and arm, after this place."""
        place = extracted.c.agent_id, extracted.c.arm
        query = select(extracted.c.document).where(
            extracted.c.tenant == tx.tenant, extracted.c.extraction_id == extraction_id
        )
        if after is not None:
            agent, arm = after
            query = query.where((place[0] > agent) | ((place[0] == agent) & (place[1] > arm)))
        if only_failed:
            query = query.where(extracted.c.is_failed)
        rows = await tx.execute(query.order_by(*place).limit(limit))
        return [Extracted.model_validate(row.document) for row in rows]


def _extraction(row: Row[Any]) -> Extraction:
    return Extraction(
        id=row.extraction_id,
        simulation_id=row.simulation_id,
        spec=ExtractionSpec.model_validate(row.spec),
        model=row.model,
        ways={field: Way(way) for field, way in row.ways.items()},
        planned=row.planned,
        created_at=row.created_at,
        ended=row.ended,
        reason=row.reason,
    )
