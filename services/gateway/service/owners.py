"""Use cases of the gateway: forward a request to its owner, ask all owners how they are, open the event log."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import orjson
from pydantic import BaseModel

from libs.bus.permissions import ERASER, GATEWAY
from libs.contracts import subjects
from libs.contracts.base import JsonObject, MessageData
from libs.contracts.envelope import Envelope
from libs.contracts.errors import DomainError, FieldError, NotFoundError
from libs.contracts.identity import LOCAL, Identity
from libs.contracts.ids import is_recent
from libs.contracts.orchestrator import SimulationState
from libs.db import TenantErasedError
from libs.http import Signer, connect
from services.gateway.adapters import EventLog, LogUnavailableError
from services.gateway.domain import openapi
from services.gateway.domain.limits import Places
from services.gateway.domain.owners import OWNER_OF_PREFIX, OWNERS
from services.gateway.settings import Settings

log = logging.getLogger(__name__)
FORWARD_TIMEOUT = httpx.Timeout(10.0, read=60.0)
PROBE_S = 3.0
caller: ContextVar[Identity] = ContextVar("caller", default=LOCAL)
"""Who the request at hand speaks for; owners are asked in their name."""
ASKED = (*OWNERS, "models")
"""Services that the gateway asks; `models` has no public paths."""
APPEARS_S = 5.0
YOUNG_S = 60.0
TOLD_WITHIN_S = 10.0  # longer than the bus takes to notice that a publication was lost, and to repeat it
REQUEST_HEADERS = ("accept", "accept-language", "content-type", "idempotency-key", "if-none-match", "tracestate")
RESPONSE_HEADERS = (
    "allow",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-length",
    "content-type",
    "etag",
    "idempotency-replayed",
    "last-modified",
    "link",
    "retry-after",
    "vary",
)


@contextmanager
def speaking_as(identity: Identity) -> Iterator[None]:
    """Ask owners in this name."""
    before = caller.get()
    caller.set(identity)
    try:
        yield
    finally:
        caller.set(before)  # not by a token: a stream that is given up is closed in another context


def in_the_name_of(tenant: str) -> AbstractContextManager[None]:
    """Ask owners about another tenant, for the operator."""
    return speaking_as(caller.get().model_copy(update={"tenant": tenant}))


class OwnerUnavailableError(DomainError):
    """The service that owns a path does not answer."""

    title = "A part of the platform is not available"
    status = 503

    def __init__(self, owner: str) -> None:
        super().__init__(f"The {owner} service does not answer now; nothing is lost, try again shortly.")


class OwnerRefusedError(DomainError):
    """The service that owns a part of what was asked for refused it."""

    def __init__(self, status: int, problem: JsonObject, part: str) -> None:
        self.title, self.status = str(problem["title"]), status
        errors = [
            FieldError(error["field"], error["message"], tuple(error["allowed"])).within(part)
            for error in problem["errors"]
        ]
        super().__init__("; ".join(f"{e.field}: {e.message}" for e in errors) or str(problem["detail"]), errors)


class OwnerSlowError(DomainError):
    """The service that owns a path took too long."""

    title = "A part of the platform is too slow"
    status = 504

    def __init__(self, owner: str) -> None:
        super().__init__(f"The {owner} service did not answer in {FORWARD_TIMEOUT.read:g} seconds.")


class Forwarded(NamedTuple):
    """An owner's answer whose body is still to be read."""

    status: int
    headers: dict[str, str]
    body: AsyncIterator[bytes]


