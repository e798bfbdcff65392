"""Inserts in batches, also of rows that may be there already, on both stores.

A statement is made once for each table: making it, and the key by which SQLAlchemy finds what it compiled it to, costs
more than running it. For rows that are to come back SQLAlchemy writes a parameter for each value, a statement of its
own for every number of rows; a connection keeps the last hundred of those, and its server too, a megabyte each. So
PostgreSQL is given rows as one array for each column, and SQLite rows in few numbers. Those that do not come back
PostgreSQL would be given one by one.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import repeat
from typing import TYPE_CHECKING, Any

from sqlalchemy import ARRAY, Column, Executable, String, Table, Text, bindparam, func, select

from libs.db.transaction import Transaction

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]
PORTION = 512
"""Rows of one statement: both ends hold it several times over."""


def insert_into(dialect: str, table: Table) -> "postgresql.Insert | sqlite.Insert":
    """An insert that can say what happens on a conflict, in the dialect of the store; the other one is not loaded."""
    if dialect == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


async def insert_new(tx: Transaction, table: Table, rows: Sequence[Row]) -> list[Row]:
    """Insert the rows whose primary key is not there yet; those rows come back, in no particular order.

    What is given and is no column of the table is left out.
    """
    if not rows:
        return []
    given = tuple(name for name in rows[0] if name in table.c)
    inserted = set[tuple[Any, ...]]()
    for portion in _portions(tx, rows, given):
        if tx.dialect == "sqlite":
            portion = _filled_up(portion)
        inserted.update(tuple(row) for row in await tx.execute(_inserting(tx.dialect, table, given), portion))
    key = _key(table)
    fresh: list[Row] = []
    for row in rows:
        identity = tuple(row[name] for name in key)
        if identity in inserted:
            inserted.discard(identity)
            fresh.append(row)
    return fresh


async def append(tx: Transaction, table: Table, rows: Sequence[Row]) -> None:
    """Insert rows that are not there yet, in their order."""
    if not rows:
        return
    given = tuple(rows[0])
    for portion in _portions(tx, rows, given):
        await tx.execute(_appending(tx.dialect, table, given), portion)


async def upsert(tx: Transaction, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows; where the primary key is there already, overwrite the other columns that are given."""
    if rows:
        await tx.execute(_upserting(tx.dialect, table, tuple(rows[0])), list(rows))


async def add_up(tx: Transaction, table: Table, rows: Sequence[Row]) -> None:
    """Insert the rows; where the primary key is there already, add to the other columns that are given."""
    if rows:
        await tx.execute(_adding(tx.dialect, table, tuple(rows[0])), list(rows))


def _portions(tx: Transaction, rows: Sequence[Row], given: Sequence[str]) -> Iterator[Any]:
    """Rows of one statement each, as the store is given them."""
    for start in range(0, len(rows), PORTION):
        portion = rows[start : start + PORTION]
        is_arrays = tx.dialect == "postgresql"
        yield {_array(name): [row[name] for row in portion] for name in given} if is_arrays else portion


def _filled_up(rows: Sequence[Row]) -> Sequence[Row]:
    """To one of two numbers between powers of two, with the last row: it is there already then, nothing comes of it."""
    step = 1 << max(0, (len(rows) - 1).bit_length() - 2)
    return [*rows, *repeat(rows[-1], -len(rows) % step)]


@cache
def _inserting(dialect: str, table: Table, given: tuple[str, ...]) -> Executable:
    statement = _appending(dialect, table, given)
    return statement.on_conflict_do_nothing(index_elements=_key(table)).returning(*table.primary_key)


@cache
def _appending(dialect: str, table: Table, given: tuple[str, ...]) -> "postgresql.Insert | sqlite.Insert":
    statement = insert_into(dialect, table)
    if dialect == "postgresql":
        arrays = func.unnest(*(_values(table.c[name]) for name in given)).table_valued(*given).render_derived("given")
        statement = statement.from_select(given, select(arrays))
    return statement


def _values(column: Column[Any]) -> Any:
    """All values of a column. Texts have no length here: a cast to one would cut them off, where a table refuses."""
    of = Text() if isinstance(column.type, String) else column.type
    return bindparam(_array(column.name), type_=ARRAY(of, dimensions=1))


def _array(name: str) -> str:
    return f"each_{name}"


@cache
def _upserting(dialect: str, table: Table, given: tuple[str, ...]) -> Executable:
    key, statement = _key(table), insert_into(dialect, table)
    changes = {name: statement.excluded[name] for name in given if name not in key}
    if changes:
        return statement.on_conflict_do_update(index_elements=key, set_=changes)
    return statement.on_conflict_do_nothing(index_elements=key)


@cache
def _adding(dialect: str, table: Table, given: tuple[str, ...]) -> Executable:
    key, statement = _key(table), insert_into(dialect, table)
    sums = {name: table.c[name] + statement.excluded[name] for name in given if name not in key}
    return statement.on_conflict_do_update(index_elements=key, set_=sums)


def _key(table: Table) -> list[str]:
    return [column.name for column in table.primary_key]
