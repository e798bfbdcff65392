"""What a service does not declare, a real nats-server denies: every user against every subject there is.

What is declared is read from the table in services/README.md, not from the code that makes the permissions.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import nats
import pytest
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import ConsumerConfig
from nats.js.errors import APIError

from libs.bus.accounts import USERS
from libs.bus.permissions import ERASER, GATEWAY, STREAMS, every_stream, inbox_prefix, services, sources_of
from libs.bus.router import Mode, Source
from libs.bus.streams import COMMANDS, EVENTS, MOST, Place, provision, spread_streams, stream_configs
from libs.contracts import subjects
from libs.contracts.base import MessageData
from libs.contracts.intervention import InterventionRequested
from libs.contracts.registry import MESSAGES, MISSED_BY
from libs.runtime.nats_server import NatsServer

README = (Path(__file__).parents[3] / "services" / "README.md").read_text()
ROWS = {row.split("](")[0].removeprefix("| ["): row.split("|") for row in README.splitlines() if row.startswith("| [")}
CONSUMES, PUBLISHES = 3, 4
DURABLES = [source for service in services() for source in sources_of(service)]
EVENT_STREAMS = (EVENTS, *spread_streams("evt", MOST))
MANAGING = ("UPDATE", "DELETE", "PURGE", "MSG.DELETE", "SNAPSHOT", "RESTORE", "PEER.REMOVE")
STREAM_VERBS = ("CREATE", "INFO", "MSG.GET", *MANAGING)
CONSUMER_VERBS = ("INFO", "DELETE", "MSG.NEXT", "PAUSE", "RESET")
VIOLATION = re.compile(r"permissions violation for (?:publish|subscription) to \"([^\"]+)\"", re.IGNORECASE)


def named(service: str, column: int) -> set[str]:
    return set(re.findall(r"`([a-z-]+)`", ROWS[service][column]))


def places(sources: Iterable[Source]) -> list[Place]:
    """Where durables are, over however many streams messages are spread."""
    return [place for source in sources for place in source.places(MOST)]


def consumer(verb: str, place: Place) -> str:
    return f"$JS.API.CONSUMER.{verb}.{place.stream}.{place.durable}"


def created(place: Place, subject: str | None = None) -> str:
    return f"{consumer('CREATE', place)}.{subject or place.template}"


def acknowledged(place: Place) -> str:
    return f"$JS.ACK.{place.stream}.{place.durable}.1.1.1.1.1"


def concrete(kind: type[MessageData]) -> set[str]:
    """The subjects on which a message may be: also those of two partitions where it is spread."""
    subject = subjects.concrete(kind.contract, "default", "k")
    return {subject, *(subjects.in_partition(subject, number) for number in (0, 63) if kind.contract.spread)}


def every_subject() -> set[str]:
    """One subject of each kind that there is to publish on."""
    found = [subject for kind in MESSAGES for subject in concrete(kind)]
    everywhere = places(DURABLES)
    return {
        *found,
        *(subjects.in_partition(subjects.concrete(kind.contract, "default", "k"), 7) for kind in MESSAGES[:3]),
        *map(subjects.dead_letter, found),
        *(f"$JS.API.STREAM.{verb}.{stream}" for verb in STREAM_VERBS for stream in (*every_stream(), "OTHER")),
        *(consumer(verb, place) for verb in CONSUMER_VERBS for place in everywhere),
        *map(created, everywhere),
        *(created(place, subjects.EVENTS) for place in everywhere),
        *(consumer("CREATE", place) for place in everywhere),
        *map(acknowledged, everywhere),
        *(f"$JS.API.CONSUMER.{verb}.{name}.nobody" for name in EVENT_STREAMS for verb in ("CREATE", *CONSUMER_VERBS)),
        f"$JS.API.CONSUMER.MSG.NEXT.{COMMANDS}.nobody",
        *("$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.ACCOUNT.PURGE.PLATFORM", "$SYS.REQ.SERVER.PING", "anything"),
        *(f"{inbox_prefix(user)}.x" for user in USERS),
    }


def declared(service: str) -> set[str]:
    """What a service may publish on, by the README; of the gateway, by what it is for."""
    own = places(source for source in DURABLES if source.service == service)
    heard = [kind for kind in MESSAGES if kind.contract.name in named(service, CONSUMES)]
    sent = [kind for kind in MESSAGES if kind.contract.name in named(service, PUBLISHES)]
    allowed = {subject for kind in sent for subject in concrete(kind)}
    if service == GATEWAY:
        verbs = ("CREATE", "INFO", "DELETE", "MSG.NEXT")
        reading = {f"$JS.API.CONSUMER.{verb}.{name}.nobody" for name in EVENT_STREAMS for verb in verbs}
        looking = {f"$JS.API.STREAM.MSG.GET.{EVENTS}", *(f"$JS.API.STREAM.INFO.{name}" for name in EVENT_STREAMS)}
        return reading | looking | {subjects.concrete(InterventionRequested.contract, "default", "k")}
    allowed |= {subjects.dead_letter(subjects.concrete(kind.contract, "default", "k")) for kind in heard}
    spread = {kind.contract.kind for kind in (*heard, *sent) if kind.contract.spread is not None}
    streams = [*STREAMS, *(stream for kind in spread for stream in spread_streams(kind, MOST))]
    allowed |= {f"$JS.API.STREAM.{verb}.{stream}" for verb in ("CREATE", "INFO") for stream in streams}
    allowed |= {consumer(verb, place) for verb in ("INFO", "DELETE", "MSG.NEXT") for place in own}
    return allowed | set(map(acknowledged, own)) | set(map(created, own))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    passwords = {name: f"pw-{name}" for name in USERS}
    server = NatsServer(tmp_path_factory.mktemp("permissions"), passwords=passwords)
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def connected(server: NatsServer, user: str) -> AsyncIterator[tuple[Client, set[str]]]:
    """A connection of a user, and the subjects that the server denied it."""
    denied: set[str] = set()

    async def note(error: Exception) -> None:
        if found := VIOLATION.search(str(error)):
            denied.add(found[1])

    connection = await nats.connect(
        server.url_of(user), allow_reconnect=False, error_cb=note, inbox_prefix=inbox_prefix(user)
    )
    try:
        yield connection, denied
    finally:
        with suppress(NatsError):
            await connection.close()


async def settled(connection: Client) -> None:
    """Once the server has answered for all that was sent. A first ping may overtake what nats-py has not sent yet."""
    await connection.flush()
    await connection.flush()


def lowered(subjects: set[str]) -> set[str]:
    """As nats-py tells what was denied."""
    return {subject.lower() for subject in subjects}


@pytest.fixture
async def platform(server: NatsServer) -> AsyncIterator[Client]:
    connection = await nats.connect(server.url)
    await provision(connection.jetstream(), DURABLES)
    yield connection
    await connection.close()


@pytest.mark.parametrize("service", services())
def test_the_durables_are_those_of_the_readme_and_of_the_dead_letters_it_waits_for(service: str) -> None:
    own = [source for source in DURABLES if source.service == service]
    heard = {source.data.contract.name for source in own if source.mode is not Mode.DEAD}
    assert heard == (set() if service == GATEWAY else named(service, CONSUMES))
    assert {source.data for source in own if source.mode is Mode.DEAD} == set(MISSED_BY.get(service, ()))


@pytest.mark.parametrize("service", services())
async def test_a_service_publishes_what_it_declares_and_is_denied_the_rest(
    server: NatsServer, platform: Client, service: str
) -> None:
    async with connected(server, service) as (connection, denied):
        for subject in sorted(every_subject()):
            await connection.publish(subject, b"not json")
        await settled(connection)
        assert lowered(every_subject()) - denied == lowered(declared(service))


@pytest.mark.parametrize("service", services())
async def test_a_service_listens_to_its_own_inbox_alone(server: NatsServer, service: str) -> None:
    closed = [">", "rehearsal.>", subjects.EVENTS, subjects.DEAD_LETTERS, "$JS.>", "$SYS.>", "_INBOX.>"]
    closed += [f"{inbox_prefix(user)}.>" for user in USERS if user != service]
    async with connected(server, service) as (connection, denied):
        for subject in (*closed, f"{inbox_prefix(service)}.>"):
            await connection.subscribe(subject)
        await settled(connection)
        assert denied == lowered(set(closed))


@pytest.mark.parametrize("service", services())
async def test_no_service_empties_deletes_or_changes_a_stream(
    server: NatsServer, platform: Client, service: str
) -> None:
    before = [(await platform.jetstream().stream_info(stream)).config for stream in STREAMS]
    async with connected(server, service) as (connection, _):
        js = connection.jetstream(timeout=0.2)
        changed = [config.evolve(max_msgs=1) for config in stream_configs()]
        outcomes = await asyncio.gather(
            *(attempt(stream) for stream in STREAMS for attempt in (js.purge_stream, js.delete_stream)),
            *map(js.update_stream, changed),
            *map(js.add_stream, changed),  # making it "again" with less room
            return_exceptions=True,
        )
    assert all(isinstance(outcome, NatsError | APIError) for outcome in outcomes)
    assert [(await platform.jetstream().stream_info(stream)).config for stream in STREAMS] == before


async def test_the_gateway_cannot_take_over_a_durable_under_another_name(server: NatsServer, platform: Client) -> None:
    victim = next(source for source in DURABLES if source.stream == EVENTS)
    before = (await platform.jetstream().consumer_info(EVENTS, victim.durable)).config
    stolen = json.dumps({"stream_name": EVENTS, "config": ConsumerConfig(durable_name=victim.durable).as_dict()})
    async with connected(server, GATEWAY) as (connection, _):
        for subject in (f"$JS.API.CONSUMER.CREATE.{EVENTS}.nobody", f"$JS.API.CONSUMER.CREATE.{EVENTS}"):
            with suppress(NatsError):
                reply = await connection.request(subject, stolen.encode(), timeout=0.3)
                assert "error" in json.loads(reply.data)
    assert (await platform.jetstream().consumer_info(EVENTS, victim.durable)).config == before


async def test_the_eraser_empties_streams_and_does_nothing_else(server: NatsServer, platform: Client) -> None:
    async with connected(server, ERASER) as (connection, denied):
        for subject in sorted(every_subject()):
            await connection.publish(subject, b"not json")
        await settled(connection)
        allowed = lowered(every_subject()) - denied
    assert allowed == lowered(
        {f"$JS.API.STREAM.{verb}.{stream}" for verb in ("INFO", "PURGE") for stream in every_stream()}
    )


async def test_a_service_makes_a_lost_stream_again_but_leaves_one_that_is_there_as_it_is(
    server: NatsServer, platform: Client
) -> None:
    js = platform.jetstream()
    await js.delete_stream(EVENTS)
    own = sources_of("results")
    async with connected(server, "results") as (connection, _):
        await provision(connection.jetstream(timeout=0.3), own)
        assert (await js.stream_info(EVENTS)).config.max_age == 30 * 86_400
        await js.update_stream((await js.stream_info(EVENTS)).config.evolve(max_age=7 * 86_400))
        await provision(connection.jetstream(timeout=0.3), own)
    assert (await js.stream_info(EVENTS)).config.max_age == 7 * 86_400
    await provision(js, DURABLES)
    assert (await js.stream_info(EVENTS)).config.max_age == 30 * 86_400
