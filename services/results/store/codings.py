"""Themes that a model found on request."""

from datetime import UTC, datetime

from sqlalchemy import select

from libs.db import Transaction, upsert
from services.results.domain.themes import Themes
from services.results.tables import codings


class Codings:
    """The newest of each field of a simulation."""

    async def put(self, tx: Transaction, simulation_id: str, found: Themes) -> None:
        """Keep them in the place of earlier ones."""
        row = {
            "tenant": tx.tenant,
            "simulation_id": simulation_id,
            "field": found.field,
            "document": found.model_dump(mode="json"),
            "coded_at": datetime.now(UTC),
        }
        await upsert(tx, codings, [row])

    async def of(self, tx: Transaction, simulation_id: str) -> tuple[Themes, ...]:
        """Those there are, by field."""
        mine = codings.c.tenant == tx.tenant, codings.c.simulation_id == simulation_id
        rows = await tx.execute(select(codings.c.document).where(*mine).order_by(codings.c.field))
        return tuple(Themes.model_validate(row.document) for row in rows)
