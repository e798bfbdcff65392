"""Transactions, rows and types mean the same on both stores."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, func, select
from sqlalchemy.exc import StatementError

from libs.db import Database, JsonDocument, Transaction, UtcDateTime, add_up, insert_new, upsert

metadata = MetaData()
things = Table(
    "things",
    metadata,
    Column("kind", String(10), primary_key=True),
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("document", JsonDocument),
    Column("at", UtcDateTime),
)
counts = Table(
    "counts",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("calls", Integer, nullable=False),
    Column("tokens", Integer, nullable=False, server_default="7"),
)


def thing(identity: int, document: object = None, at: datetime | None = None) -> dict[str, object]:
    return {"kind": "a", "id": identity, "document": document, "at": at}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    async with database.write() as tx:
        await tx.connection.run_sync(metadata.create_all)
    yield database
    await database.close()


async def count(database: Database) -> int:
    async with database.read() as tx:
        return (await tx.execute(select(func.count()).select_from(things))).scalar_one()


async def test_what_was_written_is_there_after_the_transaction(database: Database) -> None:
    at = datetime(2026, 5, 1, 8, 30, tzinfo=timezone(timedelta(hours=2)))
    async with database.write() as tx:
        await insert_new(tx, things, [thing(1, {"z": [1, None, "é"], "a": 1.5}, at)])
    async with database.read() as tx:
        row = (await tx.execute(select(things))).one()
    assert row.document == {"z": [1, None, "é"], "a": 1.5}
    assert list(row.document) == ["z", "a"]
    assert row.at == at
    assert row.at.tzinfo is UTC


async def test_an_error_leaves_nothing_behind_and_nothing_is_announced(database: Database) -> None:
    announced: list[str] = []

    async def write_and_fail() -> None:
        async with database.write() as tx:
            tx.after_commit(lambda: announced.append("committed"))
            await insert_new(tx, things, [thing(1)])
            raise LookupError

    with pytest.raises(LookupError):
        await write_and_fail()
    assert await count(database) == 0
    assert announced == []


async def test_actions_before_commit_belong_to_the_transaction_and_those_after_see_it_done(database: Database) -> None:
    order: list[str] = []

    async with database.write() as tx:

        async def add_another() -> None:
            order.append("before")
            await insert_new(tx, things, [thing(2)])

        tx.before_commit(add_another)
        tx.after_commit(lambda: order.append("after"))
        await insert_new(tx, things, [thing(1)])
    assert order == ["before", "after"]
    assert await count(database) == 2


async def test_rows_that_are_there_already_are_not_inserted_again(database: Database) -> None:
    async with database.write() as tx:
        await insert_new(tx, things, [thing(1, "first")])
        fresh = await insert_new(tx, things, [thing(1, "second"), thing(2), thing(2)])
    assert [row["id"] for row in fresh] == [2]
    async with database.read() as tx:
        documents = (await tx.execute(select(things.c.document).order_by(things.c.id))).scalars().all()
    assert documents == ["first", None]


async def test_an_upsert_overwrites_only_the_columns_it_is_given(database: Database) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    async with database.write() as tx:
        await insert_new(tx, things, [thing(1, "first", at)])
        await upsert(tx, things, [{"kind": "a", "id": 1, "document": "second"}])
    async with database.read() as tx:
        row = (await tx.execute(select(things))).one()
    assert (row.document, row.at) == ("second", at)


async def test_what_is_added_up_adds_to_the_columns_it_is_given(database: Database) -> None:
    async with database.write() as tx:
        await add_up(tx, counts, [{"id": 1, "calls": 2, "tokens": 10}, {"id": 2, "calls": 1, "tokens": 0}])
        await add_up(tx, counts, [{"id": 1, "calls": 3}, {"id": 1, "calls": 4}, {"id": 3, "calls": 5}])
    async with database.read() as tx:
        rows = (await tx.execute(select(counts).order_by(counts.c.id))).all()
    assert [tuple(row) for row in rows] == [(1, 9, 10), (2, 1, 0), (3, 5, 7)]


async def test_a_time_without_its_zone_is_refused(database: Database) -> None:
    async with database.write() as tx:
        with pytest.raises(StatementError, match="without its zone"):
            await insert_new(tx, things, [thing(1, at=datetime(2026, 1, 1))])


async def test_many_writers_at_once_lose_no_update(database: Database) -> None:
    async with database.write() as tx:
        await insert_new(tx, things, [thing(1, {"count": 0})])

    async def add_one() -> None:
        async with database.write() as tx:
            query = select(things.c.document).where(things.c.id == 1).with_for_update()
            document = (await tx.execute(query)).scalar_one()
            await upsert(tx, things, [{"kind": "a", "id": 1, "document": {"count": document["count"] + 1}}])

    await asyncio.gather(*(add_one() for _ in range(20)))
    async with database.read() as tx:
        assert (await tx.execute(select(things.c.document))).scalar_one() == {"count": 20}


async def test_readers_do_not_wait_for_a_writer(database: Database) -> None:
    async with database.write() as tx:
        await insert_new(tx, things, [thing(1)])
        assert await asyncio.wait_for(count(database), timeout=2) == 0


async def test_a_writer_waits_for_another_process_and_nobody_waits_for_the_writer(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/things.db")
    async with database.write() as tx:
        await tx.connection.run_sync(metadata.create_all)

    async def write() -> None:
        async with database.write() as tx:
            await insert_new(tx, things, [thing(1)])

    with closing(sqlite3.connect(tmp_path / "things.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(write())
        await asyncio.sleep(0.05)
        assert await asyncio.wait_for(count(database), timeout=2) == 0
        assert not writing.done()
        other.execute("COMMIT")
    await asyncio.wait_for(writing, timeout=10)
    assert await count(database) == 1
    await database.close()


async def test_the_tenant_of_a_transaction_is_the_default_one_unless_given(database: Database) -> None:
    async def tenant(tx: Transaction) -> str:
        return tx.tenant

    async with database.read() as tx:
        assert await tenant(tx) == "default"
    async with database.read(tenant="acme") as tx:
        assert await tenant(tx) == "acme"


def test_a_store_that_is_not_supported_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"'mysql' is not supported; allowed: sqlite, postgresql"):
        Database("mysql://localhost/x")


async def test_rows_come_some_at_a_time(database: Database) -> None:
    async with database.write() as tx:
        await insert_new(tx, things, [thing(identity, {"own": identity}) for identity in range(25)])
    async with database.read() as tx:
        blocks = [list(rows) async for rows in tx.blocks(select(things).order_by(things.c.id), 10)]
        assert [len(rows) for rows in blocks] == [10, 10, 5]
        assert [row.document["own"] for rows in blocks for row in rows] == list(range(25))
        assert [rows async for rows in tx.blocks(select(things).where(things.c.id > 25))] == []
        async for _ in tx.blocks(select(things), 10):
            break  # what is left is let go of, and the connection can be used
        assert (await tx.execute(select(func.count()).select_from(things))).scalar_one() == 25
