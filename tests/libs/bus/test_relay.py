"""What a sender can rely on: what was committed arrives, in order, whatever happens to the server."""

import asyncio
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import delete, func, select, text, update

from chaos.proxy import Proxy
from libs.bus import BusSettings, Router, consumers, outbox, relay, republish
from libs.bus.streams import COMMANDS, EVENTS
from libs.bus.tables import INBOX, OUTBOX
from libs.contracts.envelope import Message
from libs.db import Database, Transaction
from libs.runtime.nats_server import NatsServer
from tests.libs.bus.parts import NOTES, Note, Noted, Service, database_at, running, settings, until


def receiving() -> Router:
    """Events by a sink, commands one by one."""
    router = Router("results")

    @router.sink(Noted)
    async def on_noted(tx: Transaction, messages: list[Message[Noted]], service: Any) -> None:
        await tx.execute(NOTES.insert(), [{"text": message.data.text} for message in messages])

    @router.on(Note)
    async def on_note(tx: Transaction, message: Message[Note], service: Any) -> None:
        await tx.execute(NOTES.insert(), {"text": message.data.text})

    return router


async def stored(service: Service, stream: str) -> list[str]:
    """The ids in a stream, in its order."""
    state = (await service.js.stream_info(stream)).state
    ids = []
    for sequence in range(state.first_seq, state.last_seq + 1):
        headers = (await service.js.get_msg(stream, sequence, direct=True)).headers or {}
        ids.append(headers["ce-id"])
    return ids


async def in_outbox(service: Service) -> list[str]:
    async with service.database.read() as tx:
        return list((await tx.execute(select(OUTBOX.c.id).order_by(OUTBOX.c.seq))).scalars())


async def notes_are(service: Service, notes: list[str]) -> bool:
    return await service.notes() == notes


async def nothing_waits(service: Service) -> bool:
    return await service.waiting() == 0


async def test_messages_are_published_in_the_order_they_were_sent(nats_url: str, database_url: str) -> None:
    async with running("population", database_url, settings(nats_url)) as sender:
        await sender.send(*(Noted(text=str(number)) for number in range(1_200)))
        await sender.send(Noted(text="last"))
        await until(lambda: nothing_waits(sender))
        assert (await sender.js.stream_info(EVENTS)).state.messages == 1_201
        last = await in_outbox(sender)
        assert await stored(sender, EVENTS) == last


async def test_events_and_commands_go_to_their_streams(nats_url: str, sqlite_url: str) -> None:
    async with running("population", sqlite_url, settings(nats_url)) as sender:
        await sender.send(Noted(text="event"), Note(text="command"), Noted(text="event"))
        await until(lambda: nothing_waits(sender))
        first, second, third = await in_outbox(sender)
        assert await stored(sender, EVENTS) == [first, third]
        assert await stored(sender, COMMANDS) == [second]


async def test_what_was_sent_before_the_start_is_published_at_the_start(nats_url: str, sqlite_url: str) -> None:
    async with running("population", sqlite_url, settings(nats_url)) as sender:
        pass
    async with database_at(sqlite_url) as sender.database:
        await sender.send(Noted(text="while nobody published"))
    async with running("population", sqlite_url, settings(nats_url)) as sender:
        await until(lambda: nothing_waits(sender))
        assert len(await stored(sender, EVENTS)) == 1


async def test_what_was_sent_just_before_the_stop_is_published(nats_url: str, sqlite_url: str) -> None:
    async with running("population", sqlite_url, settings(nats_url)) as sender:
        await sender.send(*(Noted(text=str(number)) for number in range(700)))
    async with running("population", sqlite_url, settings(nats_url)) as sender:
        assert len(await stored(sender, EVENTS)) == 700


