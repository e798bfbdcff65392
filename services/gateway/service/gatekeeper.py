"""Who is asking, and whether they may: keys, tokens of an identity provider, read-only links.

A key is looked up at every request, so a revoked one is worthless at once, at every gateway of the same store.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from libs.contracts.errors import ConflictError, DomainError, ForbiddenError, InvalidError, NotFoundError
from libs.contracts.identity import LOCAL, Identity, Role
from libs.contracts.permissions import SCOPES, SHOWN, beyond
from libs.db import EVERY_TENANT, Database, TenantErasedError, Transaction
from libs.http.identity import UnauthenticatedError
from services.gateway.adapters import Provider, ProviderUnavailableError, SignIn, TokenRefusedError
from services.gateway.domain import keys
from services.gateway.domain.access import KEYS, OIDC
from services.gateway.domain.claims import ClaimError, Mapper
from services.gateway.domain.keys import Grantee, Key
from services.gateway.store import KeyStore

log = logging.getLogger(__name__)


class UnprovableError(DomainError):
    """The identity provider does not answer, so nobody can be told from anybody."""

    title = "A part of the platform is not available"
    status = 503


class Gatekeeper:
    """Decides by the settings, its keys and the permission table."""

    def __init__(
        self,
        auth: str,
        database: Database,
        bootstrap: Mapping[str, str],
        provider: Provider | None,
        mapper: Mapper,
        sign_in: SignIn | None = None,
    ) -> None:
        self._auth = auth
        self._database = database
        self._bootstrap = bootstrap
        self._provider = provider
        self._mapper = mapper
        self.sign_in = sign_in
        self._store = KeyStore()

    @property
    def is_open(self) -> bool:
        """Whether everybody who gets here is the local admin."""
        return self._auth not in {KEYS, OIDC}

    async def start(self) -> None:
        """Take in the first admin key of each tenant that the settings name; one that was revoked stays so."""
        for tenant, secret in self._bootstrap.items():
            key = Key(
                tenant, keys.id_of(secret), "bootstrap", Role.ADMIN, None, "settings", datetime.now(UTC), None, None
            )
            with suppress(TenantErasedError):
                async with self._database.write(tenant=tenant) as tx:
                    await self._store.add(tx, key, keys.digest(secret))

    async def identify(self, authorization: str | None) -> Identity:
        """Who sends this `Authorization` header. Raises `UnauthenticatedError`, `UnprovableError`."""
        if self.is_open:
            return LOCAL
        scheme, _, credential = (authorization or "").partition(" ")
        credential = credential.strip()
        if scheme.lower() != "bearer" or not credential:
            raise UnauthenticatedError("Send a key or token: `Authorization: Bearer …`.")
        if keys.is_secret(credential):
            return await self.owner_of(credential)
        if self._provider is None:
            raise UnauthenticatedError("This is not a key of this platform.")
        return await self._bearer(self._provider, credential)

    async def owner_of(self, secret: str) -> Identity:
        """Who a key belongs to. Raises `UnauthenticatedError`, in the same words whatever is wrong with it."""
        key = None
        if keys.is_secret(secret):
            async with self._database.read(tenant=EVERY_TENANT) as tx:
                key = await self._store.by_digest(tx, keys.digest(secret))
        if key is None or key.state(datetime.now(UTC)) != "active":
            raise UnauthenticatedError("The key is unknown, expired or revoked.")
        return key.identity

    async def guest_of(self, secret: str) -> Identity:
        """Who a read-only link makes of its reader. A key that opens more does not belong into an address."""
        identity = await self.owner_of(secret)
        if identity.simulation_id is None:
            raise UnauthenticatedError("The link is unknown, expired or revoked.")
        return identity

    async def signed_in(self, sign_in: SignIn, code: str, verifier: str, redirect_uri: str) -> str:
        """The token of somebody who comes back from the provider. Raises `UnauthenticatedError`, `UnprovableError`."""
        try:
            tokens = await sign_in.tokens(code, verifier, redirect_uri)
        except TokenRefusedError as error:
            raise UnauthenticatedError(f"Signing in did not work: {error}.") from error
        except ProviderUnavailableError as error:
            raise UnprovableError(str(error)) from error
        refusal = UnauthenticatedError("The provider gave no token.")
        for token in tokens:
            try:
                await self.identify(f"Bearer {token}")
            except UnauthenticatedError as error:
                refusal = error
            else:
                return token
        raise refusal

    async def _bearer(self, provider: Provider, token: str) -> Identity:
        try:
            person = self._mapper.identity(await provider.claims(token))
        except (TokenRefusedError, ClaimError) as error:
            raise UnauthenticatedError(f"The token is not accepted: {error}.") from error
        except ProviderUnavailableError as error:
            raise UnprovableError(str(error)) from error
        if await self._database.is_closed(person.tenant):
            raise TenantErasedError(person.tenant)
        return person

    async def grantee_of(self, share_id: str, authorization: str | None) -> Identity:
        """What a share makes of a person it is for. Raises `UnauthenticatedError`, `NotFoundError`."""
        person = await self.identify(authorization)
        async with self._database.read(tenant=EVERY_TENANT) as tx:
            share = await self._store.by_id(tx, share_id)
        if share is None or not share.is_for(person) or share.state(datetime.now(UTC)) != "active":
            raise NotFoundError("share for you", share_id)
        return share.identity_of(person)

    async def received(self, person: Identity) -> list[Key]:
        """What is shared with a person, newest first."""
        async with self._database.read(tenant=EVERY_TENANT) as tx:
            found = await self._store.shared_with(tx, person.tenant, datetime.now(UTC))
        return [share for share in found if share.is_for(person)]

    async def issue(
        self,
        tx: Transaction,
        by: Identity,
        name: str,
        role: Role,
        days: int,
        simulation_id: str | None = None,
        grantee: Grantee | None = None,
        scopes: Sequence[str] | None = None,
    ) -> tuple[Key, str]:
        """A new key and the text that its owner gets, this once. Nothing but a person opens what has a grantee."""
        if not by.role.covers(role):
            raise InvalidError("role", f"may not be above your own, {by.role}", [r for r in Role if by.role.covers(r)])
        if simulation_id is None:
            _check_scopes(scopes, by)
        elif missing := beyond(SHOWN, by.scopes):
            raise ForbiddenError(f"What is shared you may not read yourself: this needs {', '.join(missing)}.")
        now = datetime.now(UTC)
        secret = keys.new_secret()
        expires = now + timedelta(days=days)
        key = Key(tx.tenant, keys.id_of(secret), name, role, simulation_id, by.subject, now, expires, None)
        key = key._replace(scopes=None if scopes is None else tuple(dict.fromkeys(scopes)))
        if grantee is not None:
            key = key.shared_with(grantee)
        await self._store.add(tx, key, keys.digest(secret))
        return key, secret

    async def issued(
        self, tx: Transaction, limit: int, after: tuple[datetime, str] | None, *, shares: bool
    ) -> list[Key]:
        """One more key, or link, of the tenant than `limit`, newest first."""
        return list(await self._store.list(tx, limit + 1, after, shares=shares))

    async def revoke(self, tx: Transaction, key_id: str, by: Identity, *, share: bool) -> None:
        """Make a key or link worthless, from the next request on. Raises `NotFoundError`, `ConflictError`."""
        key = await self._store.find(tx, key_id)
        if key is None or (key.simulation_id is not None) != share:
            raise NotFoundError("share" if share else "key", key_id)
        if key.identity.subject == by.subject:
            raise ConflictError("A key cannot revoke itself: use another, so that nobody is locked out by mistake.")
        await self._store.revoke(tx, key_id, datetime.now(UTC))


def _check_scopes(wanted: Sequence[str] | None, by: Identity) -> None:
    """Raise `InvalidError` for scopes that are none, or that who gives them does not have."""
    allowed = [scope for scope in SCOPES if not beyond([scope], by.scopes)]
    if wanted is None:
        if by.scopes is not None:
            raise InvalidError("scopes", "your own key has scopes, so this one needs some", allowed)
        return
    if refused := [scope for scope in wanted if scope not in allowed]:
        raise InvalidError("scopes", f"{refused[0]!r} is no scope that you can give", allowed)
