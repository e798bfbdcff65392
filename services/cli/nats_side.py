"""What the commands of an operator do at NATS and in the outboxes."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from nats.aio.client import Client
from nats.errors import Error as NatsError

from libs.bus import BusSettings, DeadLetter, republish
from libs.bus.connection import connect
from libs.bus.dead_letters import dead_letters, replay
from libs.bus.permissions import services, sources_of
from libs.bus.spreading import SpreadError, lower, standing
from libs.bus.streams import DUPLICATE_WINDOW_S, UnsuitableServerError, check_server, provision
from libs.bus.tls import Tls
from libs.db import Database
from libs.runtime import ServiceSettings, service_config
from services.cli.exits import Exit, StopError, say
from services.cli.output import print_json

logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of each TLS connection that is closed
PAGE = 500
CONNECT_S = 3.0


class Settings(ServiceSettings):
    """Of those that services have, what the connection to NATS needs: REHEARSAL_NATS_CA, …_CERT and …_KEY."""

    model_config = service_config("cli")


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Client]:
    met: list[Exception] = []
    context = _context(Settings().nats_tls)

    async def note(error: Exception) -> None:
        met.append(error)

    try:
        async with asyncio.timeout(CONNECT_S):  # nats-py would try a server that is not there for two minutes
            connection = await connect([each.strip() for each in url.split(",")], error_cb=note, tls=context)
    except (NatsError, OSError, TimeoutError) as error:
        first = met[0] if met else error  # a server that refuses is tried again until the time is over
        why = str(first) or type(first).__name__
        raise StopError(
            Exit.UNREACHABLE,
            f"NATS does not answer at {_places(url)}: {why}. Name it in --nats-url or REHEARSAL_NATS_URL.",
        ) from error
    try:
        yield connection
    except NatsError as error:
        raise StopError(Exit.REFUSED, f"NATS refused: {error or type(error).__name__}") from error
    finally:
        await connection.close()


def _context(tls: Tls) -> ssl.SSLContext | None:
    try:
        return tls.context()
    except OSError as error:
        raise StopError(Exit.INVALID, f"REHEARSAL_NATS_CA, …_CERT or …_KEY: {error}") from error


def _places(url: str) -> str:
    """The addresses without the passwords that may stand in them."""
    return ", ".join(each.strip().rpartition("@")[2].removeprefix("nats://") for each in url.split(","))


async def make_streams(url: str, replicas: int | None, spread: str | None) -> Exit:
    """Make the streams and every durable consumer match. What is not asked for stays as it is there."""
    async with _connected(url) as connection:
        js = connection.jetstream()
        try:
            check_server(connection)
            before = await standing(js)
            wanted = _wanted(before or (1, 1), replicas, spread)
            await lower(js, wanted.spread)
        except (UnsuitableServerError, SpreadError) as error:
            raise StopError(Exit.REFUSED, str(error)) from error
        sources = [each for service in services() for one in sources_of(service) for each in one.places(wanted.spread)]
        await provision(js, sources, replicas=wanted.replicas, spread=wanted.spread)
    asked = f"replicas: {wanted.replicas}, spread: {wanted.spread}"
    if before and before != (wanted.replicas, wanted.spread):
        asked += f"; before: {before[0]}, {before[1]}"
    say(f"The streams ({asked}) and {len(sources)} consumers are as this version has them.")
    return Exit.COMPLETED


def _wanted(before: tuple[int, int], replicas: int | None, spread: str | None) -> BusSettings:
    return BusSettings.model_validate({"replicas": replicas or before[0], "spread": int(spread or before[1])})


async def show_letters(url: str, consumer: str | None, *, as_json: bool) -> Exit:
    """List dead letters."""
    async with _connected(url) as connection:
        found = [letter async for letter in _letters(connection) if consumer in {None, letter.consumer}]
    if as_json:
        print_json({"items": [_row(letter) for letter in found]})
        return Exit.COMPLETED
    for letter in found:
        when = f"{letter.failed_at:%Y-%m-%d %H:%M:%S}" if letter.failed_at else "?"
        print(f"{letter.sequence:>8}  {when}  {letter.consumer}  {letter.subject}  {letter.error[:120]}")
        print(f"{'':>8}  correlation_id {letter.correlation_id or '?'}")
    say(f"{len(found)} dead letters")
    return Exit.COMPLETED


async def send_letters(url: str, numbers: Sequence[int]) -> Exit:
    """Send dead letters again. Refuses all when one of them does not exist."""
    async with _connected(url) as connection:
        found = {letter.sequence: letter async for letter in _letters(connection) if letter.sequence in numbers}
        if missing := sorted(set(numbers) - found.keys()):
            raise StopError(Exit.INVALID, f"there is no dead letter {missing[0]}")
        count = await replay(connection.jetstream(), [found[number] for number in sorted(found)])
    say(f"{count} messages were sent again.")
    return Exit.COMPLETED


async def send_outboxes(urls: Sequence[str], since: datetime | None) -> Exit:
    """Mark what services have sent as not sent; their relays do the rest within seconds."""
    for url in urls:
        database = Database(url)
        try:
            count = await republish(database, since and since.replace(tzinfo=UTC))
        except OSError as error:
            raise StopError(Exit.UNREACHABLE, str(error)) from error
        finally:
            await database.close()
        say(f"{count} messages of {database.url.database} will be sent again.")
    say(
        f"NATS drops those that it took less than {DUPLICATE_WINDOW_S / 60:.0f} minutes ago, since it takes them for "
        "duplicates: for them, do this again later."
    )
    return Exit.COMPLETED


async def _letters(connection: Client) -> AsyncIterator[DeadLetter]:
    js, after = connection.jetstream(), 0
    while page := await dead_letters(js, after=after, limit=PAGE):
        for letter in page:
            yield letter
        after = page[-1].sequence


def _row(letter: DeadLetter) -> dict[str, object]:
    return {
        "number": letter.sequence,
        "failed_at": letter.failed_at.isoformat() if letter.failed_at else None,
        "consumer": letter.consumer,
        "subject": letter.subject,
        "error": letter.error,
        "deliveries": letter.deliveries,
        "id": letter.id,
        "correlation_id": letter.correlation_id,
    }