async def test_a_batch_with_a_message_the_server_has_is_published_all_the_same(
    nats_url: str, database_url: str
) -> None:
    """As after a crash between the publication and the note of it."""
    async with running("population", database_url, settings(nats_url)) as sender:
        await sender.send(*(Noted(text=str(number)) for number in range(5)))
    async with database_at(database_url) as sender.database:
        async with sender.database.write() as tx:
            await tx.execute(update(OUTBOX).where(OUTBOX.c.seq >= 4).values(published_at=None))
        await sender.send(Noted(text="new"))
    async with running("population", database_url, settings(nats_url)) as sender:
        await until(lambda: nothing_waits(sender))
        assert await stored(sender, EVENTS) == await in_outbox(sender)


async def test_nothing_is_lost_while_the_server_is_away(tmp_path: Path, database_url: str) -> None:
    server = NatsServer(tmp_path / "nats")
    server.start()
    try:
        bus_settings = settings(server.url)
        sender_url = f"sqlite:///{tmp_path}/sender.db"
        async with (
            running("population", sender_url, bus_settings) as sender,
            running("results", database_url, bus_settings, receiving()) as receiver,
        ):
            await sender.send(Noted(text="before"))
            await until(lambda: arrived(receiver, {"before"}))
            await until(lambda: nothing_waits(sender))
            server.kill()
            await until(lambda: not sender.bus.is_ready())
            await sender.send(Noted(text="meanwhile"), Note(text="order"))
            await asyncio.sleep(0.3)
            assert await sender.waiting() == 2
            server.start()
            await until(lambda: arrived(receiver, {"before", "meanwhile", "order"}))
            await until(lambda: sender.bus.is_ready() and receiver.bus.is_ready())
    finally:
        server.stop()


