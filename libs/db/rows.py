"""Inserts that may meet the same row again, batched, on both stores."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table

from libs.db.transaction import Transaction

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]


def insert_into(tx: Transaction, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """An insert that can say what happens on a conflict, in the dialect of the store; the other one is not loaded."""
    if tx.dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


async def insert_new(tx: Transaction, table: Table, rows: Sequence[Row]) -> list[Row]:
    """Insert the rows whose primary key is not there yet; those rows come back, in no particular order."""
    if not rows:
        return []
    key = [column.name for column in table.primary_key]
    statement = insert_into(tx, table).on_conflict_do_nothing(index_elements=key).returning(*table.primary_key)
    inserted = {tuple(row) for row in await tx.execute(statement, list(rows))}
    fresh: list[Row] = []
    for row in rows:
        identity = tuple(row[name] for name in key)
        if identity in inserted:
            inserted.discard(identity)
            fresh.append(row)
    return fresh


async def upsert(tx: Transaction, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows; where the primary key is there already, overwrite the other columns that are given."""
    if not rows:
        return
    key = [column.name for column in table.primary_key]
    statement = insert_into(tx, table)
    changes = {name: statement.excluded[name] for name in rows[0] if name not in key}
    if changes:
        await tx.execute(statement.on_conflict_do_update(index_elements=key, set_=changes), list(rows))
    else:
        await tx.execute(statement.on_conflict_do_nothing(index_elements=key), list(rows))
