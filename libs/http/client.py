"""Clients of other services: over a socket (`http://…`) or, inside one process, straight into the app (`local://name`)."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, MutableMapping
from contextlib import suppress
from typing import Any

import httpx
from starlette.types import ASGIApp

from libs.telemetry import inject_traceparent

LOCAL_SCHEME = "local"
Start = tuple[int, list[tuple[bytes, bytes]]]
_local_apps: dict[str, ASGIApp] = {}


def register_local(name: str, app: ASGIApp | None) -> ASGIApp | None:
    """Make an app reachable at `local://<name>` in this process; None takes it away. Gives what was there before."""
    before = _local_apps.get(name)
    if app is None:
        _local_apps.pop(name, None)
    else:
        _local_apps[name] = app
    return before


def connect(url: str, *, timeout_s: float = 30.0, badge: httpx.Auth | None = None) -> httpx.AsyncClient:
    """A client of the service at this URL. Reads have no time limit: streams may be long."""
    timeout = httpx.Timeout(timeout_s, read=None)
    if url.startswith(f"{LOCAL_SCHEME}://"):
        return httpx.AsyncClient(
            transport=LocalTransport(), base_url=url, timeout=timeout, auth=badge, event_hooks=TRACED
        )
    limits = httpx.Limits(max_connections=50)
    return httpx.AsyncClient(base_url=url, timeout=timeout, limits=limits, auth=badge, event_hooks=TRACED)


async def _carry_trace(request: httpx.Request) -> None:
    """Have the service that is asked go on with this trace."""
    if "traceparent" not in request.headers and (traceparent := inject_traceparent()):
        request.headers["traceparent"] = traceparent


TRACED: Mapping[str, list[Callable[..., Any]]] = {"request": [_carry_trace]}


class LocalTransport(httpx.AsyncBaseTransport):
    """Calls an ASGI app in this process and streams its answer (httpx's own ASGITransport collects it first)."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Start the app and return as soon as it has sent its headers."""
        app = _local_apps.get(request.url.host)
        if app is None:
            raise httpx.ConnectError(f"no service {request.url.host!r} in this process", request=request)
        exchange = _Exchange(app, request, await request.aread())
        status, headers = await exchange.start()
        return httpx.Response(status, headers=headers, stream=exchange)


class _Exchange(httpx.AsyncByteStream):
    """One request and the stream of its answer."""

    def __init__(self, app: ASGIApp, request: httpx.Request, body: bytes) -> None:
        self._app = app
        self._body = body
        self._scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "scheme": "http",
            "path": request.url.path,
            "raw_path": request.url.raw_path.split(b"?")[0],
            "query_string": request.url.query,
            "server": (request.url.host, 80),
            "client": ("127.0.0.1", 0),
            "root_path": "",
        }
        self._chunks: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self._started: asyncio.Future[tuple[int, list[tuple[bytes, bytes]]]] = (
            asyncio.get_running_loop().create_future()
        )
        self._closed = asyncio.Event()
        self._was_read = False
        self._is_complete = False
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> Start:
        self._task = asyncio.create_task(self._run())
        try:
            return await self._started
        except asyncio.CancelledError:  # whoever asked waits no longer, as when a connection is closed
            await self.aclose()
            raise

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        except Exception as error:
            if not self._started.done():
                self._started.set_exception(error)
            elif not self._is_complete:
                self._chunks.put_nowait(httpx.RemoteProtocolError(f"the answer broke off: {error!r}"))
        finally:
            if not self._started.done():
                self._started.set_exception(httpx.RemoteProtocolError("the service sent no answer"))
            self._chunks.put_nowait(None)

    async def _receive(self) -> MutableMapping[str, Any]:
        if self._was_read:
            await self._closed.wait()
            return {"type": "http.disconnect"}
        self._was_read = True
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start" and not self._started.done():
            self._started.set_result((message["status"], list(message.get("headers", []))))
        elif message["type"] == "http.response.body":
            self._is_complete = not message.get("more_body", False)
            if message.get("body"):
                self._chunks.put_nowait(message["body"])

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (chunk := await self._chunks.get()) is not None:
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk

    async def aclose(self) -> None:
        self._closed.set()
        if self._task is not None and not self._task.done():
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
