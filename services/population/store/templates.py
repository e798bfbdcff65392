"""Templates of a tenant's own; those that come with the service are files."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select

from libs.contracts.demographics import Template
from libs.db import Transaction, insert_new
from services.population.domain.templates import Known
from services.population.tables import templates


class Templates:
    """Templates by name."""

    async def add(self, tx: Transaction, template: Template, at: datetime) -> bool:
        """A new template; False when there is one of this name."""
        document = template.model_dump(mode="json")
        row = {"tenant": tx.tenant, "name": template.name, "document": document, "created_at": at}
        return bool(await insert_new(tx, templates, [row]))

    async def all(self, tx: Transaction) -> list[Known]:
        """Every template, by name."""
        rows = await tx.execute(select(templates).where(templates.c.tenant == tx.tenant).order_by(templates.c.name))
        return [_known(row) for row in rows]

    async def get(self, tx: Transaction, name: str) -> Known | None:
        """One template."""
        query = select(templates).where(templates.c.tenant == tx.tenant, templates.c.name == name)
        row = (await tx.execute(query)).one_or_none()
        return _known(row) if row else None

    async def delete(self, tx: Transaction, name: str) -> bool:
        """Take a template away; False when there is none of this name."""
        statement = delete(templates).where(templates.c.tenant == tx.tenant, templates.c.name == name)
        return (await tx.execute(statement)).rowcount > 0


def _known(row: Row[Any]) -> Known:
    return Known(Template.model_validate(row.document), row.created_at)
