"""The identity of a request inside the platform: a token that the gateway, or a service that asks another, signs.

It lives for a minute and is signed with Ed25519, so a service that checks it cannot make one. A service believes this
token alone: a header that merely names a tenant or a role means nothing. What a service signs is for one other service
and is believed by that one only. Without keys a service may listen on loopback only, and everybody there is the same
local admin.
"""

import base64
import binascii
import ipaddress
import time
from collections.abc import Generator, Mapping
from typing import NamedTuple, TypeVar

import httpx
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from libs.contracts.errors import DomainError
from libs.contracts.identity import LOCAL, PLATFORM, Identity, Role, tenant_at_work, working_for
from libs.contracts.permissions import admit
from libs.http.problems import problem_response

Key = TypeVar("Key")
Value = TypeVar("Value")
HEADER = "x-rehearsal-identity"
ISSUER = "rehearsal-gateway"
AUDIENCE = "rehearsal-services"
ALGORITHM = "EdDSA"
LIFETIME_S = 60
LEEWAY_S = 5
SIGNED_AGAIN_AFTER_S = 5
MOST_KEPT = 512
"""Signing and checking cost more than what most requests ask for, and the same few ask again and again."""
OPEN_PATHS = frozenset({"/healthz", "/readyz", "/metrics", "/openapi.json"})
"""What a service answers to anybody who reaches it: nothing of a tenant's."""
REQUIRED = ["iss", "aud", "exp", "iat", "sub", "tenant", "role"]


class UnauthenticatedError(DomainError):
    """Nobody knows who is asking."""

    title = "Not authenticated"
    status = 401


def is_loopback(host: str) -> bool:
    """True for an address only this machine can reach."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def new_key_pair() -> tuple[str, str]:
    """A new signing key and the public key that belongs to it, each in one line for a setting."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    private = Ed25519PrivateKey.generate()
    return _text(private.private_bytes_raw()), _text(private.public_key().public_bytes_raw())


class Authority(NamedTuple):
    """Whose word a service takes: the keys of an issuer, for what is meant for this audience."""

    issuer: str
    audience: str
    keys: str
    """Public keys, separated by commas: two while one is being replaced."""
    is_service: bool = False


class Signer:
    """Signs identities. Raises `ValueError` for what is not a signing key."""

    def __init__(self, key: str, issuer: str = ISSUER, audience: str = AUDIENCE) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(_bytes("signing_key", key))
        self._parties = {"iss": issuer, "aud": audience}
        self._signed: dict[Identity, tuple[int, str]] = {}

    def headers(self, identity: Identity) -> dict[str, str]:
        """The header that tells a service who is asking."""
        now = int(time.time())
        signed_at, token = self._signed.get(identity, (0, ""))
        if not 0 <= now - signed_at < SIGNED_AGAIN_AFTER_S:
            token = self._sign(identity, now)
            _keep(self._signed, identity, (now, token))
        return {HEADER: token}

    def _sign(self, identity: Identity, now: int) -> str:
        import jwt

        claims = identity.model_dump(mode="json", exclude_none=True, exclude={"subject"})
        claims |= {"sub": identity.subject, "iat": now, "exp": now + LIFETIME_S} | self._parties
        return jwt.encode(claims, self._key, ALGORITHM)


class Believed(NamedTuple):
    """Who a token speaks for, and whether a service signed it rather than the gateway."""

    identity: Identity
    is_service: bool


class Verifier:
    """Checks identities against the public keys of those whose word is taken."""

    def __init__(self, *authorities: Authority) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        self._known = [
            (authority, Ed25519PublicKey.from_public_bytes(_bytes("identity_keys", key.strip())))
            for authority in authorities
            for key in authority.keys.split(",")
            if key.strip()
        ]
        self._checked: dict[str, tuple[float, Believed]] = {}

    def believed(self, token: str | None) -> Believed:
        """Who a token speaks for. Raises `UnauthenticatedError`, which says what is wrong with it."""
        if not token:
            raise UnauthenticatedError(f"The request carries no {HEADER}; services are reached through the gateway.")
        expires, believed = self._checked.get(token, (0.0, None))
        if believed is None or time.time() >= expires:
            expires, believed = self._check(token)
            _keep(self._checked, token, (expires, believed))
        return believed

    def _check(self, token: str) -> tuple[float, Believed]:
        import jwt

        reason = "its signature is not that of the gateway, or of a service that may ask"
        for authority, key in self._known:
            try:
                claims = jwt.decode(
                    token,
                    key,
                    algorithms=[ALGORITHM],
                    audience=authority.audience,
                    issuer=authority.issuer,
                    leeway=LEEWAY_S,
                    options={"require": REQUIRED},
                )
                identity = Identity.model_validate(claims | {"subject": claims["sub"]})
                return float(claims["exp"]), Believed(identity, authority.is_service)
            except jwt.InvalidSignatureError:
                continue
            except (jwt.InvalidTokenError, ValueError) as error:
                reason = type(error).__name__
        raise UnauthenticatedError(f"The identity of the request is not valid: {reason}.")