class Gateway:
    """The connections to the owners and to the event log."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._owners: dict[str, httpx.AsyncClient] = {}
        secret = settings.signing_key.get_secret_value()
        self._signer = Signer(secret) if secret else None
        self.events = EventLog(settings.nats_url, user=GATEWAY, tls=settings.nats_tls, spread=settings.stream_spread)
        erasing = settings.erasure_nats_url.get_secret_value()
        self.eraser = EventLog(erasing, user=ERASER, tls=settings.nats_tls) if erasing else self.events
        self.streams = Places(settings.max_streams, settings.max_streams_each)
        self.stopping = asyncio.Event()

    async def start(self) -> None:
        """Make the clients; owners and NATS may come later."""
        self._owners = {owner: connect(self._settings.url_of(owner)) for owner in ASKED}

    async def stop(self) -> None:
        """Close the connections."""
        self.stopping.set()
        for log in {self.events, self.eraser}:
            await log.stop()
        for client in self._owners.values():
            await client.aclose()

    async def forward(
        self, owner: str, method: str, target: str, headers: Mapping[str, str], body: bytes, traced: Mapping[str, str]
    ) -> Forwarded:
        """Send a request on; `target` is its raw path and query. Raises `OwnerUnavailableError`, `OwnerSlowError`."""
        sent = {name: headers[name] for name in REQUEST_HEADERS if name in headers} | dict(traced)
        sent.setdefault("accept", "*/*")
        sent["accept-encoding"] = headers.get("accept-encoding", "identity")
        response = await self._send(owner, method, target, sent, body)
        passed = {name: value for name, value in response.headers.items() if name in RESPONSE_HEADERS}
        if (location := response.headers.get("location")) is not None:
            parts = urlsplit(location)
            passed["location"] = parts._replace(scheme="", netloc="").geturl()
        return Forwarded(response.status_code, passed, _raw(response))

    async def _send(
        self, owner: str, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> httpx.Response:
        client = self._owners[owner]
        url = client.base_url.copy_with(raw_path=target.encode("ascii"))
        signed = self._signer.headers(caller.get()) if self._signer else {}
        request = client.build_request(
            method, url, headers={**headers, **signed}, content=body or None, timeout=FORWARD_TIMEOUT
        )
        try:
            response = await client.send(request, stream=True)
        except httpx.ReadTimeout as error:
            raise OwnerSlowError(owner) from error
        except httpx.TransportError as error:
            log.warning("owner does not answer", extra={"owner": owner, "error": str(error) or type(error).__name__})
            raise OwnerUnavailableError(owner) from error
        if response.status_code == httpx.codes.UNAUTHORIZED:  # it does not mean the caller, whom the gateway knows
            await response.aclose()
            log.error(
                "owner does not believe the gateway: its REHEARSAL_IDENTITY_KEYS is not the public key of "
                "REHEARSAL_GATEWAY_SIGNING_KEY",
                extra={"owner": owner},
            )
            raise OwnerUnavailableError(owner)
        return response

    async def get(self, owner: str, path: str) -> httpx.Response:
        """An owner's answer, read in full."""
        return await self._read(owner, "GET", path, {"accept": "application/json"}, b"")

    async def look(self, owner: str, path: str) -> JsonObject:
        """What an owner shows, which it always does. Raises `OwnerUnavailableError`."""
        return _told(owner, await self.get(owner, path))

    async def tell(self, owner: str, path: str, body: BaseModel) -> JsonObject:
        """Tell an owner something, by PUT. Raises `OwnerUnavailableError`."""
        headers = {"accept": "application/json", "content-type": "application/json"}
        return _told(owner, await self._read(owner, "PUT", path, headers, body.model_dump_json().encode()))

    async def rows(self, owner: str) -> AsyncIterator[tuple[str, JsonObject]]:
        """Everything an owner keeps of the tenant. Raises `OwnerUnavailableError` when that is not all of it."""
        response = await self._send(owner, "GET", "/tenant/rows", {"accept": "application/x-ndjson"}, b"")
        try:
            async for line in response.aiter_lines():
                if not (found := orjson.loads(line)):
                    return
                yield found[0], found[1]
        except (httpx.TransportError, ValueError, LookupError) as error:
            raise OwnerUnavailableError(owner) from error
        finally:
            await response.aclose()
        raise OwnerUnavailableError(owner)

    async def erase(self, owner: str) -> dict[str, int]:
        """Have an owner delete everything of the tenant; how many rows there were, by table."""
        return _told(owner, await self._read(owner, "POST", "/tenant/erase", {"accept": "application/json"}, b""))

    async def publish(self, envelope: Envelope, data: MessageData) -> bool:
        """Put an event from outside on the bus; whether it was there already."""
        subject = subjects.concrete(data.contract, envelope.tenant, data.key)
        headers = envelope.headers() | {"Nats-Msg-Id": f"{envelope.tenant}/{envelope.source}/{envelope.id}"}
        try:
            return await self.events.publish(subject, data.model_dump_json().encode(), headers)
        except LogUnavailableError as error:
            raise OwnerUnavailableError("message bus") from error

    async def ask(self, owner: str, path: str, body: BaseModel | None, part: str = "") -> JsonObject:
        """What an owner answers to a question. Raises `OwnerRefusedError`, naming fields as parts of `part`."""
        headers = {"accept": "application/json", "content-type": "application/json"}
        content = b"" if body is None else body.model_dump_json().encode()
        return _granted(await self._read(owner, "POST", path, headers, content), part)

    async def find(self, owner: str, path: str) -> JsonObject:
        """Something of an owner's that may not be there. Raises `OwnerRefusedError`."""
        return _granted(await self.get(owner, path))

    async def end(self, simulation_id: str) -> None:
        """End a simulation that came to nothing."""
        path = f"/simulations/{simulation_id}/end"
        _granted(await self._read("orchestrator", "DELETE", path, {"accept": "application/json"}, b""))

    async def _read(
        self, owner: str, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> httpx.Response:
        response = await self._send(owner, method, path, headers, body)
        try:
            await response.aread()
        except httpx.TransportError as error:
            raise OwnerUnavailableError(owner) from error
        finally:
            await response.aclose()
        return response

    async def state_of(self, simulation_id: str) -> SimulationState:
        """The state of a simulation, which may have been asked for a moment ago and be on its way to the orchestrator.

        Raises `NotFoundError` for one that does not appear there in time, at once where its id is not of this minute.
        """
        deadline = time.monotonic() + (APPEARS_S if is_recent(simulation_id, YOUNG_S) else 0)
        while (response := await self.get("orchestrator", f"/simulations/{simulation_id}/status")).status_code == 404:
            if time.monotonic() > deadline:
                raise NotFoundError("simulation", simulation_id)
            await asyncio.sleep(APPEARS_S / 50)
        if response.status_code != 200:
            raise OwnerUnavailableError("orchestrator")
        return SimulationState(response.json()["state"])

    async def is_drawing(self, population_id: str) -> bool:
        """Whether people of a population are still to come. Raises `NotFoundError`."""
        response = await self.get("population", f"/agent-populations/{population_id}")
        if response.status_code == 404:
            raise NotFoundError("population", population_id)
        if response.status_code != 200:
            raise OwnerUnavailableError("population")
        return bool(response.json()["state"] == "generating")

    async def told_to_its_end(self, subjects: Sequence[str]) -> None:
        """Wait until the log holds the end of a story that is over: its owner says so a moment before its event is out.

        A log that was lost, or is too young, never holds it: this is not for long. Raises `LogUnavailableError`.
        """
        deadline = time.monotonic() + TOLD_WITHIN_S
        while not await self.events.holds_end(subjects):
            if time.monotonic() > deadline:
                return
            await asyncio.sleep(APPEARS_S / 50)

    async def readiness(self) -> dict[str, bool]:
        """Whether each owner, and the event log, can work."""
        ready = await asyncio.gather(*(self._is_ready(owner) for owner in OWNERS))
        return dict(zip(OWNERS, ready, strict=True)) | {"event_log": await self.events.is_readable()}

    async def _is_ready(self, owner: str) -> bool:
        try:
            async with asyncio.timeout(PROBE_S):
                return (await self.get(owner, "/readyz")).status_code == 200
        except (DomainError, TimeoutError):
            return False

    async def description(self, own: JsonObject) -> JsonObject:
        """The OpenAPI description of the platform; owners that do not answer are named in `x-unavailable`."""
        documents = await asyncio.gather(*(self._description_of(owner) for owner in OWNERS))
        found = {owner: document for owner, document in zip(OWNERS, documents, strict=True) if document is not None}
        merged = openapi.merge(own, found, OWNER_OF_PREFIX)
        missing = [owner for owner in OWNERS if owner not in found]
        return merged | ({"x-unavailable": missing} if missing else {})

    async def _description_of(self, owner: str) -> JsonObject | None:
        try:
            response = await self.get(owner, "/openapi.json")
            document = response.json() if response.status_code == 200 else None
        except (DomainError, ValueError):
            return None
        return document if isinstance(document, dict) else None


def _granted(response: httpx.Response, part: str = "") -> JsonObject:
    answer: JsonObject = response.json()
    if not response.is_success:
        raise OwnerRefusedError(response.status_code, answer, part)
    return answer


def _told(owner: str, response: httpx.Response) -> JsonObject:
    if response.status_code == TenantErasedError.status:
        raise TenantErasedError(caller.get().tenant)
    if not response.is_success:
        log.error("owner does not do what it should", extra={"owner": owner, "status": response.status_code})
        raise OwnerUnavailableError(owner)
    found: JsonObject = response.json()
    return found


async def _raw(response: httpx.Response) -> AsyncIterator[bytes]:
    """The bytes as the owner sent them; the connection is given back whatever happens."""
    try:
        async for chunk in response.aiter_raw():
            yield chunk
    finally:
        await response.aclose()
