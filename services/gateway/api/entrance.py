"""The way in, one step after the other: who is it, may they, how often, was it done before; and what is written down.

It stands right before the routes. Nothing passes that the permission table does not name. A request is written down
before its answer leaves, so nobody is told of a write that the audit log does not know.
"""

import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.contracts.errors import DomainError
from libs.contracts.identity import Identity
from libs.contracts.permissions import admit, is_open, methods_of, policy_of
from libs.http import problem_response
from libs.http.identity import UnauthenticatedError, identify
from services.gateway.domain.access import UNSAFE_METHODS
from services.gateway.domain.keys import is_secret
from services.gateway.domain.limits import Allowance, Limiter
from services.gateway.domain.quotas import STARTS, BusyError, begun_by
from services.gateway.service import Gatekeeper, Quotas, Records
from services.gateway.service.owners import caller
from services.gateway.service.records import Asked

SHARED = "/shared/"
REFUSED = frozenset({401, 403})
LARGEST_KEPT = 1_048_576
FAILURES_A_MINUTE = 30
NOT_FINAL = frozenset({402, 429})
"""Answers that say to try again later."""
PERSON = "oidc:"
NOT_KEPT = frozenset({"x-correlation-id", "date", "server"})
SHOWN_ONCE = problem_response(
    409, "Shown once", "This was done, and its answer held a secret, which is kept nowhere. Revoke what was made."
)
"""What is kept in place of an answer that says `no-store`."""


class MethodError(DomainError):
    """The path has other methods."""

    title = "Method Not Allowed"
    status = 405


class Parts(NamedTuple):
    """What the entrance decides by."""

    gatekeeper: Gatekeeper
    records: Records
    quotas: Quotas
    limiter: Limiter | None


