"""The authorization code flow with PKCE (RFC 6749, RFC 7636): where browsers are sent, their codes made into tokens.

The browser makes the verifier and keeps it; the provider holds its hash against it. A code that was caught on its way
is therefore worth nothing here. Tokens are not trusted for where they come from: whoever gets them checks them.
"""

import asyncio
import logging
import time

import httpx

from services.gateway.adapters.oidc import (
    KEEP_S,
    TIMEOUT_S,
    ProviderUnavailableError,
    TokenRefusedError,
    discovered,
    document_of,
)

log = logging.getLogger(__name__)
FAULTS = range(400, 500)
TOKENS = ("access_token", "id_token")


class SignIn:
    """One provider, as one client of it."""

    def __init__(
        self, issuer: str, client_id: str, client_secret: str, scope: str, authorization_url: str, token_url: str
    ) -> None:
        self.client_id = client_id
        self.scope = scope
        self._issuer = issuer
        self._secret = client_secret
        self._named = (authorization_url, token_url)
        self._found = self._named
        self._asked_at = -KEEP_S
        self._lock = asyncio.Lock()

    async def authorization_url(self) -> str:
        """Where a browser is sent. Raises `ProviderUnavailableError`."""
        return (await self._urls())[0]

    async def tokens(self, code: str, verifier: str, redirect_uri: str) -> list[str]:
        """What the provider gives for a code. Raises `TokenRefusedError`, `ProviderUnavailableError`."""
        _, url = await self._urls()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self.client_id,
            "code_verifier": verifier,
        }
        auth = httpx.BasicAuth(self.client_id, self._secret) if self._secret else None
        try:
            async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
                told = await document_of(client, "POST", url, data=form, auth=auth)
        except httpx.HTTPStatusError as error:
            if error.response.status_code in FAULTS:
                raise TokenRefusedError("the provider does not take the code") from error
            raise ProviderUnavailableError("the identity provider does not answer now") from error
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderUnavailableError("the identity provider does not answer now") from error
        return [token for name in TOKENS if isinstance(token := told.get(name), str)]

    async def _urls(self) -> tuple[str, str]:
        """Where people and codes go: as the settings say, or as the provider does."""
        if all(self._named):
            return self._named
        async with self._lock:
            if time.monotonic() - self._asked_at < KEEP_S:
                return self._found
            try:
                async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=False) as client:
                    people, codes = await discovered(client, self._issuer, "authorization_endpoint", "token_endpoint")
            except (httpx.HTTPError, ValueError, KeyError) as error:
                log.warning("the identity provider does not say where people sign in: %s", error)
                raise ProviderUnavailableError("the identity provider does not answer now") from error
            self._found = (self._named[0] or people, self._named[1] or codes)
            self._asked_at = time.monotonic()
        return self._found
