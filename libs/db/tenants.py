"""A tenant as a whole in one database: every row it has, and deleting all of them.

Tables are found by their `tenant` column, as row security does, so a new table cannot be left out. Messages of the
outbox are a tenant's by their subject. A tenant that is erased stays closed: nothing is written for it any more, so
work that was under way cannot bring back a part of it.
"""

import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Column, MetaData, String, Table, delete, inspect, select
from sqlalchemy.engine import Connection

from libs.contracts.errors import DomainError
from libs.db.rows import insert_new
from libs.db.transaction import Transaction
from libs.db.types import UtcDateTime

PAGE = 500
OUTBOX = "outbox"
HIDDEN = frozenset({"digest"})
"""Columns that are nobody's data: what is kept of a key instead of the key."""

CLOSED = Table(
    "erased_tenants",
    MetaData(),
    Column("name", String(64), primary_key=True),
    Column("closed_at", UtcDateTime, nullable=False),
    Column("erased_at", UtcDateTime),
)
"""`erased_at`: when nothing was found any more, anywhere; only whoever looks everywhere knows."""


class TenantErasedError(DomainError):
    """The tenant is being erased, or was. Its messages are dropped, its requests refused."""

    title = "The tenant was erased"
    status = 410

    def __init__(self, tenant: str) -> None:
        super().__init__(f"The tenant {tenant!r} was erased. Its name is not used again.")


def keep_closed(connection: Connection) -> None:
    """Make the table of closed tenants, in every service's database alike."""
    CLOSED.create(connection, checkfirst=True)


async def close(tx: Transaction) -> bool:
    """Write nothing for the tenant any more; what is under way sees it within some seconds. False if it is closed."""
    return bool(await insert_new(tx, CLOSED, [{"name": tx.tenant, "closed_at": datetime.now(UTC)}]))


async def erase(tx: Transaction) -> dict[str, int]:
    """Delete everything of the transaction's tenant, and overwrite it; how many rows there were, by table."""
    if tx.dialect == "sqlite":
        await tx.connection.exec_driver_sql("PRAGMA secure_delete=ON")
    found = {}
    for table in await _tables(tx):
        if count := (await tx.execute(delete(table).where(_mine(table, tx.tenant)))).rowcount:
            found[table.name] = count
    return found


async def rows(tx: Transaction) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    """Every row of the tenant with the name of its table, as JSON can hold it; messages on their way are none."""
    for table in await _tables(tx):
        if table.name == OUTBOX:
            continue
        found = await tx.connection.stream(
            select(table).where(_mine(table, tx.tenant)).execution_options(yield_per=PAGE)
        )
        async for row in found.mappings():
            yield table.name, {str(name): _plain(value) for name, value in row.items() if name not in HIDDEN}


def _mine(table: Table, tenant: str) -> Any:
    if table.name == OUTBOX:
        kinds = [table.c.subject.startswith(f"rehearsal.{kind}.{tenant}.", autoescape=True) for kind in ("evt", "cmd")]
        return kinds[0] | kinds[1]
    return table.c.tenant == tenant


async def _tables(tx: Transaction) -> list[Table]:
    return await tx.connection.run_sync(_reflected)


def _reflected(connection: Connection) -> list[Table]:
    found = inspect(connection)
    names = [
        name
        for name in sorted(found.get_table_names())
        if name == OUTBOX or any(column["name"] == "tenant" for column in found.get_columns(name))
    ]
    metadata = MetaData()
    return [Table(name, metadata, autoload_with=connection) for name in names]


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    return value.isoformat() if isinstance(value, datetime) else value