class Entrance:
    """Lets requests in, one by one."""

    def __init__(self, app: ASGIApp, parts: Parts) -> None:
        self.app = app
        self._gatekeeper = parts.gatekeeper
        self._records = parts.records
        self._quotas = parts.quotas
        self._limiter = None if parts.gatekeeper.is_open else parts.limiter
        self._failures = Limiter(FAILURES_A_MINUTE, FAILURES_A_MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or is_open(scope["path"]):
            await self.app(scope, receive, send)
            return
        secret = _without_link(scope)
        address = (scope.get("client") or ("",))[0]
        asked = Asked(scope["method"], scope["path"], address)
        identity: Identity | None = None
        headers: dict[str, str] = {}
        try:
            identity = await self._identity(secret, Headers(scope=scope), address)
            headers = self._count(identity)
            self._admit(identity, asked)
        except DomainError as error:
            refusal = problem_response(error.status, error.title, error.detail, error.errors, _more(error))
            await self._answer(refusal, asked, identity, headers)(scope, receive, send)
            return
        identify(scope, identity)
        caller.set(identity)
        await self._answer(self._once, asked, identity, headers)(scope, receive, send)

    async def _identity(self, secret: str | None, headers: Headers, address: str) -> Identity:
        """Who it is; an address that guesses has to wait."""
        if not (allowance := self._failures.look(address, time.monotonic())).is_allowed:
            raise TooManyError("Too many failed attempts from this address.", allowance)
        try:
            if secret is not None and is_secret(secret):
                return await self._gatekeeper.guest_of(secret)
            if secret is not None:
                return await self._gatekeeper.grantee_of(secret, headers.get("authorization"))
            identity = await self._gatekeeper.identify(headers.get("authorization"))
            if identity.subject.startswith(PERSON):
                await self._quotas.welcome(identity)
            return identity
        except UnauthenticatedError:
            self._failures.take(address, time.monotonic())
            raise

    def _count(self, identity: Identity) -> dict[str, str]:
        if self._limiter is None:
            return {}
        allowance = self._limiter.take(f"{identity.tenant}/{identity.subject}", time.monotonic())
        if not allowance.is_allowed:
            raise TooManyError("Too many requests; slow down.", allowance)
        return allowance.headers

    @staticmethod
    def _admit(identity: Identity, asked: Asked) -> None:
        if policy_of(asked.method, asked.path) is None and (methods := methods_of(asked.path)):
            raise MethodError(f"{asked.path} has no {asked.method}; it has {', '.join(methods)}.")
        admit(identity, asked.method, asked.path)

    def _answer(self, app: ASGIApp, asked: Asked, identity: Identity | None, headers: dict[str, str]) -> ASGIApp:
        """The same app, whose answers are written down where they have to be, and carry these headers."""

        async def answering(scope: Scope, receive: Receive, send: Send) -> None:
            async def respond(message: Message) -> None:
                if message["type"] == "http.response.start":
                    MutableHeaders(scope=message).update(headers)
                    if asked.method in UNSAFE_METHODS or message["status"] in REFUSED:
                        await self._records.note(asked, identity, message["status"])
                await send(message)

            await app(scope, receive, respond)

        return answering

    async def _once(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What was done before under the same idempotency key is answered again, not done again."""
        key = Headers(scope=scope).get("idempotency-key")
        if key is None or scope["method"] != "POST":
            await self._within_quota(scope, receive, send)
            return
        identity: Identity = scope["state"]["identity"]
        body, again = await _read(receive)
        asked = b"\n".join([scope["method"].encode(), scope["path"].encode(), scope["query_string"], body])
        try:
            known = await self._records.begin(identity, key, asked)
        except DomainError as error:
            await problem_response(error.status, error.title, error.detail, error.errors)(scope, again, send)
            return
        if known is not None:
            headers = (known.headers or {}) | {"idempotency-replayed": "true"}
            await Response(known.body, known.status or 200, headers)(scope, again, send)
            return
        kept = _Kept(send)
        try:
            await self._within_quota(scope, again, kept.send)
        finally:
            if not kept.is_whole:
                await self._records.forget(identity, key)
        if kept.is_whole:
            await self._records.keep(identity, key, *kept.answer)
            await kept.release()

    async def _within_quota(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What begins simulations is carried out if the tenant may have so many more."""
        identity: Identity = scope["state"]["identity"]
        policy = policy_of(scope["method"], scope["path"])
        if policy is None or policy.operation not in STARTS:
            await self.app(scope, receive, send)
            return
        body, again = await _read(receive)
        try:
            async with self._quotas.starting(identity.tenant, begun_by(policy.operation, body)) as start:

                async def respond(message: Message) -> None:
                    if message["type"] == "http.response.start":
                        start.is_done = message["status"] < 300
                    await send(message)

                await self.app(scope, again, respond)
        except DomainError as error:
            await problem_response(error.status, error.title, error.detail, error.errors, _more(error))(
                scope, again, send
            )


class TooManyError(DomainError):
    """Too many requests of one kind."""

    title = "Too many requests"
    status = 429

    def __init__(self, detail: str, allowance: Allowance) -> None:
        super().__init__(f"{detail} Try again in {allowance.retry_after_s} s.")
        self.headers = allowance.headers


class _Kept:
    """An answer held back until it is kept; a failure, or one too large to keep, goes out as it comes."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._held: list[Message] = []
        self._is_passing = False
        self.is_whole = False
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = bytearray()

    async def send(self, message: Message) -> None:
        if self._is_passing:
            await self._send(message)
            return
        self._held.append(message)
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name: value for name, value in Headers(scope=message).items() if name not in NOT_KEPT}
        else:
            self.body += message.get("body", b"")
            self.is_whole = not message.get("more_body", False)
        if self.status >= 500 or self.status in NOT_FINAL or len(self.body) > LARGEST_KEPT:
            self.is_whole, self._is_passing = False, True
            await self.release()

    @property
    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """What is kept: a thief of the database must find no key."""
        if self.headers.get("cache-control") == "no-store":
            return SHOWN_ONCE.status_code, dict(SHOWN_ONCE.headers), bytes(SHOWN_ONCE.body)
        return self.status, self.headers, bytes(self.body)

    async def release(self) -> None:
        """Send what was held back."""
        held, self._held = self._held, []
        for message in held:
            await self._send(message)


def _without_link(scope: Scope) -> str | None:
    """The key in a read-only link, or a share's id, which is taken out of the path: `/shared/<key>/results/…`."""
    if not scope["path"].startswith(SHARED):
        return None
    secret, _, rest = scope["path"].removeprefix(SHARED).partition("/")
    scope["path"] = f"/{rest}"
    raw = scope.get("raw_path", b"").removeprefix(SHARED.encode()).partition(b"/")[2]
    scope["raw_path"] = b"/" + raw
    return str(secret)


def _more(error: DomainError) -> dict[str, str] | None:
    if isinstance(error, TooManyError | BusyError):
        return error.headers
    return {"www-authenticate": "Bearer"} if error.status == 401 else None


async def _read(receive: Receive) -> tuple[bytes, Callable[[], Awaitable[Message]]]:
    """The body, and a `receive` that gives it again. Its size was limited before it came here."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    pending: list[Message] = [{"type": "http.request", "body": bytes(body), "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return bytes(body), again
