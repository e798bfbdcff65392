"""Server-sent events: the wire format, and a stream that survives broken connections.

The gateway writes events in flushes and gives only the last event of a flush an id. Events are therefore handed on when
an id arrives: after a break the rest of an unfinished flush is sent again, and nothing is handed on twice.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import httpx

from libs.client.errors import ProblemError, UnreachableError
from libs.contracts.base import JsonObject

RETRY_PAUSE = 0.5
RETRY_PAUSE_LIMIT = 5.0
SILENCE_LIMIT = 45.0  # seconds; the gateway sends a heartbeat every 15


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event: its name (a message name such as `responses-recorded`), its data, and the id to resume after."""

    name: str
    data: JsonObject
    id: str | None


class Decoder:
    """Turns bytes into events. Splits lines itself, because `str.splitlines` also splits at U+2028 inside the JSON."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[str] = []
        self._id: str | None = None

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """The events that are complete with this chunk."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        events = (self._line(line.removesuffix(b"\r").decode("utf-8", "replace")) for line in lines)
        return [event for event in events if event is not None]

    def _line(self, line: str) -> ServerEvent | None:
        if not line:
            return self._complete()
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)
        elif name == "id":
            self._id = value
        return None

    def _complete(self) -> ServerEvent | None:
        name, data, identity = self._name, "\n".join(self._data), self._id
        self._name, self._data, self._id = "", [], None
        if not data:
            return None
        parsed = json.loads(data)
        return ServerEvent(name or "message", parsed if isinstance(parsed, dict) else {"value": parsed}, identity)


async def resuming(
    client: httpx.AsyncClient,
    path: str,
    params: dict[str, str],
    last_event_id: str | None,
    is_last: Callable[[ServerEvent], bool],
    give_up_after: float,
) -> AsyncIterator[ServerEvent]:
    """Events from `path` until one `is_last` or the gateway says there are no more (204).

    Reconnects with `Last-Event-ID` whenever the connection breaks; raises `UnreachableError` when nothing could be
    read for `give_up_after` seconds, `ProblemError` for an answer that says no.
    """
    clock = asyncio.get_running_loop().time
    heard, pause, waiting = clock(), RETRY_PAUSE, list[ServerEvent]()
    while True:
        reason = "the stream was closed"
        headers = {"accept": "text/event-stream"} | ({"last-event-id": last_event_id} if last_event_id else {})
        waiting.clear()
        try:
            async with client.stream("GET", path, params=params, headers=headers, timeout=_timeout()) as response:
                if response.status_code == 204:
                    return
                await _check(response)
                decoder = Decoder()
                async for chunk in response.aiter_bytes():
                    heard, pause = clock(), RETRY_PAUSE
                    for event in decoder.feed(chunk):
                        waiting.append(event)
                        if event.id is None:
                            continue
                        last_event_id = event.id
                        for complete in waiting:
                            yield complete
                            if is_last(complete):
                                return
                        waiting.clear()
        except httpx.TransportError as error:
            reason = str(error) or type(error).__name__
        if clock() - heard > give_up_after:
            raise UnreachableError(str(client.base_url), reason)
        await asyncio.sleep(pause)
        pause = min(pause * 2, RETRY_PAUSE_LIMIT)


def _timeout() -> httpx.Timeout:
    return httpx.Timeout(10.0, read=SILENCE_LIMIT)


async def _check(response: httpx.Response) -> None:
    """Let a stream pass, let a passing overload (503) count as a break, raise anything else."""
    if response.status_code == 200:
        return
    await response.aread()
    if response.status_code == 503:
        raise httpx.RemoteProtocolError(ProblemError.of(response).detail or "503")
    raise ProblemError.of(response)
