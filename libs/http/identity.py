"""The identity of a request inside the platform: a token that the gateway signs and every service checks.

It lives for a minute and is signed with Ed25519, so a service that checks it cannot make one. A service believes this
token alone: a header that merely names a tenant or a role means nothing. Without keys a service may listen on
loopback only, and everybody there is the same local admin.
"""

import base64
import binascii
import ipaddress
import time

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from libs.contracts.errors import DomainError
from libs.contracts.identity import LOCAL, Identity
from libs.http.problems import problem_response

HEADER = "x-rehearsal-identity"
ISSUER = "rehearsal-gateway"
AUDIENCE = "rehearsal-services"
ALGORITHM = "EdDSA"
LIFETIME_S = 60
LEEWAY_S = 5
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


class Signer:
    """Signs identities. Raises `ValueError` for what is not a signing key."""

    def __init__(self, key: str) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key = Ed25519PrivateKey.from_private_bytes(_bytes("signing_key", key))

    def headers(self, identity: Identity) -> dict[str, str]:
        """The header that tells a service who is asking."""
        import jwt

        now = int(time.time())
        claims = identity.model_dump(mode="json", exclude_none=True, exclude={"subject"})
        claims |= {"sub": identity.subject, "iss": ISSUER, "aud": AUDIENCE, "iat": now, "exp": now + LIFETIME_S}
        return {HEADER: jwt.encode(claims, self._key, ALGORITHM)}


class Verifier:
    """Checks identities against the public keys of the gateway: of two while a key is being replaced."""

    def __init__(self, keys: str) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        self._keys = [
            Ed25519PublicKey.from_public_bytes(_bytes("identity_keys", key.strip()))
            for key in keys.split(",")
            if key.strip()
        ]

    def identity(self, token: str | None) -> Identity:
        """Who a token speaks for. Raises `UnauthenticatedError`, which says what is wrong with it."""
        import jwt

        if not token:
            raise UnauthenticatedError(f"The request carries no {HEADER}; services are reached through the gateway.")
        reason = "its signature is not that of the gateway"
        for key in self._keys:
            try:
                claims = jwt.decode(
                    token,
                    key,
                    algorithms=[ALGORITHM],
                    audience=AUDIENCE,
                    issuer=ISSUER,
                    leeway=LEEWAY_S,
                    options={"require": REQUIRED},
                )
                return Identity.model_validate(claims | {"subject": claims["sub"]})
            except jwt.InvalidSignatureError:
                continue
            except (jwt.InvalidTokenError, ValueError) as error:
                reason = type(error).__name__
        raise UnauthenticatedError(f"The identity of the request is not valid: {reason}.")


def verifier_of(keys: str, host: str, service: str) -> Verifier | None:
    """What a service checks identities with, None for one that only its own machine reaches.

    Ends the program with a message where everybody on the network could be anybody.
    """
    if keys:
        return Verifier(keys)
    if is_loopback(host):
        return None
    raise SystemExit(
        f"The {service} service will not listen on {host}: it could not tell who is asking, because "
        "REHEARSAL_IDENTITY_KEYS is not set. Set it to the public key of the gateway "
        "(`rehearsal keys pair` makes a pair), or listen on 127.0.0.1."
    )


class Identified:
    """Gives every request its identity, or refuses it with 401."""

    def __init__(self, app: ASGIApp, verifier: Verifier | None) -> None:
        self.app = app
        self._verifier = verifier

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or scope["path"] in OPEN_PATHS:
            await self.app(scope, receive, send)
            return
        try:
            token = Headers(scope=scope).get(HEADER)
            identify(scope, self._verifier.identity(token) if self._verifier else LOCAL)
        except UnauthenticatedError as error:
            await problem_response(error.status, error.title, error.detail)(scope, receive, send)
            return
        await self.app(scope, receive, send)


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