def _keep(kept: dict[Key, Value], key: Key, value: Value) -> None:
    """Keep it as the newest; the oldest makes room."""
    kept.pop(key, None)
    kept[key] = value
    if len(kept) > MOST_KEPT:
        del kept[next(iter(kept))]


def verifier_of(keys: str, host: str, service: str, callers: Mapping[str, str] | None = None) -> Verifier | None:
    """What a service checks identities with, None for one that only its own machine reaches.

    `callers` are the public keys of the services that may ask it, by their names. Ends the program with a message
    where everybody on the network could be anybody.
    """
    if keys:
        services = [
            Authority(issuer_of(caller), audience_of(service), key, is_service=True)
            for caller, key in (callers or {}).items()
        ]
        return Verifier(Authority(ISSUER, AUDIENCE, keys), *services)
    if is_loopback(host):
        return None
    raise SystemExit(
        f"The {service} service will not listen on {host}: it could not tell who is asking, because "
        "REHEARSAL_IDENTITY_KEYS is not set. Set it to the public key of the gateway "
        "(`rehearsal keys pair` makes a pair), or listen on 127.0.0.1."
    )


def issuer_of(service: str) -> str:
    """How a service that asks another one calls itself."""
    return f"rehearsal-service-{service}"


def audience_of(service: str) -> str:
    """Who an identity is for that one service signs for another."""
    return f"rehearsal-{service}"


class Badge(httpx.Auth):
    """What a service shows when it asks another one: a short-lived identity, signed for that one alone.

    It carries the tenant of the request or message at hand, so what is asked for in one tenant's work can be booked to
    no other. Raises `RuntimeError` where nobody's work is being done.
    """

    def __init__(self, service: str, key: str, audience: str) -> None:
        self._subject = f"service:{service}"
        self._signer = Signer(key, issuer_of(service), audience_of(audience))

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign one request."""
        tenant = tenant_at_work.get(None)
        if tenant is None:
            raise RuntimeError("another service is asked in the name of no tenant; begin with working_for(tenant)")
        identity = Identity(tenant=tenant, subject=self._subject, role=Role.OPERATOR)
        request.headers.update(self._signer.headers(identity))
        yield request


class Identified:
    """Gives every request its identity, or refuses it with 401; with 403 where its role may not do this.

    The gateway has asked the permission table already; it is asked again where the path is routed. A service that
    `is_private` has no public paths: there it is enough to be known.
    """

    def __init__(self, app: ASGIApp, verifier: Verifier | None, *, is_private: bool = False) -> None:
        self.app = app
        self._verifier = verifier
        self._is_private = is_private

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self.app(scope, receive, send)
            return
        try:
            identity = self._identity(scope)
        except DomainError as error:
            await problem_response(error.status, error.title, error.detail)(scope, receive, send)
            return
        identify(scope, identity)
        with working_for(identity.tenant):
            await self.app(scope, receive, send)

    def _identity(self, scope: Scope) -> Identity:
        if self._verifier is None:
            return LOCAL
        identity, is_service = self._verifier.believed(Headers(scope=scope).get(HEADER))
        if not is_service and not self._is_private and identity.subject != PLATFORM:
            admit(identity, scope["method"], scope["path"])
        return identity


def identify(scope: Scope, identity: Identity) -> None:
    """Note who a request speaks for, where endpoints and transactions look for it."""
    scope.setdefault("state", {})["identity"] = identity


def identity_of(scope: Scope) -> Identity:
    """Who a request speaks for; where nothing checks, everybody is the local admin."""
    identity: Identity = scope.get("state", {}).get("identity", LOCAL)
    return identity


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _bytes(setting: str, text: str) -> bytes:
    """The 32 bytes of a key. The message holds nothing of it."""
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != 32:
        raise ValueError(f"{setting}: is not a key as `rehearsal keys pair` makes it")
    return raw
