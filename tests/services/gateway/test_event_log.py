"""The event log over several streams: read whole, resumed where it was left, not closed before all of it was read."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import nats
import pytest
from nats.js import JetStreamContext

from libs.bus.streams import Spread, placed, provision
from libs.bus.tls import Tls
from libs.contracts import subjects
from libs.contracts.base import MessageData
from libs.contracts.communication import DeliveryCompleted, ResponsesRecorded
from libs.contracts.envelope import seal
from libs.contracts.protocol import NO_USAGE
from libs.runtime.nats_server import NatsServer
from services.gateway.adapters import EventLog, Reader, Stored, event_log
from services.gateway.adapters.tail import Found, Tail
from services.gateway.domain.position import Place
from tests.services.gateway.test_streams import recorded

ABOUT = [subjects.about("sim_1", "default")]
SPREAD: Spread = 4


@pytest.fixture
async def js(nats_url: str) -> AsyncIterator[JetStreamContext]:
    connection = await nats.connect(nats_url)
    await provision(connection.jetstream(), [], spread=SPREAD)
    yield connection.jetstream()
    await connection.close()


@pytest.fixture
async def log(nats_url: str, js: JetStreamContext) -> AsyncIterator[EventLog]:
    log = EventLog(nats_url, user="gateway", tls=Tls(), spread=SPREAD)
    yield log
    await log.stop()


async def publish(js: JetStreamContext, *messages: MessageData) -> None:
    for data in messages:
        envelope = seal(data, source=data.contract.service)
        subject = subjects.concrete(data.contract, "default", data.key)
        _, there = placed(subject, envelope.partitionkey, SPREAD)
        await js.publish(there, data.model_dump_json().encode(), headers=envelope.headers())


def completed(number: int) -> DeliveryCompleted:
    return DeliveryCompleted(
        simulation_id="sim_1",
        delivery_id=f"delivery-{number}",
        step_id="touch-1",
        arm="plain",
        requested=1,
        answered=1,
        failed=0,
        usage=NO_USAGE,
        failure=None,
        skipped=None,
        cpu_s=None,
    )


async def read(reader: Reader, count: int) -> list[Stored]:
    found: list[Stored] = []
    while len(found) < count:
        found += await reader.read()
    return found


def told(found: list[Stored]) -> list[str]:
    messages = [one.message for one in found]
    assert all(isinstance(message, ResponsesRecorded | DeliveryCompleted) for message in messages)
    return sorted(f"{type(one).__name__} {one.delivery_id}" for one in messages if hasattr(one, "delivery_id"))


async def test_events_of_every_stream_are_read_and_a_reader_goes_on_where_it_stopped(
    js: JetStreamContext, log: EventLog
) -> None:
    await publish(js, *(recorded("sim_1", number) for number in range(20)), completed(0), recorded("sim_2", 99))
    reader = await log.open(ABOUT, None)
    assert reader.pending == 21
    first = await read(reader, 21)
    assert len(set(told(first))) == 21
    await reader.close()
    await publish(js, *(recorded("sim_1", number) for number in range(20, 30)))
    again = await log.open(ABOUT, Place.parse(str(first[-1].place)))
    assert again.pending == 10
    assert told(await read(again, 10)) == sorted(f"ResponsesRecorded delivery-{number}" for number in range(20, 30))
    await again.close()


async def test_what_lies_in_other_streams_is_read_before_the_end(js: JetStreamContext, log: EventLog) -> None:
    await publish(js, *(recorded("sim_1", number) for number in range(20)))
    reader = await log.open(ABOUT, None)
    assert len(await reader.rest()) == 20
    await reader.close()


async def test_of_what_comes_at_once_the_end_is_told_last(
    js: JetStreamContext, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(js, completed(0), *(recorded("sim_1", number) for number in range(20)))
    together, read_alone = asyncio.Barrier(1 + SPREAD), Tail.read

    async def read_together(tail: Tail) -> list[Found]:
        found = await read_alone(tail)
        await together.wait()
        return found

    monkeypatch.setattr(Tail, "read", read_together)
    reader = await log.open(ABOUT, None)
    found = [one.message for one in await reader.read()]
    await reader.close()
    assert len(found) == 21
    assert found[-1] == completed(0)


async def test_a_server_that_is_away_and_back_is_told_in_a_line_each(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server = NatsServer(tmp_path / "nats")
    server.start()
    server.stop()
    log = EventLog(f"nats://127.0.0.1:{server.port}", user="gateway", tls=Tls())
    try:
        for _ in range(2):
            assert not await log.is_readable()
        server.start()
        await (await log.jetstream()).account_info()
    finally:
        await log.stop()
        server.stop()
    away, back = [record.getMessage() for record in caplog.records if record.name == event_log.__name__]
    assert "Connect call failed" in away
    assert back == "NATS answers again"


async def test_a_place_in_one_stream_is_where_the_others_begin(js: JetStreamContext, log: EventLog) -> None:
    """As after a gateway that knew of one stream alone."""
    await publish(js, completed(0), *(recorded("sim_1", number) for number in range(5)))
    reader = await log.open(ABOUT, None)
    whole = await read(reader, 6)
    await reader.close()
    alone = Place(whole[-1].place.positions[:1])
    again = await log.open(ABOUT, alone)
    assert again.pending == 5
    await again.close()
    assert Place.parse("1-2.nonsense") is None
