"""A sender and a receiver made of the real bus, for its tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, ClassVar

from sqlalchemy import Column, Integer, MetaData, String, Table, func, select

from libs.bus import Bus, BusSettings, Outbox, Router
from libs.bus.streams import EVENTS
from libs.bus.tables import OUTBOX, attach
from libs.contracts import subjects
from libs.contracts.base import Contract, MessageData
from libs.contracts.envelope import Envelope
from libs.db import Database

metadata = MetaData()
attach(metadata)
NOTES = Table(
    "notes", metadata, Column("id", Integer, primary_key=True, autoincrement=True), Column("text", String(200))
)


class Noted(MessageData):
    contract: ClassVar = Contract("evt", "population", "noted", "study_id", ("results", "validation"))
    study_id: str = "s1"
    text: str


class Note(MessageData):
    contract: ClassVar = Contract("cmd", "results", "note", "study_id", ("results",))
    study_id: str = "s1"
    text: str


def settings(nats_url: str, **changes: Any) -> BusSettings:
    quick = {"retry_delays": (0.02, 0.02, 0.02, 0.02), "ack_wait": 2.0, "drain_timeout": 2.0, "connect_timeout": 10.0}
    return BusSettings(nats_url=nats_url, **(quick | changes))


class Service:
    """One app: database, outbox and bus."""

    def __init__(self, name: str, database: Database, bus: Bus) -> None:
        self.name = name
        self.database = database
        self.bus = bus
        self.outbox = Outbox(name)
        self.js = bus.connection.jetstream()

    async def send(self, *messages: MessageData) -> None:
        async with self.database.write() as tx:
            for message in messages:
                await self.outbox.add(tx, message)

    async def notes(self) -> list[str]:
        async with self.database.read() as tx:
            return list((await tx.execute(select(NOTES.c.text).order_by(NOTES.c.id))).scalars())

    async def waiting(self) -> int:
        async with self.database.read() as tx:
            statement = select(func.count()).select_from(OUTBOX).where(OUTBOX.c.published_at.is_(None))
            return (await tx.execute(statement)).scalar_one()


@asynccontextmanager
async def database_at(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    async with database.write() as tx:
        await tx.connection.run_sync(metadata.create_all)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def running(
    name: str, database_url: str, bus_settings: BusSettings, router: Router | None = None, subject: object = None
) -> AsyncIterator[Service]:
    async with database_at(database_url) as database:
        bus = Bus(bus_settings, service=name, database=database, router=router or Router(name), subject_service=subject)
        await bus.start()
        try:
            yield Service(name, database, bus)
        finally:
            await bus.stop()


async def until(check: Any, within: float = 10.0) -> None:
    """Wait until the check, a coroutine function or a plain one, holds."""
    deadline = asyncio.get_running_loop().time() + within
    while True:
        held = check()
        if asyncio.iscoroutine(held):
            held = await held
        if held:
            return
        assert asyncio.get_running_loop().time() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


async def settled(service: Service, durable: str, stream: str = EVENTS) -> bool:
    """Whether a consumer has settled all that is on its stream. Not by `num_pending`, which the server counts later."""
    info = await service.js.consumer_info(stream, durable)
    last = (await service.js.stream_info(stream)).state.last_seq
    assert info.delivered is not None
    return info.delivered.stream_seq == last and info.num_ack_pending == 0


async def publish(service: Service, message: Noted | Note, envelope: Envelope, **headers: str) -> None:
    """Put a message on its stream, behind the back of any outbox."""
    subject = subjects.concrete(message.contract, envelope.tenant, message.key)
    await service.js.publish(subject, message.model_dump_json().encode(), headers=envelope.headers() | headers)


async def deliveries(service: Service, durable: str, stream: str = EVENTS) -> int:
    """How often messages were given to a consumer."""
    info = await service.js.consumer_info(stream, durable)
    assert info.delivered is not None
    return info.delivered.consumer_seq
