"""What the gateway writes down: who did what (the audit log), and what was answered under an idempotency key."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from libs.contracts.audit import AuditEntry
from libs.contracts.envelope import DEFAULT_TENANT
from libs.contracts.errors import ConflictError, InvalidError
from libs.contracts.identity import Identity
from libs.db import EVERY_TENANT, Database, TenantErasedError, Transaction
from libs.telemetry import correlation_id
from services.gateway.store import Answer, AnswerStore, AuditStore

log = logging.getLogger(__name__)
KEPT = timedelta(hours=24)
IN_FLIGHT = timedelta(minutes=5)
CLEANING = timedelta(hours=1)
LONGEST_PATH = 500
LONGEST_KEY = 255
NOBODY = "nobody"


class Asked(NamedTuple):
    """A request as it is written down: never its query, headers or body, which may hold secrets."""

    method: str
    path: str
    address: str


class Records:
    """The audit log and the kept answers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._audit = AuditStore()
        self._answers = AnswerStore()
        self._cleaned_at = datetime.min.replace(tzinfo=UTC)

    async def note(self, asked: Asked, identity: Identity | None, status: int) -> None:
        """Add what was asked and answered to the audit log; of nobody known to that of the default tenant, the
        operator's."""
        fields = {
            "at": datetime.now(UTC),
            "subject": identity.subject if identity else NOBODY,
            "role": identity.role.value if identity else NOBODY,
            "method": asked.method,
            "path": asked.path[:LONGEST_PATH],
            "status": status,
            "address": asked.address,
            "correlation_id": correlation_id.get() or "",
        }
        try:
            await self._append(identity.tenant if identity else DEFAULT_TENANT, fields)
        except TenantErasedError:
            await self._append(DEFAULT_TENANT, fields | {"subject": NOBODY, "role": NOBODY})

    async def _append(self, tenant: str, fields: Mapping[str, Any]) -> None:
        async with self._database.write(tenant=tenant) as tx:
            await self._audit.append(tx, fields)

    async def entries(
        self, tx: Transaction, limit: int, after: int | None, *, newest_first: bool
    ) -> Sequence[AuditEntry]:
        """One more entry than `limit`, after the one with this number."""
        return await self._audit.list(tx, limit + 1, after, newest_first=newest_first)

    async def head(self, tx: Transaction) -> tuple[int, str]:
        """How many entries there are, and the hash of the last."""
        return await self._audit.head(tx)

    async def begin(self, identity: Identity, key: str, asked: bytes) -> Answer | None:
        """What was answered when this was asked before under this key; None for the first time.

        Raises `InvalidError` when something else was asked, `ConflictError` while the first answer is awaited.
        """
        if not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
            raise InvalidError("Idempotency-Key", f"must be 1 to {LONGEST_KEY} printable ASCII characters")
        now = datetime.now(UTC)
        fingerprint = hashlib.sha256(asked).hexdigest()
        await self._clean(now)
        async with self._database.write(tenant=identity.tenant) as tx:
            found = await self._answers.begin(tx, identity.subject, key, fingerprint, now)
            if found is not None and found.begun_at < now - (IN_FLIGHT if found.status is None else KEPT):
                await self._answers.forget(tx, identity.subject, key)
                found = await self._answers.begin(tx, identity.subject, key, fingerprint, now)
        if found is None:
            return None
        if found.fingerprint != fingerprint:
            raise InvalidError("Idempotency-Key", "was used for another request; take a new one")
        if found.status is None:
            raise ConflictError("The first request with this Idempotency-Key is still being carried out.")
        return found

    async def keep(self, identity: Identity, key: str, status: int, headers: dict[str, str], body: bytes) -> None:
        """Keep an answer for a day."""
        async with self._database.write(tenant=identity.tenant) as tx:
            await self._answers.keep(tx, identity.subject, key, status, headers, body)

    async def forget(self, identity: Identity, key: str) -> None:
        """Free a key: what was asked did not happen, or its answer is too large to keep."""
        async with self._database.write(tenant=identity.tenant) as tx:
            await self._answers.forget(tx, identity.subject, key)

    async def _clean(self, now: datetime) -> None:
        if now - self._cleaned_at < CLEANING:
            return
        self._cleaned_at = now
        async with self._database.write(tenant=EVERY_TENANT) as tx:
            await self._answers.clean(tx, now - KEPT)
