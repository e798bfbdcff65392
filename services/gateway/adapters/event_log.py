"""The event log as the gateway reads it: one stream, or several where events in great number are spread over more.

Of several streams nobody knows which event was first; each by itself is in order.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from libs.bus.connection import connect
from libs.bus.dead_letters import DeadLetter, dead_letters
from libs.bus.permissions import every_stream, inbox_prefix
from libs.bus.settings import PING_S, UNANSWERED
from libs.bus.spreading import SpreadError, require_spread
from libs.bus.streams import EVENTS, Spread, spread_streams
from libs.bus.tls import Tls
from libs.contracts import subjects
from libs.contracts.base import MessageData
from libs.telemetry import Absences
from services.gateway.adapters.tail import Found, LogUnavailableError, Tail, decoded
from services.gateway.domain.pagedata import is_end
from services.gateway.domain.position import Place, Position

log = logging.getLogger(__name__)
CONNECT_S = 5.0
PROBE_S = 3.0
DEAD_SHOWN = DEAD_PAGE = 100


class Stored(NamedTuple):
    """A message and the place after it; None for a message of a type this version does not know."""

    place: Place
    message: MessageData | None


class EventLog:
    """The connection, made when it is first needed; readers are opened from it."""

    def __init__(self, nats_url: str, *, user: str, tls: Tls, spread: Spread = 1) -> None:
        """`user` names the connection, and the inbox that is its own."""
        self._spread = spread
        self._servers = nats_url.split(",")
        self._user = user
        self._tls = tls
        self._client: Client | None = None
        self._lock = asyncio.Lock()
        self._absences = Absences()

    async def is_readable(self) -> bool:
        """True when the log is there and can be read."""
        try:
            async with asyncio.timeout(PROBE_S):
                await (await self.jetstream()).stream_info(EVENTS)
        except (NatsError, OSError, TimeoutError, LogUnavailableError):
            return False
        return True

    async def publish(self, subject: str, body: bytes, headers: dict[str, str]) -> bool:
        """Put a message into the log; whether it was there already. Raises `LogUnavailableError`."""
        try:
            acknowledged = await (await self.jetstream()).publish(subject, body, headers=headers)
        except (NatsError, OSError, TimeoutError) as error:
            raise LogUnavailableError(f"nothing can be published: {error or type(error).__name__}") from error
        return bool(acknowledged.duplicate)

    async def purge(self, tenant: str) -> int:
        """Delete a tenant's messages from every stream; how many subjects it had. Raises `LogUnavailableError`."""
        subject, found = f"rehearsal.*.{tenant}.>", 0
        try:
            js = await self.jetstream()
            for stream in every_stream():
                with suppress(NotFoundError):
                    held = (await js.stream_info(stream, subjects_filter=subject)).state.subjects
                    if held:
                        found += len(held)
                        await js.purge_stream(stream, subject=subject)
        except (NatsError, OSError, TimeoutError) as error:
            raise LogUnavailableError(f"nothing can be deleted: {error or type(error).__name__}") from error
        return found

    async def dead_letters(self, tenant: str, key: str | None = None) -> list[DeadLetter]:
        """The first dead letters of a tenant, about one id or all. Raises `LogUnavailableError`."""
        mine: list[DeadLetter] = []
        after = 0
        try:
            js = await self.jetstream()
            while len(mine) < DEAD_SHOWN:
                letters = await dead_letters(js, after=after)
                mine += [one for one in letters if one.tenant == tenant and key in {None, one.key}]
                if len(letters) < DEAD_PAGE:
                    break
                after = letters[-1].sequence
        except (NatsError, OSError, TimeoutError) as error:
            raise LogUnavailableError(f"dead letters cannot be read: {error or type(error).__name__}") from error
        return mine[:DEAD_SHOWN]

    async def stop(self) -> None:
        """Close the connection."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def jetstream(self) -> JetStreamContext:
        """The JetStream context. Raises `LogUnavailableError` when there is no server."""
        async with self._lock:
            if self._client is None or self._client.is_closed:
                self._client = await self._connect()
        return self._client.jetstream(timeout=CONNECT_S)

    async def _connect(self) -> Client:
        try:
            connected = await connect(
                self._servers,
                name=self._user,
                inbox_prefix=inbox_prefix(self._user),
                tls=self._tls.context(),
                allow_reconnect=True,
                max_reconnect_attempts=2,
                connect_timeout=2,
                reconnect_time_wait=0.2,
                ping_interval=PING_S,
                max_outstanding_pings=UNANSWERED,
                error_cb=self._note_error,
                reconnected_cb=self._note_connection,
            )
        except (NatsError, OSError, TimeoutError) as error:
            raise LogUnavailableError(f"NATS does not answer: {error or type(error).__name__}") from error
        await self._note_connection()
        return connected

    async def _note_connection(self) -> None:
        if self._absences.end():
            log.warning("NATS answers again")

    async def _note_error(self, error: Exception) -> None:
        """While a server is away the same error comes several times a second."""
        if self._absences.is_due(str(error)):
            log.warning("NATS: %s", error or type(error).__name__)

    async def holds_end(self, subjects: Sequence[str]) -> bool:
        """Whether the newest event on one of these subjects is an end. Raises `LogUnavailableError`."""
        js = await self.jetstream()
        try:
            for subject in subjects:
                with suppress(NotFoundError):
                    newest = await js.get_last_msg(EVENTS, subject)
                    message = decoded(newest.headers or {}, newest.data or b"")
                    if message is not None and is_end(message):
                        return True
        except (NatsError, OSError, TimeoutError) as error:
            raise LogUnavailableError(f"the event log cannot be read: {error or type(error).__name__}") from error
        return False

    async def open(self, filters: Sequence[str], after: Place | None, *, only_new: bool = False) -> "Reader":
        """A reader of the events on these subjects after a place: from the first one without, or with `only_new`
        from now on. A place in another incarnation of the log counts as none."""
        anywhere = [subjects.in_any_partition(subject) for subject in filters]
        streams = {EVENTS: filters} | dict.fromkeys(spread_streams("evt", self._spread), anywhere)
        await self._warn_of_more()
        reader = Reader([Tail(self.jetstream, stream, wanted) for stream, wanted in streams.items()])
        await reader.start(after, only_new=only_new)
        return reader

    async def _warn_of_more(self) -> None:
        """While streams are made more, process by process, a reader of fewer lacks some events."""
        try:
            await require_spread(await self.jetstream(), self._spread, ["evt"])
        except SpreadError as error:
            log.error("%s", error)
        except (NatsError, OSError, TimeoutError) as error:
            raise LogUnavailableError(f"the event log cannot be read: {error or type(error).__name__}") from error


class Reader:
    """A place in the log; `pending` is how many events were waiting when it was opened."""

    def __init__(self, tails: Sequence[Tail]) -> None:
        self._tails = tails
        self._seen = [tail.position for tail in tails]
        self._reading: dict[int, asyncio.Task[list[Found]]] = {}

    @property
    def pending(self) -> int:
        """Events that were waiting."""
        return sum(tail.pending for tail in self._tails)

    async def start(self, after: Place | None, *, only_new: bool = False) -> None:
        """Make the consumers. Where there are more streams than `after` has places in, the rest begins anew."""
        known: list[Position | None] = [*(after.positions if after else ()), *([None] * len(self._tails))]
        for tail, position in zip(self._tails, known, strict=False):
            await tail.start(position, only_new=only_new)
        self._seen = [tail.position for tail in self._tails]

    async def read(self) -> list[Stored]:
        """The next events, none when nothing came for about a second. Raises `LogUnavailableError`."""
        return [stored for found in (await self._next()).values() for stored in found]

    async def rest(self) -> list[Stored]:
        """What there is now in other streams than the first: ends are in that one, and may overtake the others."""
        stored: list[Stored] = []
        silent = {0}
        while len(silent) < len(self._tails):
            some = await self._next()
            silent |= {number for number, found in some.items() if not found}
            stored += [one for found in some.values() for one in found]
        return stored

    async def _next(self) -> dict[int, list[Stored]]:
        """What came, by stream, the first one last, as its ends are; nothing of one that was silent for a second."""
        for number, tail in enumerate(self._tails):
            if number not in self._reading:
                self._reading[number] = asyncio.create_task(tail.read())
        await asyncio.wait(self._reading.values(), return_when=asyncio.FIRST_COMPLETED)
        ready = [number for number in reversed(range(len(self._tails))) if self._reading[number].done()]
        return {number: list(self._placed(number, self._reading.pop(number).result())) for number in ready}

    async def close(self) -> None:
        """Give the consumers up."""
        for task in self._reading.values():
            task.cancel()
        await asyncio.gather(*self._reading.values(), return_exceptions=True)
        for tail in self._tails:
            await tail.close()

    def _placed(self, number: int, found: Sequence[Found]) -> Iterator[Stored]:
        for one in found:
            self._seen[number] = one.position
            yield Stored(Place(tuple(self._seen)), one.message)
