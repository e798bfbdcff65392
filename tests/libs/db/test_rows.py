"""Rows of which those that are new come back, in whatever number and of whatever types."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    event,
    select,
    text,
)
from sqlalchemy.exc import DBAPIError

from libs.db import Database, JsonDocument, UtcDateTime, append, insert_new
from libs.db.types import BytewiseText
from tests.support.postgres import PostgresServer

rows = Table(
    "rows",
    MetaData(),
    Column("name", String(8), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("text", BytewiseText),
    Column("document", JsonDocument),
    Column("at", UtcDateTime),
    Column("size", BigInteger),
    Column("share", Float),
    Column("is_last", Boolean),
    Column("body", LargeBinary),
    Column("left_out", Integer, nullable=False, server_default="7"),
)
GIVEN = tuple(column.name for column in rows.c if column.name != "left_out")
AT = datetime(2026, 5, 1, 8, 30, 0, 123456, tzinfo=UTC)
MANY = [
    ("a", 1, 'it\'s {"one"}, NULL', {"z": [1, None, "é"], "a": 1.5}, AT, 2**40, 0.1, True, b"\x00\xff"),
    ("a", 2, "", [["a list", "of two"], []], None, None, None, None, None),
    ("b", 1, None, None, AT, -1, 1e300, False, b""),
    ("b", 2, "back\\slash", "a text", AT, 0, float("inf"), True, b"'"),
    ("b", 3, "ünal", [3], AT, 0, 0.0, False, b"{}"),
    ("b", 4, "null", [], AT, 0, -0.5, False, b"{}"),
]


def named(values: tuple[object, ...]) -> dict[str, object]:
    return dict(zip(GIVEN, values, strict=True))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=1)
    async with database.write() as tx:
        await tx.connection.run_sync(rows.create)
    yield database
    await database.close()


async def test_rows_of_every_type_are_there_as_they_were_given(database: Database) -> None:
    async with database.write() as tx:
        fresh = await insert_new(tx, rows, [named(values) for values in MANY])
        found = await tx.execute(select(rows).order_by(rows.c.name, rows.c.number))
    assert fresh == [named(values) for values in MANY]
    assert [tuple(row) for row in found] == [(*values, 7) for values in MANY]


async def test_only_rows_that_were_not_there_come_back(database: Database) -> None:
    async with database.write() as tx:
        await insert_new(tx, rows, [named(MANY[1])])
        changed = named(MANY[1]) | {"text": "changed"}
        fresh = await insert_new(tx, rows, [changed, named(MANY[0]), named(MANY[0]) | {"text": "again"}])
        texts = (await tx.execute(select(rows.c.text).order_by(rows.c.number))).scalars().all()
    assert fresh == [named(MANY[0])]
    assert texts == [MANY[0][2], MANY[1][2]]


async def test_what_is_no_column_is_left_out_and_comes_back_with_its_row(database: Database) -> None:
    row = {"name": "a", "number": 1, "engine": "own"}
    async with database.write() as tx:
        assert await insert_new(tx, rows, [row]) == [row]
        assert (await tx.execute(select(rows.c.name))).scalar_one() == "a"


async def test_rows_may_have_some_columns_now_and_others_then(database: Database) -> None:
    async with database.write() as tx:
        await insert_new(tx, rows, [{"name": "a", "number": 1, "left_out": 1}])
        await insert_new(tx, rows, [{"number": 2, "name": "a", "size": 3}])
        found = await tx.execute(select(rows.c.number, rows.c.size, rows.c.left_out).order_by(rows.c.number))
    assert [tuple(row) for row in found] == [(1, None, 1), (2, 3, 7)]


async def test_rows_that_are_appended_are_there_in_their_order_however_many(database: Database) -> None:
    log = Table(
        "log",
        MetaData(),
        Column("sequence", Integer, primary_key=True, autoincrement=True),
        Column("content", JsonDocument),
        Column("at", UtcDateTime),
    )
    entries: list[dict[str, object]] = [{"content": {"number": number}, "at": AT} for number in range(2_500)]
    async with database.write() as tx:
        await tx.connection.run_sync(log.create)
        await append(tx, log, [])
        await append(tx, log, entries)
        await append(tx, log, [{"content": None, "at": None}])
        found = (await tx.execute(select(log.c.content, log.c.at).order_by(log.c.sequence))).all()
    assert [tuple(row) for row in found] == [*((one["content"], AT) for one in entries), (None, None)]


async def test_a_row_that_is_appended_twice_is_refused(database: Database) -> None:
    async with database.write() as tx:
        await append(tx, rows, [named(MANY[0])])
    with pytest.raises(DBAPIError, match=r"UNIQUE|unique"):
        async with database.write() as tx:
            await append(tx, rows, [named(MANY[0])])


async def inserted(database: Database, sizes: Iterable[int]) -> None:
    for size in sizes:
        each = [{"name": f"n{size}", "number": number, "text": "t"} for number in range(size)]
        async with database.write() as tx:
            assert await insert_new(tx, rows, each) == each


@pytest.mark.postgres
async def test_any_number_of_rows_is_one_statement_that_a_connection_keeps(postgres: PostgresServer) -> None:
    database = Database(postgres.create_database(), pool_size=1)
    async with database.write() as tx:
        await tx.connection.run_sync(rows.create)
    await inserted(database, (1, 2, 5, 40, 1_500))
    async with database.read() as tx:
        kept = text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT%'")
        assert (await tx.execute(kept)).scalar_one() == 1
    await database.close()


async def test_sqlite_is_given_few_numbers_of_rows(tmp_path: Path) -> None:
    database, said = Database(f"sqlite:///{tmp_path / 'rows.db'}"), set[str]()
    event.listen(database._writer.sync_engine, "before_cursor_execute", lambda *given: said.add(given[2]))
    async with database.write() as tx:
        await tx.connection.run_sync(rows.create)
    await inserted(database, range(1, 65))
    assert sum(statement.startswith("INSERT") for statement in said) == 12
    await database.close()


@pytest.mark.postgres
async def test_a_text_that_is_too_long_is_refused_and_not_cut_off(postgres: PostgresServer) -> None:
    database = Database(postgres.create_database(), pool_size=1)
    async with database.write() as tx:
        await tx.connection.run_sync(rows.create)
    with pytest.raises(DBAPIError, match="value too long"):
        async with database.write() as tx:
            await insert_new(tx, rows, [{"name": "123456789", "number": 1}])
    await database.close()
