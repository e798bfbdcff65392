"""Server-sent events: one simulation, the state of all of them, or how far drawing one population is.

Events are written in flushes, at most four a second, each as one piece; only the last event of a flush has an id, so a
reader whose connection breaks inside a flush gets all of it again. Whoever applies events must bear that.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from typing import Annotated, NamedTuple

import orjson
from fastapi import APIRouter, Header, Query, Response
from fastapi.responses import StreamingResponse

from libs.contracts import subjects
from libs.contracts.base import JsonObject, MessageData
from libs.contracts.errors import InvalidError, NotFoundError
from libs.contracts.registry import BY_TYPE
from libs.http import Tenant, problem_response
from services.gateway.adapters import LogUnavailableError, Reader, Stored
from services.gateway.api.forwarding import Service
from services.gateway.domain import pagedata
from services.gateway.domain.pagedata import PageEvent
from services.gateway.domain.position import Place
from services.gateway.service import Gateway
from services.gateway.service.owners import caller

FLUSH_S = 0.25
HEARTBEAT_S = 15.0
RETRY_S = 1.0
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
BUSY_HEADERS = {"retry-after": "5"}
DESCRIPTION: dict[int | str, JsonObject] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}},
    204: {"description": "It has ended and nothing more will come."},
}

View = Callable[[MessageData], PageEvent | None]
LastEventId = Annotated[str | None, Header(description="Resume after this event.")]
router = APIRouter()


class Open(NamedTuple):
    """A reader, and whose place it has."""

    reader: Reader
    who: str


@router.get("/simulations/{simulation_id}/stream", responses=DESCRIPTION, response_class=StreamingResponse)
async def stream_simulation(
    simulation_id: str,
    service: Service,
    tenant: Tenant,
    last_event_id: LastEventId = None,
    follow: Annotated[bool, Query(description="Go on after the simulation has ended.")] = False,
) -> Response:
    """Every event of a simulation, from its first on, until it has ended; 204 when there is nothing more to come."""
    if not subjects.TOKEN.fullmatch(simulation_id):
        raise NotFoundError("simulation", simulation_id)
    ends = (await service.state_of(simulation_id)).is_terminal and not follow
    filters = [subjects.about(simulation_id, tenant)]
    ending = _subjects(pagedata.ENDS_SIMULATION, tenant, simulation_id) if ends else []
    return await _story(service, filters, pagedata.of_simulation, last_event_id, ending, until_end=not follow)


@router.get("/agent-populations/{population_id}/stream", responses=DESCRIPTION, response_class=StreamingResponse)
async def stream_population(
    population_id: str, service: Service, tenant: Tenant, last_event_id: LastEventId = None
) -> Response:
    """How far drawing a population is, from its first event on, until it has ended; 204 when nothing more will come."""
    if not subjects.TOKEN.fullmatch(population_id):
        raise NotFoundError("population", population_id)
    ends = not await service.is_drawing(population_id)
    filters = _subjects(pagedata.OF_POPULATIONS, tenant, population_id)
    ending = _subjects(pagedata.ENDS_DRAWING, tenant, population_id) if ends else []
    return await _story(service, filters, pagedata.of_population, last_event_id, ending)


def _subjects(kinds: Iterable[type[MessageData]], tenant: str, key: str) -> list[str]:
    return [subjects.concrete(kind.contract, tenant, key) for kind in kinds]


async def _story(
    service: Gateway,
    filters: list[str],
    view: View,
    last_event_id: str | None,
    ending: list[str],
    *,
    until_end: bool = True,
) -> Response:
    """Everything about one thing; `ending` are the subjects of the event that was its last, none while it goes on."""
    opened = await _open(service, filters, last_event_id, ending)
    if isinstance(opened, Response):
        return opened
    pending = opened.reader.pending
    if ending and pending == 0:
        await _close(service, opened)
        return Response(status_code=204)
    events = _events(service, opened, view, until_end=until_end, known=pending if ending else 0)
    return StreamingResponse(events, media_type="text/event-stream", headers=HEADERS)


@router.get("/stream", responses=DESCRIPTION, response_class=StreamingResponse)
async def stream_all(service: Service, tenant: Tenant, last_event_id: LastEventId = None) -> Response:
    """State changes of all simulations from now on; `responses-recorded` holds numbers to add up."""
    filters = [subjects.template(message.contract, tenant) for message in pagedata.SHOWN_IN_LISTS]
    opened = await _open(service, filters, last_event_id, only_new=True)
    if isinstance(opened, Response):
        return opened
    events = _events(service, opened, pagedata.of_all, until_end=False)
    return StreamingResponse(events, media_type="text/event-stream", headers=HEADERS)


@router.get("/events/stream", responses=DESCRIPTION, response_class=StreamingResponse)
async def stream_events(
    service: Service,
    tenant: Tenant,
    last_event_id: LastEventId = None,
    message: Annotated[list[str] | None, Query(max_length=50, description="Only these; all of them if absent.")] = None,
) -> Response:
    """Every event of your tenant from now on, whole, for whoever builds on them. Their schemas: `GET /events/types`."""
    events = {kind.contract.name: kind for kind in BY_TYPE.values() if kind.contract.kind == "evt"}
    if unknown := sorted(set(message or ()) - set(events)):
        raise InvalidError("message", f"there is no event {unknown[0]!r}", sorted(events))
    filters = [subjects.template(events[name].contract, tenant) for name in sorted(set(message or events))]
    opened = await _open(service, filters, last_event_id, only_new=True)
    if isinstance(opened, Response):
        return opened
    tail = _events(service, opened, pagedata.of_tail, until_end=False)
    return StreamingResponse(tail, media_type="text/event-stream", headers=HEADERS)


async def _open(
    service: Gateway,
    filters: list[str],
    last_event_id: str | None,
    ending: Sequence[str] = (),
    *,
    only_new: bool = False,
) -> Open | Response:
    """A reader that counts against the limits of open streams, or the answer that there is none."""
    who = f"{caller.get().tenant}/{caller.get().subject}"
    if not service.streams.take(who):
        detail = "Too many event streams are open; close a page or try again shortly."
        return problem_response(503, "Too many streams", detail, headers=BUSY_HEADERS)
    try:
        if ending:
            await service.told_to_its_end(ending)
        return Open(await service.events.open(filters, Place.parse(last_event_id), only_new=only_new), who)
    except LogUnavailableError as error:
        service.streams.give_back(who)
        return problem_response(503, "The event log is not available", str(error), headers=BUSY_HEADERS)
    except BaseException:
        service.streams.give_back(who)
        raise


async def _close(service: Gateway, opened: Open) -> None:
    service.streams.give_back(opened.who)
    await opened.reader.close()


async def _events(
    service: Gateway, opened: Open, view: View, *, until_end: bool, known: int = 0
) -> AsyncIterator[bytes]:
    """The stream as bytes. `known` events were waiting of a story that has ended: after them it closes."""
    reader = opened.reader
    written = time.monotonic()
    read = 0
    try:
        yield b"retry: 1000\n\n"
        while not service.stopping.is_set():
            stored = await _read(reader)
            ends = until_end and _has_end(stored)
            if ends:
                with suppress(LogUnavailableError):
                    stored = [*await reader.rest(), *stored]
            read += len(stored)
            if chunk := _flush(stored, view):
                yield chunk
                written = time.monotonic()
            elif time.monotonic() - written >= HEARTBEAT_S:
                yield b": heartbeat\n\n"
                written = time.monotonic()
            if ends or (known and read >= known):
                return
            if stored:
                await asyncio.sleep(FLUSH_S)
    finally:
        await _close(service, opened)


async def _read(reader: Reader) -> list[Stored]:
    try:
        return await reader.read()
    except LogUnavailableError:
        await asyncio.sleep(RETRY_S)
        return []


def _has_end(stored: Iterable[Stored]) -> bool:
    return any(entry.message is not None and pagedata.is_end(entry.message) for entry in stored)


def _flush(stored: list[Stored], view: View) -> bytes:
    """One piece of the stream; the id stands on the last event only."""
    views = [view(entry.message) for entry in stored if entry.message is not None]
    events = pagedata.merged(event for event in views if event is not None)
    lines = [f"event: {event.name}\ndata: {orjson.dumps(event.data).decode()}\n" for event in events]
    if not lines:
        return b""
    lines[-1] += f"id: {stored[-1].place}\n"
    return ("\n".join(lines) + "\n").encode()
