"""Fragments of a tenant's own; those that come with the service are files."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select

from libs.db import Transaction, insert_new
from services.population.domain.fragments import Fragment, Named
from services.population.tables import fragments


class Fragments:
    """Fragments by name."""

    async def add(self, tx: Transaction, name: str, fragment: Fragment, at: datetime) -> bool:
        """A new fragment; False when there is one of this name."""
        row = {"tenant": tx.tenant, "name": name, "document": fragment.model_dump(), "created_at": at}
        return bool(await insert_new(tx, fragments, [row]))

    async def all(self, tx: Transaction) -> list[Named]:
        """Every fragment, by name."""
        rows = await tx.execute(select(fragments).where(fragments.c.tenant == tx.tenant).order_by(fragments.c.name))
        return [_named(row) for row in rows]

    async def get(self, tx: Transaction, name: str, *, lock: bool = False) -> Named | None:
        """One fragment."""
        query = select(fragments).where(fragments.c.tenant == tx.tenant, fragments.c.name == name)
        row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
        return _named(row) if row else None

    async def delete(self, tx: Transaction, name: str) -> bool:
        """Take a fragment away; False when there is none of this name."""
        statement = delete(fragments).where(fragments.c.tenant == tx.tenant, fragments.c.name == name)
        return (await tx.execute(statement)).rowcount > 0


def _named(row: Row[Any]) -> Named:
    return Named(row.name, Fragment.model_validate(row.document), row.created_at)
