"""Systems outside reach their own subjects of a real nats-server and nothing else."""

import asyncio
import json
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from nats.js.errors import APIError

from libs.bus.accounts import USERS, accounts_config, outsider, password_variable
from libs.bus.streams import EVENTS, provision
from libs.contracts import subjects
from libs.contracts.intervention import InterventionRejected, InterventionRequested
from libs.contracts.registry import FROM_OUTSIDE, MESSAGES, TO_OUTSIDE
from libs.runtime.nats_server import NatsServer, nats_server_binary

SHOP, CRM = outsider("shop"), outsider("crm=acme")
REQUESTED = "rehearsal.evt.default.gateway.intervention-requested.v1.r1"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    passwords = {name: f"pw-{name}" for name in (*USERS, "shop", "crm")}
    server = NatsServer(tmp_path_factory.mktemp("accounts"), outsiders=[SHOP, CRM], passwords=passwords)
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def connected(server: NatsServer, user: str) -> AsyncIterator[tuple[Client, list[str]]]:
    """A connection of a user, and what the server complained of."""
    complaints: list[str] = []

    async def complain(error: Exception) -> None:
        complaints.append(str(error).lower())

    url = f"nats://{user}:pw-{user}@127.0.0.1:{server.port}"
    connection = await nats.connect(url, allow_reconnect=False, error_cb=complain)
    try:
        yield connection, complaints
    finally:
        with suppress(NatsError):
            await connection.close()


@pytest.fixture
async def platform(server: NatsServer) -> AsyncIterator[Client]:
    connection = await nats.connect(server.url)
    await provision(connection.jetstream(), [])
    yield connection
    await connection.close()


async def test_an_event_of_a_system_outside_is_stored_once_and_acknowledged(
    server: NatsServer, platform: Client
) -> None:
    async with connected(server, "shop") as (shop, _):
        js = shop.jetstream()
        headers = {"Nats-Msg-Id": "shop/1", "ce-id": "1"}
        stored, again = [await js.publish(REQUESTED, b"{}", headers=headers) for _ in range(2)]
        assert (stored.stream, stored.duplicate, again.duplicate) == (EVENTS, None, True)
        found = await platform.jetstream().get_msg(EVENTS, stored.seq)
        assert (found.subject, (found.headers or {})["ce-id"]) == (REQUESTED, "1")


async def test_it_hears_what_came_of_it(server: NatsServer, platform: Client) -> None:
    subject = subjects.concrete(InterventionRejected.contract, "default", "r1")
    async with connected(server, "shop") as (shop, complaints), connected(server, "crm") as (crm, _):
        heard = await shop.subscribe(subjects.template(InterventionRejected.contract, "default"))
        other = await crm.subscribe(subjects.template(InterventionRejected.contract, "acme"))
        await asyncio.gather(shop.flush(), crm.flush())
        await platform.jetstream().publish(subject, b'{"request_id": "r1"}')
        assert (await heard.next_msg(timeout=5)).subject == subject
        with pytest.raises(nats.errors.TimeoutError):
            await other.next_msg(timeout=0.2)
        assert complaints == []


NOT_FOR_OUTSIDERS = [
    *(subjects.concrete(kind.contract, "default", "k") for kind in MESSAGES if kind not in FROM_OUTSIDE),
    subjects.concrete(InterventionRequested.contract, "acme", "r1"),
    subjects.dead_letter(REQUESTED),
    "$JS.API.STREAM.DELETE.EVENTS",
    "$JS.API.STREAM.INFO.EVENTS",
    "$JS.API.CONSUMER.CREATE.EVENTS",
    "$JS.ACK.EVENTS.intervention-intervention-requested.1.1.1.1.1",
    "$SYS.REQ.SERVER.PING",
    "anything",
]


async def test_it_can_publish_nothing_else(server: NatsServer, platform: Client) -> None:
    js = platform.jetstream()
    async with connected(server, "shop") as (shop, complaints):
        before = (await js.stream_info(EVENTS)).state.messages
        for subject in NOT_FOR_OUTSIDERS:
            await shop.publish(subject, b"{}", reply="_INBOX.x")
        for _ in range(2):  # the first may overtake what nats-py has not sent yet
            await shop.flush()
        refused = [each for each in complaints if "publish" in each]
        assert len(refused) == len(NOT_FOR_OUTSIDERS)
        assert (await js.stream_info(EVENTS)).state.messages == before


async def test_it_can_listen_to_nothing_else(server: NatsServer, platform: Client) -> None:
    closed = [
        ">",
        "rehearsal.>",
        subjects.EVENTS,
        subjects.DEAD_LETTERS,
        "$JS.>",
        "$SYS.>",
        *(subjects.template(kind.contract, "default") for kind in MESSAGES if kind not in TO_OUTSIDE),
        *(subjects.template(kind.contract, tenant) for kind in TO_OUTSIDE for tenant in ("acme", "*")),
    ]
    async with connected(server, "shop") as (shop, complaints):
        for subject in closed:
            await shop.subscribe(subject)
            await shop.flush()
        await shop.flush()
        assert len([each for each in complaints if "subscription" in each]) == len(closed)


async def test_it_cannot_manage_streams(server: NatsServer, platform: Client) -> None:
    async with connected(server, "shop") as (shop, _):
        js = shop.jetstream(timeout=0.5)
        for attempt in (js.stream_info(EVENTS), js.delete_stream(EVENTS), js.purge_stream(EVENTS)):
            with pytest.raises((NatsError, APIError, TimeoutError)):
                await attempt
    assert (await platform.jetstream().stream_info(EVENTS)).config.name == EVENTS


async def test_a_message_too_large_for_outsiders_is_refused(server: NatsServer, platform: Client) -> None:
    async with connected(server, "shop") as (shop, _):
        with pytest.raises((MaxPayloadError, NatsError, TimeoutError)):
            await shop.jetstream(timeout=0.5).publish(REQUESTED, b"x" * (1_048_577))


@pytest.mark.parametrize("who", [{}, {"user": "shop", "pass": "pw-crm"}, {"user": "shop", "pass": ""}])
def test_nobody_gets_in_without_a_password_of_their_own(server: NatsServer, who: dict[str, str]) -> None:
    with socket.create_connection(("127.0.0.1", server.port or 0), timeout=5) as connection:
        connection.sendall(b"CONNECT " + json.dumps(who).encode() + b"\r\nPING\r\n")
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert b"-ERR 'Authorization Violation'" in answer
    assert b"PONG" not in answer


@pytest.mark.parametrize("text", ["", "Shop", "9shop", "a b", "platform", "results", "x" * 41, "shop=a.b", "shop=*"])
def test_a_name_that_could_mean_something_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        outsider(text)


def test_a_name_stands_for_one_system() -> None:
    with pytest.raises(ValueError, match="'shop' is named twice"):
        accounts_config([SHOP, outsider("shop=acme")])


def test_the_accounts_are_a_part_of_any_configuration_and_hold_no_secret(tmp_path: Path) -> None:
    """As `rehearsal external accounts` prints them, for a server of your own."""
    config = tmp_path / "nats.conf"
    config.write_text("jetstream { store_dir: " + str(tmp_path) + " }\n" + accounts_config([SHOP, outsider("web")]))
    variables = {password_variable(name): "pw1" for name in (*USERS, "shop", "web")}
    command = [nats_server_binary(), "-t", "-c", config]
    checked = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=20)
    assert checked.returncode == 0, checked.stderr
    missing = subprocess.run(command, env={}, capture_output=True, text=True, timeout=20)
    assert "REHEARSAL_NATS_PASSWORD_PLATFORM" in missing.stderr
