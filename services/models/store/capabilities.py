"""SQL of what was found out about models."""

from dataclasses import asdict, fields

from sqlalchemy import select

from libs.db import Transaction, upsert
from services.models.domain.capabilities import Capabilities, Found
from services.models.tables import capabilities


class CapabilityStore:
    """Queries of findings."""

    async def load(self, tx: Transaction, endpoint: str, model: str) -> Found | None:
        """What was found out about a model."""
        columns = [capabilities.c[field.name] for field in fields(Found)]
        statement = select(*columns).where(
            capabilities.c.tenant == tx.tenant, capabilities.c.endpoint == endpoint, capabilities.c.model == model
        )
        row = (await tx.execute(statement)).mappings().first()
        if row is None:
            return None
        document = row["capabilities"]
        return Found(**dict(row) | {"capabilities": None if document is None else Capabilities.of(document)})

    async def save(self, tx: Transaction, found: Found) -> None:
        """Keep what was found out, instead of what was known."""
        await upsert(tx, capabilities, [{"tenant": tx.tenant, **asdict(found)}])
