"""Tokens of an identity provider, checked without asking it: only its public keys are fetched, and kept.

Everything an attacker could choose is fixed by the operator: the issuer, the audience, the algorithms and where the
keys are. A token's own `jku`, `x5u` and `jwk` are never looked at, and an unknown `kid` makes us ask at most once in
`REFRESH_S`, so tokens cannot make this gateway call anybody, or call often.
"""

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Any

import httpx
import jwt

log = logging.getLogger(__name__)
TIMEOUT_S = 5.0
KEEP_S = 3600.0
REFRESH_S = 30.0
LEEWAY_S = 30
LARGEST_TOKEN = 16_384
LARGEST_KEY_SET = 1_048_576
REQUIRED = ["iss", "aud", "exp", "sub"]


class TokenRefusedError(Exception):
    """The token is not one that lets anybody in; says why."""


class ProviderUnavailableError(Exception):
    """The keys of the provider could not be fetched."""


class Provider:
    """One identity provider."""

    def __init__(self, issuer: str, audience: str, jwks_url: str, algorithms: list[str]) -> None:
        self._issuer = issuer
        self._audience = audience
        self._jwks_url = jwks_url
        self._algorithms = algorithms
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = -KEEP_S
        self._lock = asyncio.Lock()

    async def claims(self, token: str) -> Mapping[str, Any]:
        """The claims of a token that is valid now. Raises `TokenRefusedError`, `ProviderUnavailableError`."""
        if len(token) > LARGEST_TOKEN:
            raise TokenRefusedError("it is too long")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError as error:
            raise TokenRefusedError("it is no JSON Web Token") from error
        if header.get("alg") not in self._algorithms:
            raise TokenRefusedError("its algorithm is not allowed")
        key = await self._key(str(header.get("kid", "")))
        if key.algorithm_name != header["alg"]:
            raise TokenRefusedError("its algorithm is not that of its key")
        try:
            claims: dict[str, Any] = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm_name],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_S,
                options={"require": REQUIRED},
            )
        except (jwt.InvalidTokenError, ValueError) as error:
            raise TokenRefusedError(type(error).__name__) from error
        return claims

    async def _key(self, kid: str) -> jwt.PyJWK:
        """The key of this id; an id that is not known yet, or known for long, has the keys fetched."""
        async with self._lock:
            age_s = time.monotonic() - self._fetched_at
            if age_s > KEEP_S or (kid not in self._keys and age_s > REFRESH_S):
                await self._fetch()
        if kid not in self._keys:
            raise TokenRefusedError("no key of the provider has its id")
        return self._keys[kid]

    async def _fetch(self) -> None:
        self._fetched_at = time.monotonic()
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
                url = self._jwks_url or (await discovered(client, self._issuer, "jwks_uri"))[0]
                document = await document_of(client, "GET", url)
                keys = jwt.PyJWKSet.from_dict(document).keys
        except (httpx.HTTPError, jwt.PyJWTError, ValueError, KeyError) as error:
            log.warning("the keys of the identity provider cannot be fetched: %s", type(error).__name__)
            if not self._keys:
                self._fetched_at = time.monotonic() - KEEP_S + 1.0  # try again soon, not with every request
                raise ProviderUnavailableError("the keys of the identity provider cannot be fetched now") from error
            return
        self._keys = {str(key.key_id): key for key in keys if key.algorithm_name in self._algorithms}


async def discovered(client: httpx.AsyncClient, issuer: str, *names: str) -> list[str]:
    """Where the provider says that these are: at its own host only."""
    document = await document_of(client, "GET", issuer.rstrip("/") + "/.well-known/openid-configuration")
    if document["issuer"] != issuer:
        raise ValueError("the provider describes another issuer")
    home = httpx.URL(issuer)
    found = [httpx.URL(document[name]) for name in names]
    for name, url in zip(names, found, strict=True):
        if (url.scheme, url.host) != (home.scheme, home.host):
            raise ValueError(f"{name} is at another host; name it in the settings, REHEARSAL_GATEWAY_OIDC_…_URL")
    return list(map(str, found))


async def document_of(client: httpx.AsyncClient, method: str, url: str, **asked: Any) -> dict[str, Any]:
    """A JSON object of bounded size."""
    async with client.stream(method, url, headers={"accept": "application/json"}, **asked) as answer:
        answer.raise_for_status()
        body = bytearray()
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > LARGEST_KEY_SET:
                raise ValueError("the document is too large")
    document = httpx.Response(200, content=bytes(body)).json()
    if not isinstance(document, dict):
        raise ValueError("the document is no JSON object")
    return document
