"""Messages belong to the transaction that sends them; their ids belong to what caused them."""

from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, select

from libs.bus import Outbox, Router
from libs.bus.outbox import MAX_BODY_BYTES, PORTION
from libs.bus.tables import OUTBOX
from libs.contracts.envelope import Envelope, seal
from libs.db import Database
from libs.telemetry import correlation_id
from tests.libs.bus.parts import Note, Noted, database_at, metadata

CAUSE = seal(Noted(text="cause"), source="population", tenant="acme")


async def sent(database: Database) -> list[str]:
    async with database.read() as tx:
        return list((await tx.execute(select(OUTBOX.c.id).order_by(OUTBOX.c.seq))).scalars())


async def send_two(database: Database, cause: Envelope | None, *discriminators: object) -> list[str]:
    outbox = Outbox("results")
    async with database.write(cause=cause) as tx:
        return [(await outbox.add(tx, Note(text=str(d)), discriminator=d)).id for d in discriminators or (None, None)]


async def test_the_same_cause_gives_the_same_ids_and_sends_them_once(database_url: str) -> None:
    async with database_at(database_url) as database:
        first = await send_two(database, CAUSE)
        assert await send_two(database, CAUSE) == first
        assert len(set(first)) == 2
        assert await sent(database) == first


async def test_transactions_of_one_cause_tell_their_messages_apart_by_discriminator(sqlite_url: str) -> None:
    async with database_at(sqlite_url) as database:
        ids = [*await send_two(database, CAUSE, "delivery 1"), *await send_two(database, CAUSE, "delivery 2")]
        assert await sent(database) == ids
        assert len(set(ids)) == 2


async def test_a_message_without_a_cause_begins_a_flow(sqlite_url: str) -> None:
    async with database_at(sqlite_url) as database, database.write(tenant="acme") as tx:
        first = await Outbox("population").add(tx, Noted(text="a"))
        request = correlation_id.set("request-7")
        second = await Outbox("population").add(tx, Noted(text="a"))
        correlation_id.reset(request)
        third = await Outbox("population").add(tx, Noted(text="a"), cause=CAUSE)
    assert first.id != second.id
    assert (first.correlationid, first.causationid, first.tenant) == (first.id, None, "acme")
    assert second.correlationid == "request-7"
    assert (third.correlationid, third.causationid, third.tenant) == (CAUSE.correlationid, CAUSE.id, "acme")
    assert first.source == "/services/population"


async def test_nothing_is_sent_by_a_transaction_that_is_rolled_back(database_url: str) -> None:
    async with database_at(database_url) as database:
        with suppress(RuntimeError):
            async with database.write() as tx:
                await Outbox("population").add(tx, Noted(text="a"))
                raise RuntimeError
        assert await sent(database) == []


async def test_of_a_large_transaction_too_nothing_is_sent_when_it_is_rolled_back(sqlite_url: str) -> None:
    async with database_at(sqlite_url) as database:
        with suppress(RuntimeError):
            async with database.write() as tx:
                for number in range(PORTION + 1):
                    await Outbox("population").add(tx, Noted(text=str(number)))
                raise RuntimeError
        assert await sent(database) == []


async def test_a_message_that_no_server_would_take_is_refused_at_once(sqlite_url: str) -> None:
    async with database_at(sqlite_url) as database, database.write() as tx:
        with pytest.raises(ValueError, match=f"noted of .* bytes is too large to send; at most {MAX_BODY_BYTES}"):
            await Outbox("population").add(tx, Noted(text="x" * MAX_BODY_BYTES))
        with pytest.raises(ValueError, match="cannot stand in a subject"):
            await Outbox("population").add(tx, Noted(study_id="a.b", text="x"))
    async with database_at(sqlite_url) as database:
        assert await sent(database) == []


async def test_a_router_takes_only_messages_that_are_for_its_service_and_each_once() -> None:
    async def handler(*_: object) -> None:
        """A handler."""

    with pytest.raises(ValueError, match="noted is not for population; its consumers: results, validation"):
        Router("population").on(Noted)(handler)
    router = Router("results")
    router.on(Noted)(handler)
    with pytest.raises(ValueError, match="two handlers for noted"):
        router.sink(Noted)(handler)
    assert [subscription.durable for subscription in router.subscriptions] == ["results-noted"]


REVISION = """
revision = "0001_initial"
down_revision = None

def upgrade():
    from libs.bus import tables
    tables.create()
"""


async def test_the_migration_makes_the_tables_that_are_attached(database_url: str, tmp_path: Path) -> None:
    revisions = tmp_path / "migrations"
    revisions.mkdir()
    (revisions / "0001_initial.py").write_text(REVISION)
    database = Database(database_url)
    try:
        await database.migrate(revisions)
        async with database.write() as tx:
            migrated = await tx.connection.run_sync(lambda c: shape(inspect(c)))
            await Outbox("population").add(tx, Noted(text="a"))
    finally:
        await database.close()
    async with database_at(f"sqlite:///{tmp_path}/attached.db") as attached:
        assert attached
    engine = create_engine(f"sqlite:///{tmp_path}/attached.db")
    expected = shape(inspect(engine))
    engine.dispose()
    assert migrated.keys() == {"outbox", "inbox", "bus_state"} <= set(metadata.tables)
    for name, (columns, keys, indexes) in migrated.items():
        assert (columns, keys, indexes) == expected[name]


def shape(inspector: object) -> dict[str, tuple[object, object, object]]:
    names = ["outbox", "inbox", "bus_state"]
    return {
        name: (
            [(column["name"], column["nullable"]) for column in inspector.get_columns(name)],  # type: ignore[attr-defined]
            inspector.get_pk_constraint(name)["constrained_columns"],  # type: ignore[attr-defined]
            [
                index["column_names"]
                for index in inspector.get_indexes(name)  # type: ignore[attr-defined]
                if not index["unique"]
            ],
        )
        for name in names
    }
