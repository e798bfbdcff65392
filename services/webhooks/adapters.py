"""Sending to addresses outside, which anybody may have chosen: what is there learns and costs as little as possible.

A name is resolved here and the address that was checked is the one connected to; the certificate is still that of the
name. No redirect is followed, no proxy of the environment asked, of the answer nothing but status and headers is read.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from libs.contracts.errors import InvalidError
from services.webhooks.domain.addresses import REFUSED, Address, check_url, literal_of, may_reach
from services.webhooks.domain.retry import Told

RESOLVE_S = 3.0
Resolve = Callable[[str], Awaitable[list[Address]]]
AGENT = "Rehearsal-Webhooks/1"


class Receivers(Protocol):
    """The addresses outside."""

    async def start(self) -> None:
        """Get ready."""

    async def stop(self) -> None:
        """Let go."""

    async def check(self, url: str) -> None:
        """Raise `InvalidError` for an address that may not be told anything, as far as that is known now."""

    async def tell(self, url: str, body: bytes, headers: Mapping[str, str]) -> Told:
        """Send a message. Raises nothing but cancellation."""


async def resolved(host: str) -> list[Address]:
    """Every address of a name. Raises `OSError`."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except TimeoutError:
        raise OSError(f"{host} is not resolved within {RESOLVE_S:g} s") from None
    except UnicodeError as error:
        raise OSError(f"{host} cannot be a name") from error
    return list(dict.fromkeys(ip_address(str(each[4][0]).partition("%")[0]) for each in found))


class HttpReceivers:
    """Over HTTPS, to public addresses and those in `allowed` networks."""

    def __init__(
        self,
        allowed: Sequence[IPv4Network | IPv6Network],
        *,
        allow_http: bool,
        timeout_s: float,
        resolve: Resolve = resolved,
    ) -> None:
        self._allowed = tuple(allowed)
        self._allow_http = allow_http
        self._timeout_s = timeout_s
        self._resolve = resolve
        self._certificates = ssl.create_default_context()

    async def start(self) -> None:
        """Nothing to get ready: a connection is made for each message, for its address is checked each time."""

    async def stop(self) -> None:
        """Nothing to let go."""

    async def check(self, url: str) -> None:
        """Also of what its name resolves to now; one that does not resolve is looked at when it is told something."""
        check_url(url, self._allowed, allow_http=self._allow_http)
        try:
            await self._address_of(url)
        except OSError:
            return

    async def tell(self, url: str, body: bytes, headers: Mapping[str, str]) -> Told:
        """The status of the answer, or why there is none."""
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._timeout_s):
                check_url(url, self._allowed, allow_http=self._allow_http)
                status, wish = await self._post(url, await self._address_of(url), body, headers)
        except InvalidError as error:
            return Told(None, error.errors[0].message, _since(started))
        except TimeoutError:
            return Told(None, f"no answer within {self._timeout_s:g} s", _since(started))
        except (httpx.HTTPError, OSError, ssl.SSLError) as error:
            return Told(None, f"{type(error).__name__}: {error}"[:500], _since(started))
        return Told(status, _said(status), _since(started), wish)

    async def _address_of(self, url: str) -> Address:
        """The address to connect to. Raises `InvalidError` when one of its name is refused, `OSError`."""
        parts = urlsplit(url)
        found = [address] if (address := literal_of(parts)) else await self._resolve(str(parts.hostname))
        if not all(may_reach(each, self._allowed) for each in found):
            raise InvalidError("url", REFUSED)
        return found[0]

    async def _post(
        self, url: str, address: Address, body: bytes, headers: Mapping[str, str]
    ) -> tuple[int, float | None]:
        target = httpx.URL(url)
        pinned = target.copy_with(host=str(address))
        named = {"host": target.netloc.decode("ascii"), "user-agent": AGENT, **headers}
        transport = httpx.AsyncHTTPTransport(verify=self._certificates, trust_env=False)
        async with httpx.AsyncClient(transport=transport, timeout=self._timeout_s, trust_env=False) as client:
            request = client.build_request(
                "POST", pinned, content=body, headers=named, extensions={"sni_hostname": target.host}
            )
            async with aclosing(await client.send(request, stream=True, follow_redirects=False)) as answer:
                return answer.status_code, _wish(answer.headers.get("retry-after", ""))


def _said(status: int) -> str | None:
    """What a status that is no success means here."""
    if 200 <= status < 300:
        return None
    return f"answered {status}" + (", and no redirect is followed" if 300 <= status < 400 else "")


def _wish(text: str) -> float | None:
    """Seconds of a Retry-After."""
    try:
        if text.isdigit():
            return float(text[:9])
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
