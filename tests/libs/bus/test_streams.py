"""The streams and consumers are what libs.bus.streams says, however often and by whomever they are made."""

import asyncio
import json
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.js.api import RetentionPolicy, StorageType

from libs.bus import Router
from libs.bus.streams import (
    COMMANDS,
    DEAD_LETTERS,
    EVENTS,
    UnsuitableServerError,
    check_server,
    consumer_config,
    provision,
    stream_configs,
)
from libs.contracts.envelope import Message
from libs.contracts.population import GeneratePeople
from libs.contracts.registry import consumed_by
from libs.db import Transaction
from libs.runtime.nats_server import NatsServer, nats_server_binary
from tests.libs.bus.parts import Note, Noted, running, settings, until


async def _nothing(*_: object) -> None:
    """A handler."""


def router_of(service: str) -> Router:
    router = Router(service)
    for message in consumed_by(service):
        router.on(message)(_nothing)
    return router


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Client]:
    connection = await nats.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


SERVICES = [
    "orchestrator", "population", "intervention", "communication", "results", "validation", "webhooks",
    "gateway", "models",
]  # fmt: skip


async def test_all_services_may_provision_at_the_same_time(nats_url: str) -> None:
    async with connected(nats_url) as connection:
        js = connection.jetstream()

        async def provision_for(service: str) -> dict[str, str]:
            async with connected(nats_url) as own:
                return await provision(own.jetstream(), router_of(service).subscriptions)

        identities = await asyncio.gather(*(provision_for(service) for service in SERVICES * 2))
        assert all(each == identities[0] for each in identities)
        assert {info.config.name for info in await js.streams_info()} == {EVENTS, COMMANDS, DEAD_LETTERS}
        made = {info.name for stream in (EVENTS, COMMANDS) for info in await js.consumers_info(stream)}
        expected = {each.durable for service in SERVICES for each in router_of(service).subscriptions}
        assert made == expected
        assert "population-generate-people" in made


async def test_the_streams_keep_what_is_promised(nats_url: str) -> None:
    async with connected(nats_url) as connection:
        js = connection.jetstream()
        await provision(js, [])
        found = {info.config.name: info.config for info in await js.streams_info()}
        days = {name: (config.max_age or 0) / 86_400 for name, config in found.items()}
        assert days == {EVENTS: 30, COMMANDS: 0, DEAD_LETTERS: 90}
        assert found[COMMANDS].retention == RetentionPolicy.WORK_QUEUE
        for config in found.values():
            assert config.storage == StorageType.FILE
            assert config.allow_atomic
            assert config.duplicate_window == 600


async def test_a_stream_and_a_consumer_with_an_older_configuration_are_updated(nats_url: str) -> None:
    subscription = next(one for one in router_of("population").subscriptions if one.data is GeneratePeople)
    async with connected(nats_url) as connection:
        js = connection.jetstream()
        old = replace(stream_configs()[1], duplicate_window=5.0)
        await js.add_stream(old)
        await js.publish("rehearsal.cmd.default.population.generate-people.v1.p1", b"{}")
        await js.add_consumer(COMMANDS, replace(consumer_config(subscription, 30.0), ack_wait=3.0))
        await provision(js, [subscription], ack_wait=20.0)
        info = await js.stream_info(COMMANDS)
        assert info.config.duplicate_window == 600
        assert info.state.messages == 1
        assert (await js.consumer_info(COMMANDS, subscription.durable)).config.ack_wait == 20


async def test_starting_a_service_leaves_the_configuration_alone(nats_url: str, sqlite_url: str) -> None:
    """FastStream overwrites streams that it may declare."""
    async with connected(nats_url) as connection:
        js = connection.jetstream()
        router = router_of("population")
        await provision(js, router.subscriptions)
        before = [info.config for info in await js.streams_info()]
        async with running("population", sqlite_url, settings(nats_url, ack_wait=30.0), router):
            assert [info.config for info in await js.streams_info()] == before


async def test_a_stream_that_was_made_anew_has_another_identity(nats_url: str) -> None:
    async with connected(nats_url) as connection:
        js = connection.jetstream()
        first = await provision(js, [])
        assert await provision(js, []) == first
        await js.delete_stream(EVENTS)
        second = await provision(js, [])
        assert second[EVENTS] != first[EVENTS]
        assert second[COMMANDS] == first[COMMANDS]


@pytest.mark.parametrize(
    ("version", "max_payload", "message"),
    [("2.9.10", 8_388_608, "nats-server 2.9.10 is too old: 2.12"), ("2.12.0", 1_048_576, "set it to 4194304 bytes")],
)
async def test_a_server_that_would_ignore_what_we_need_is_refused(version: str, max_payload: int, message: str) -> None:
    info = {"server_id": "x", "version": version, "max_payload": max_payload, "headers": True, "proto": 1}

    async def old_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"INFO " + json.dumps(info).encode() + b"\r\n")
        while line := await reader.readline():
            if line.startswith(b"PING"):
                writer.write(b"PONG\r\n")
        writer.close()

    server = await asyncio.start_server(old_server, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, connected(f"nats://127.0.0.1:{port}") as connection:
        with pytest.raises(UnsuitableServerError, match=message):
            check_server(connection)


PERMITTED = """
listen: "127.0.0.1:{port}"
max_payload: 4MB
jetstream {{ store_dir: "{directory}" }}
authorization {{
  users: [
    {{ user: results, password: secret, permissions: {{
      publish: ["$JS.API.>", "$JS.ACK.>", "rehearsal.>"], subscribe: ["_INBOX_results.>"] }} }}
  ]
}}
"""


async def test_a_user_who_may_only_read_its_own_inbox_receives_everything(tmp_path: Path, sqlite_url: str) -> None:
    config = tmp_path / "nats.conf"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    config.write_text(PERMITTED.format(port=port, directory=tmp_path / "store"))
    process = await asyncio.create_subprocess_exec(
        nats_server_binary(), "-c", config, stderr=asyncio.subprocess.DEVNULL
    )
    router, received = Router("results"), set[str]()

    @router.sink(Noted)
    async def on_noted(tx: Transaction, messages: list[Message[Noted]], service: object) -> None:
        received.update(message.data.text for message in messages)

    @router.on(Note)
    async def on_note(tx: Transaction, message: Message[Note], service: object) -> None:
        received.add(message.data.text)

    url = f"nats://results:secret@127.0.0.1:{port}"
    try:
        async with running("results", sqlite_url, settings(url, inbox_prefix="_INBOX_results"), router) as service:
            await service.send(Noted(text="event"), Note(text="command"))
            await until(lambda: received == {"event", "command"})
    finally:
        process.terminate()
        await process.wait()


async def test_a_consumer_whose_files_are_gone_is_made_anew(nats_server: NatsServer, sqlite_url: str) -> None:
    """As a deletion leaves them that overtook the creation of a consumer of the same name."""
    router = Router("results")
    received: list[str] = []

    @router.on(Noted)
    async def on_noted(tx: Transaction, message: Message[Noted], service: object) -> None:
        received.append(message.data.text)

    for text in ("before", "after"):
        async with running("results", sqlite_url, settings(nats_server.url), router) as receiver:
            await receiver.send(Noted(text=text))
            await until(lambda text=text: received[-1:] == [text])
        [files] = nats_server.directory.glob("store/**/obs/results-noted")
        shutil.rmtree(files)
    assert received == ["before", "after"]
