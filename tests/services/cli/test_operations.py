"""What an operator does from the terminal, on a real nats-server with its users."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import nats
import pytest
from nats.js import JetStreamContext
from sqlalchemy import make_url
from typer.testing import CliRunner, Result

from libs.bus.accounts import USERS, accounts_config, password_variable
from libs.bus.permissions import inbox_prefix, services
from libs.bus.streams import COMMANDS, DEAD_LETTERS, EVENTS, placed
from libs.bus.tables import OUTBOX
from libs.db import Database
from libs.runtime.nats_server import NatsServer
from services.cli.app import app
from tests.support.postgres import PostgresServer

SUBJECT = "rehearsal.evt.default.population.population-ready.v1.p1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path_factory.mktemp("nats"), passwords={user: f"pw-{user}" for user in USERS})
    server.start()
    yield server
    server.stop()


def rehearsal(*arguments: str, url: str = "") -> Result:
    return CliRunner().invoke(app, ["nats", *arguments], env={"REHEARSAL_NATS_URL": url})


def at(server: NatsServer, work: object) -> object:
    """Do something as the operator."""

    async def done() -> object:
        connection = await nats.connect(server.url)
        try:
            return await work(connection.jetstream())  # type: ignore[operator]
        finally:
            await connection.close()

    return asyncio.run(done())


def test_provision_makes_the_streams_and_every_consumer_and_can_be_repeated(server: NatsServer) -> None:
    for _ in range(2):
        done = rehearsal("provision", url=server.url)
        assert done.exit_code == 0, done.output

    async def names(js: JetStreamContext) -> set[str | None]:
        return {info.config.name for info in await js.streams_info()}

    assert at(server, names) == {EVENTS, COMMANDS, DEAD_LETTERS}


def test_fewer_streams_are_made_when_nothing_waits_and_refused_with_what_does(server: NatsServer) -> None:
    assert rehearsal("provision", "--spread", "16", url=server.url).exit_code == 0
    command = placed("rehearsal.cmd.default.communication.deliver-stimulus.v1.k", "delivery 1", 16)

    async def send(js: JetStreamContext) -> None:
        await js.publish(command[1], b"{}")

    async def handle(js: JetStreamContext) -> None:
        await js.purge_stream(command[0])

    at(server, send)
    refused = rehearsal("provision", "--spread", "4", url=server.url)
    assert (refused.exit_code, f"1 messages wait in streams of 16 ({command[0]}: 1)" in refused.output) == (4, True)
    at(server, handle)
    for number in ("4", "1"):
        done = rehearsal("provision", "--spread", number, url=server.url)
        assert done.exit_code == 0, done.output


def test_what_is_not_asked_for_stays_as_it_is(server: NatsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "(replicas: 1, spread: 1)" in rehearsal("provision", url=server.url).output
    monkeypatch.setenv("REHEARSAL_STREAM_SPREAD", "4")
    assert "(replicas: 1, spread: 4; before: 1, 1)" in rehearsal("provision", url=server.url).output
    monkeypatch.delenv("REHEARSAL_STREAM_SPREAD")
    assert "(replicas: 1, spread: 4)" in rehearsal("provision", url=server.url).output
    assert "(replicas: 1, spread: 1; before: 1, 4)" in rehearsal("provision", "--spread", "1", url=server.url).output


def test_what_is_not_there_is_said_with_its_exit_code(server: NatsServer) -> None:
    rehearsal("provision", url=server.url)
    done = rehearsal("dead-letters", "replay", "99", url=server.url)
    assert (done.exit_code, "there is no dead letter 99" in done.output) == (2, True)
    refused = rehearsal("provision", url="nats://somebody:secret@127.0.0.1:9")
    assert "Connect call failed" in refused.output
    assert "secret" not in refused.output
    assert (refused.exit_code, "NATS does not answer at 127.0.0.1:" in refused.output) == (3, True)


def test_a_dead_letter_is_listed_sent_again_and_off_the_list(server: NatsServer) -> None:
    rehearsal("provision", url=server.url)

    async def bury(js: JetStreamContext) -> int:
        headers = {"ce-id": "m1", "rehearsal-subject": SUBJECT, "rehearsal-consumer": "intervention-population-ready"}
        await js.publish(SUBJECT.replace(".evt.", ".dlq."), b"{}", headers=headers | {"rehearsal-error": "E: broken"})
        return (await js.stream_info(EVENTS)).state.messages

    before = at(server, bury)
    [letter] = json.loads(rehearsal("dead-letters", "list", "--json", url=server.url).stdout)["items"]
    assert (letter["consumer"], letter["error"], letter["id"]) == ("intervention-population-ready", "E: broken", "m1")
    assert "0 dead letters" in rehearsal("dead-letters", "list", "--consumer", "other", url=server.url).output
    assert letter["correlation_id"] == "m1"
    assert "correlation_id m1" in rehearsal("dead-letters", "list", url=server.url).output
    assert rehearsal("dead-letters", "replay", str(letter["number"]), url=server.url).exit_code == 0
    assert json.loads(rehearsal("dead-letters", "list", "--json", url=server.url).stdout)["items"] == []

    async def stored(js: JetStreamContext) -> int:
        return (await js.stream_info(EVENTS)).state.messages

    assert at(server, stored) == int(str(before)) + 1


def test_republish_has_what_was_sent_since_then_sent_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/results.db"
    days = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2, 3)]

    async def fill() -> None:
        database = Database(url)
        async with database.write() as tx:
            await tx.connection.run_sync(OUTBOX.create)
            row = {"subject": SUBJECT, "headers": "{}", "body": b"{}"}
            rows = [row | {"id": str(day), "created_at": day, "published_at": day} for day in days]
            await tx.execute(OUTBOX.insert(), rows)
        await database.close()

    asyncio.run(fill())
    done = rehearsal("republish", url, "--since", "2026-01-02")
    assert (done.exit_code, "2 messages" in done.output) == (0, True), done.output
    assert "1 messages" in rehearsal("republish", url).output
    assert rehearsal("republish", f"sqlite:///{tmp_path}/none/none.db").exit_code == 3


@pytest.mark.postgres
def test_republish_says_what_the_database_said(postgres: PostgresServer) -> None:
    missing = make_url(postgres.create_database()).set(database="nothing")
    done = rehearsal("republish", missing.render_as_string(hide_password=False))
    assert (done.exit_code, "has no outbox to be reached: database" in done.output) == (3, True), done.output
    assert "does not exist" in done.output
    empty = rehearsal("republish", postgres.create_database())
    assert (empty.exit_code, 'relation "outbox" does not exist' in empty.output) == (3, True), empty.output


def test_passwords_are_made_for_every_user_that_the_accounts_name() -> None:
    made = dict(line.split("=", 1) for line in rehearsal("passwords", "shop=acme").stdout.splitlines())
    named = {password_variable(user) for user in (*USERS, "shop")}
    assert made.keys() == named
    assert len(set(made.values())) == len(made)
    assert {f"${name}" in accounts_config() for name in named - {password_variable("shop")}} == {True}


def test_each_service_has_an_inbox_of_its_own() -> None:
    assert len({inbox_prefix(service) for service in services()}) == len(services())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_exporter_ends_well_when_it_is_stopped(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "services.cli", "nats", "exporter", "http://127.0.0.1:9", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        told = httpx.get(process.stderr.readline().strip()).text
        process.send_signal(number)
        assert process.wait(timeout=10) == 0
    assert 'rehearsal_jetstream_up{server="http://127.0.0.1:9"} 0.0' in told
