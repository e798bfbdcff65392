"""HTTP to one endpoint: addresses, keys, time limits. Every request to a provider is made here and nowhere else.

Nothing raises: whatever happens to a request becomes an `Exchange`. Plain aiohttp and no provider's SDK: retries of its
own would hide calls from the ledger, and it costs several times the CPU (decision 0009). The first request connects.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import orjson

from libs.contracts.base import JsonObject
from services.models.domain.refusals import shorten
from services.models.settings import Endpoint, proxy_of

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession, FormData

log = logging.getLogger(__name__)
MAX_BODY_BYTES = 16_777_216
CONNECT_S = 15.0
FILE_S = 600.0
IDLE_S = 4.0
"""A connection nobody uses is closed by us: uvicorn, under many model servers, does it after 5 s, under a request."""
OK = 200
NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came of one request: an answer with its status, or the reason why there was none (status 0)."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By lower-case name."""
    latency_s: float = 0.0
    document: object = None
    """The body as JSON, of an answer with status 200."""
    problem: str = ""
    """Why there was no answer. It may come when the same is asked again."""
    is_late: bool = False
    """True when there was none in time."""
    is_cut_off: bool = False
    """True when there was no connection, or it ended before the answer."""


class Connection:
    """The requests to one endpoint."""

    def __init__(self, endpoint: Endpoint, api_key: str | None) -> None:
        self._endpoint = endpoint
        self._headers = _headers(endpoint, api_key)
        self._proxy = proxy_of(endpoint.url)
        self._session: ClientSession | None = None

    async def post(self, path: str, document: JsonObject) -> Exchange:
        """Send a JSON document."""
        return await self._request("POST", self.address(path, document.get("model")), _bytes(document))

    async def get(self, path: str) -> Exchange:
        """Ask for a JSON document."""
        return await self._request("GET", self.address(path))

    async def delete(self, path: str) -> Exchange:
        """Have something deleted."""
        return await self._request("DELETE", self.address(path))

    async def upload(self, path: str, name: str, content: bytes) -> Exchange:
        """Send a file of a batch job."""
        from aiohttp import FormData

        form = FormData()
        form.add_field("purpose", "batch")
        form.add_field("file", content, filename=name, content_type="application/jsonl")
        return await self._request("POST", self.address(path), form, limit_s=FILE_S)

    async def download(self, path: str, longest: int) -> Exchange:
        """The text of a file."""
        return await self._request("GET", self.address(path), limit_s=FILE_S, longest=longest, is_json=False)

    def address(self, path: str, model: object = None) -> str:
        """The URL of a path such as `/chat/completions`. Azure has one for each deployment, or one called v1."""
        endpoint = self._endpoint
        if endpoint.kind != "azure":
            return f"{endpoint.url}{path}"
        if endpoint.api_version is None:
            return f"{endpoint.url}/openai/v1{path}"
        deployment = f"/deployments/{model}" if model else ""
        separator = "&" if "?" in path else "?"
        return f"{endpoint.url}/openai{deployment}{path}{separator}api-version={endpoint.api_version}"

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def _request(
        self,
        method: str,
        url: str,
        body: "bytes | FormData | None" = None,
        *,
        limit_s: float = 0.0,
        longest: int = MAX_BODY_BYTES,
        is_json: bool = True,
    ) -> Exchange:
        from aiohttp import ClientError

        started = perf_counter()
        limit_s = max(limit_s, self._endpoint.timeout_s)
        kind = {"content-type": "application/json"} if isinstance(body, bytes) else {}
        status, headers, text, document, problem = 0, NO_HEADERS, "", None, ""
        is_late = is_cut_off = False
        try:
            async with asyncio.timeout(limit_s):
                session = self._opened()
                async with session.request(method, url, data=body, headers=kind, allow_redirects=False) as response:
                    text = await _text(response, longest)
                    status, headers = response.status, {name.lower(): value for name, value in response.headers.items()}
            document = _json(text) if status == OK and is_json else None
        except ClientError as error:
            problem, is_cut_off = f"the provider cannot be reached: {_root(error)}", True
        except TimeoutError:
            problem, is_late = f"the provider did not answer within {limit_s:g} s", True
        except ValueError:  # the page of some proxy, or an answer that was cut off
            problem = f"the reply is not JSON: {shorten(text)}"
        except Exception as error:  # an untrusted server met a client library: one turn fails, not the batch
            log.exception("a request to endpoint %s failed unexpectedly", self._endpoint.name)
            problem = f"the request failed: {type(error).__name__}"
        seconds = perf_counter() - started
        return Exchange(0 if problem else status, text, headers, seconds, document, problem, is_late, is_cut_off)

    def _opened(self) -> "ClientSession":
        if self._session is None:
            from aiohttp import ClientSession, ClientTimeout, TCPConnector

            # `asyncio.timeout` bounds the whole request; how many there are at once is decided before they come here.
            self._session = ClientSession(
                headers=self._headers,
                connector=TCPConnector(limit=0, keepalive_timeout=IDLE_S),
                timeout=ClientTimeout(total=None, sock_connect=CONNECT_S),
                proxy=_proxy(self._endpoint.url),
            )
        return self._session


def _proxy(url: str) -> str | None:
    """The proxy of this machine's environment. aiohttp would look for it with every request, and for a netrc file."""
    parts = urlsplit(url)
    return None if proxy_bypass(parts.hostname or "") else getproxies().get(parts.scheme)


def _headers(endpoint: Endpoint, api_key: str | None) -> dict[str, str]:
    headers = {"user-agent": "rehearsal"}
    if api_key:
        headers |= {"api-key": api_key} if endpoint.kind == "azure" else {"authorization": f"Bearer {api_key}"}
    return headers


async def _text(response: "ClientResponse", longest: int) -> str:
    """The body as text; what is longer than anything that could be read is not loaded."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > longest:
            response.close()
            break
    return body.decode("utf-8", "replace")


def _bytes(document: JsonObject) -> bytes:
    try:
        return orjson.dumps(document)
    except TypeError:  # half a surrogate pair in a prompt, or a schema's number of more than 64 bits
        return json.dumps(document).encode()


def _json(text: str) -> object:
    """The JSON of a text. Raises `ValueError`."""
    try:
        return orjson.loads(text)
    except ValueError:
        try:
            return json.loads(text)  # takes what some servers send and orjson does not: NaN, half a surrogate pair
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


def _root(error: BaseException) -> str:
    """The kind of the first error of a chain: the client calls a refused connection a connector error."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return type(error).__name__