async def test_who_cannot_publish_is_not_ready_all_the_while_and_says_why(
    nats_url: str, sqlite_url: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is well otherwise: its streams are there, as those of one whose disk is full are."""
    monkeypatch.setattr(relay, "TOLD_EVERY_S", 0.3)
    monkeypatch.setattr(outbox, "MAX_BODY_BYTES", 6_000_000)  # more than nats-server takes
    async with running("population", sqlite_url, settings(nats_url)) as sender:
        await until(lambda: nothing_waits(sender))
        assert sender.bus.is_ready()
        await sender.send(Noted(text="x" * 5_000_000))
        await until(lambda: not sender.bus.is_ready())
        for _ in range(200):
            await asyncio.sleep(0.005)
            assert not sender.bus.is_ready()
        async with sender.database.write() as tx:
            await tx.execute(delete(OUTBOX).where(OUTBOX.c.published_at.is_(None)))
        await until(sender.bus.is_ready)
    told = [record.getMessage() for record in caplog.records if record.name == "libs.bus.relay"]
    assert told[0].startswith(
        "the outbox of population waits, for 0 s: MaxPayloadError: nats: maximum payload exceeded"
    )
    assert 2 <= len(told) < 10
    assert told[-1].startswith("the outbox of population goes on, after ")


async def test_an_outbox_grows_older_also_while_nobody_can_read_it(
    nats_url: str, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LOOK_UP_S", 0.1)
    async with running("population", database_url, settings(nats_url)) as sender:
        await rename(sender.database, "outbox", "away")
        await until(lambda: age_is(lambda seconds: seconds > 1))
        await rename(sender.database, "away", "outbox")
        await until(lambda: age_is(lambda seconds: seconds == 0))


async def rename(database: Database, old: str, new: str) -> None:
    async with database.write() as tx:
        await tx.execute(text(f"ALTER TABLE {old} RENAME TO {new}"))


async def age_is(expected: Callable[[float], bool]) -> bool:
    return expected(REGISTRY.get_sample_value("rehearsal_outbox_age_seconds", {"service": "population"}) or 0)


async def arrived(receiver: Service, texts: set[str]) -> bool:
    notes = await receiver.notes()
    assert len(notes) == len(set(notes)), "something took effect twice"
    return set(notes) == texts


async def test_deleting_the_store_of_the_server_in_mid_run_loses_nothing(tmp_path: Path, database_url: str) -> None:
    server = NatsServer(tmp_path / "nats")
    server.start()
    sent: set[str] = set()
    try:
        bus_settings = settings(server.url, fetch_timeout=30.0)  # a fetch must not wait for its end
        sender_url = f"sqlite:///{tmp_path}/sender.db"
        async with running("population", sender_url, bus_settings) as sender:
            async with running("results", database_url, bus_settings, receiving()) as receiver:
                await send_pairs(sender, sent, "handled")
                await until(lambda: arrived(receiver, sent))
            await send_pairs(sender, sent, "published")
            await until(lambda: nothing_waits(sender))
            server.kill()
            shutil.rmtree(tmp_path / "nats" / "store")
            await send_pairs(sender, sent, "waiting")
            server.start()
            async with running("results", database_url, bus_settings, receiving()) as receiver:
                await until(lambda: arrived(receiver, sent))
                server.kill()
                shutil.rmtree(tmp_path / "nats" / "store")
                server.start()
                await send_pairs(sender, sent, "while both run")
                await until(lambda: arrived(receiver, sent))
    finally:
        server.stop()


async def send_pairs(sender: Service, sent: set[str], text: str) -> None:
    events, commands = [f"{text} event {n}" for n in range(3)], [f"{text} command {n}" for n in range(3)]
    await sender.send(*(Noted(text=each) for each in events), *(Note(text=each) for each in commands))
    sent.update(events, commands)


async def test_republished_messages_reach_a_new_server_and_no_consumer_twice(tmp_path: Path, sqlite_url: str) -> None:
    server = NatsServer(tmp_path / "nats")
    server.start()
    try:
        router = receiving()
        async with running("results", sqlite_url, settings(server.url), router) as both:
            await both.send(Note(text="a"), Note(text="b"))
            await until(lambda: arrived(both, {"a", "b"}))
            assert await republish(both.database, since=datetime.now(UTC) + timedelta(hours=1)) == 0
            assert await republish(both.database) == 2
            await until(lambda: nothing_waits(both))
            await until(lambda: arrived(both, {"a", "b"}))
    finally:
        server.stop()


async def test_rows_older_than_the_retention_are_deleted_and_unpublished_ones_never(
    nats_url: str, database_url: str
) -> None:
    router = receiving()
    async with running("results", database_url, settings(nats_url), router) as service:
        await service.send(Note(text="old"), Note(text="new"))
        await until(lambda: arrived(service, {"old", "new"}))
        await until(lambda: nothing_waits(service))
        past = datetime.now(UTC) - timedelta(days=40)
        async with service.database.write() as tx:
            await tx.execute(update(OUTBOX).where(OUTBOX.c.seq == 1).values(published_at=past, created_at=past))
            await tx.execute(update(INBOX).values(received_at=past))
    async with running("results", database_url, settings(nats_url, retention_days=30), router) as service:
        await until(lambda: _rows(service, outbox=1, inbox=0))


async def _rows(service: Service, *, outbox: int, inbox: int) -> bool:
    async with service.database.read() as tx:
        counts = [(await tx.execute(select(func.count()).select_from(table))).scalar_one() for table in (OUTBOX, INBOX)]
    return counts == [outbox, inbox]


async def test_without_a_server_the_start_fails_in_time_and_says_why(sqlite_url: str) -> None:
    nowhere = BusSettings(nats_url="nats://ann:secret@127.0.0.1:9,nats://127.0.0.1:19", connect_timeout=0.3)
    with pytest.raises(ConnectionError, match=r"no usable NATS server at nats://127.0.0.1:9,nats://127.0.0.1:19"):
        async with running("population", sqlite_url, nowhere):
            pass


async def test_a_connection_that_is_half_open_is_given_up_and_made_again(
    nats_server: NatsServer, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "PING_S", 0.3)
    proxy = Proxy(nats_server.port or 0)
    try:
        async with running("results", sqlite_url, settings(f"nats://127.0.0.1:{proxy.port}"), receiving()) as service:
            assert proxy.strand() == 1
            await service.send(Note(text="after"))
            await until(lambda: notes_are(service, ["after"]), within=30.0)
    finally:
        proxy.close()
