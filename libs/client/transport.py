"""The connection under the client: requests, refusals as `ProblemError`, an absent platform as `UnreachableError`."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Self
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from libs.client.errors import ProblemError, UnreachableError
from libs.contracts.base import JsonObject

DEFAULT_URL = "http://127.0.0.1:8000"
QueryValue = str | int | float | Sequence[str] | None
Query = Mapping[str, QueryValue]


class Connection:
    """A connection to one platform; use it with `async with`.

    `key` is a key of the platform, or a token of its identity provider; an embedded platform wants none.
    `connect_for` is how many seconds a request keeps trying while the connection is refused (0: not at all), which
    spans the restart of a platform; a connection that breaks after the request was sent is never repeated for it. What
    is only read is asked for again as long where the platform says 503 and when to come back.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        key: str | None = None,
        timeout: float = 30.0,
        connect_for: float = 0.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self._connect_for = connect_for
        headers = {"authorization": f"Bearer {key}"} if key else None
        self._http = httpx.AsyncClient(base_url=self.url, timeout=timeout, transport=transport, headers=headers)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def _get(self, path: str, query: Query | None = None) -> JsonObject:
        return as_object(await self._send("GET", path, query))

    async def _post(
        self, path: str, spec: BaseModel | JsonObject, query: Query | None = None, *, patience_s: float | None = None
    ) -> JsonObject:
        return as_object(await self._send("POST", path, query, as_body(spec), patience_s=patience_s))

    async def _send(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: JsonObject | None = None,
        *,
        patience_s: float | None = None,
    ) -> httpx.Response:
        response = await self._request(method, path, query, body, patience_s=patience_s)
        if not response.is_success:
            raise ProblemError.of(response)
        return response

    async def _upload(self, path: str, query: Query, content: bytes) -> JsonObject:
        """Send a file, and have the answer."""
        headers = {"content-type": "application/octet-stream"}
        try:
            response = await self._http.request("POST", path, params=_given(query), content=content, headers=headers)
        except httpx.TransportError as error:
            raise UnreachableError(self.url, str(error) or type(error).__name__) from error
        if not response.is_success:
            raise ProblemError.of(response)
        return as_object(response)

    async def _download(
        self, method: str, path: str, query: Query | None = None, body: JsonObject | None = None
    ) -> AsyncIterator[bytes]:
        """The answer in pieces, as it comes; for what may be large."""
        try:
            async with self._http.stream(method, path, params=_given(query), json=body) as response:
                if not response.is_success:
                    await response.aread()
                    raise ProblemError.of(response)
                async for piece in response.aiter_bytes():
                    yield piece
        except httpx.TransportError as error:
            raise UnreachableError(self.url, str(error) or type(error).__name__) from error

    async def _request(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: JsonObject | None = None,
        *,
        patience_s: float | None = None,
    ) -> httpx.Response:
        """`patience_s` is for what takes longer than the connection's own limit allows."""
        timeout = httpx.USE_CLIENT_DEFAULT if patience_s is None else patience_s
        clock = asyncio.get_running_loop().time
        deadline = clock() + self._connect_for
        while True:
            try:
                response = await self._http.request(method, path, params=_given(query), json=body, timeout=timeout)
            except httpx.ConnectError as error:
                if clock() >= deadline:
                    raise UnreachableError(self.url, str(error) or "connection refused") from error
                await asyncio.sleep(0.1)
            except httpx.TransportError as error:
                raise UnreachableError(self.url, str(error) or type(error).__name__) from error
            else:
                retry_after = ProblemError.of(response).retry_after if response.status_code == 503 else None
                if method != "GET" or retry_after is None or clock() + retry_after >= deadline:
                    return response
                await asyncio.sleep(retry_after)


def as_body(spec: BaseModel | JsonObject) -> JsonObject:
    """A request body as JSON."""
    return spec.model_dump(mode="json", exclude_none=True) if isinstance(spec, BaseModel) else spec


def token(identity: str) -> str:
    """An id as one path segment, whatever it was typed as."""
    return quote(identity, safe="").replace(".", "%2E")


def as_object(response: httpx.Response) -> JsonObject:
    """The JSON object of an answer. Raises `ProblemError` for anything else."""
    try:
        body = response.json() if response.content else {}
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ProblemError(response.status_code, "Not a platform", f"{response.url} did not answer with a JSON object")
    return body


def _given(query: Query | None) -> dict[str, str | int | float | Sequence[str]]:
    return {name: value for name, value in (query or {}).items() if value is not None}
