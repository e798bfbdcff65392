"""The only SQL of the gateway. Every query filters by the transaction's tenant; only looking a key up finds it out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, delete, func, select, update

from libs.contracts.audit import GENESIS, AuditEntry, sealed
from libs.contracts.identity import Role
from libs.contracts.quotas import Quota
from libs.db import Transaction, insert_new, upsert
from libs.db.tenants import CLOSED
from services.gateway.domain.keys import Key
from services.gateway.tables import answers, audit, audit_heads, keys, people, quotas

MOST_RECEIVED = 1_000
_KEY = [column for column in keys.c if column.name != "digest"]


class KeyStore:
    """Keys and read-only links."""

    async def add(self, tx: Transaction, key: Key, digest: str) -> bool:
        """Keep a key; False when it is there already."""
        return bool(await insert_new(tx, keys, [{**key._asdict(), "digest": digest}]))

    async def by_digest(self, tx: Transaction, digest: str) -> Key | None:
        """The key of any tenant that was given out as the text with this digest."""
        row = (await tx.execute(select(*_KEY).where(keys.c.digest == digest))).one_or_none()
        return _key(row) if row else None

    async def list(
        self, tx: Transaction, limit: int, after: tuple[datetime, str] | None, *, shares: bool
    ) -> Sequence[Key]:
        """Keys, or links, of the tenant, newest first."""
        wanted = keys.c.simulation_id.is_not(None) if shares else keys.c.simulation_id.is_(None)
        query = select(*_KEY).where(keys.c.tenant == tx.tenant, wanted)
        if after is not None:
            made, key_id = after
            query = query.where((keys.c.created_at < made) | ((keys.c.created_at == made) & (keys.c.key_id < key_id)))
        query = query.order_by(keys.c.created_at.desc(), keys.c.key_id.desc()).limit(limit)
        return [_key(row) for row in await tx.execute(query)]

    async def find(self, tx: Transaction, key_id: str) -> Key | None:
        """A key or link of the tenant."""
        query = select(*_KEY).where(keys.c.tenant == tx.tenant, keys.c.key_id == key_id)
        row = (await tx.execute(query)).one_or_none()
        return _key(row) if row else None

    async def by_id(self, tx: Transaction, key_id: str) -> Key | None:
        """The key or link of any tenant."""
        row = (await tx.execute(select(*_KEY).where(keys.c.key_id == key_id))).one_or_none()
        return _key(row) if row else None

    async def shared_with(self, tx: Transaction, tenant: str, now: datetime) -> Sequence[Key]:
        """What any tenant shares with people of this one, newest first."""
        usable = keys.c.revoked_at.is_(None) & (keys.c.expires_at > now)
        query = select(*_KEY).where(keys.c.grantee_tenant == tenant, usable).order_by(keys.c.created_at.desc())
        return [_key(row) for row in await tx.execute(query.limit(MOST_RECEIVED))]

    async def revoke(self, tx: Transaction, key_id: str, now: datetime) -> None:
        """Make a key worthless; once revoked it stays as it is."""
        mine = (keys.c.tenant == tx.tenant) & (keys.c.key_id == key_id) & keys.c.revoked_at.is_(None)
        await tx.execute(update(keys).where(mine).values(revoked_at=now))


class AuditStore:
    """The audit log, one chain for each tenant."""

    async def append(self, tx: Transaction, fields: Mapping[str, Any]) -> None:
        """Add an entry behind the last one; whoever else adds one waits."""
        await insert_new(tx, audit_heads, [{"tenant": tx.tenant, "sequence": 0, "hash": GENESIS}])
        mine = audit_heads.c.tenant == tx.tenant
        query = select(audit_heads.c.sequence, audit_heads.c.hash).where(mine).with_for_update()
        last = (await tx.execute(query)).one()
        entry = sealed(AuditEntry(sequence=last.sequence + 1, tenant=tx.tenant, previous=last.hash, hash="", **fields))
        await tx.execute(audit.insert(), entry.model_dump())
        await tx.execute(update(audit_heads).where(mine).values(sequence=entry.sequence, hash=entry.hash))

    async def list(self, tx: Transaction, limit: int, after: int | None, *, newest_first: bool) -> Sequence[AuditEntry]:
        """Entries of the tenant, those beyond one in this order."""
        query = select(audit).where(audit.c.tenant == tx.tenant)
        if after is not None:
            query = query.where(audit.c.sequence < after if newest_first else audit.c.sequence > after)
        order = audit.c.sequence.desc() if newest_first else audit.c.sequence
        rows = await tx.execute(query.order_by(order).limit(limit))
        return [AuditEntry.model_validate(dict(row._mapping)) for row in rows]

    async def head(self, tx: Transaction) -> tuple[int, str]:
        """How many entries the tenant has, and the hash of the last."""
        query = select(audit_heads.c.sequence, audit_heads.c.hash).where(audit_heads.c.tenant == tx.tenant)
        row = (await tx.execute(query)).one_or_none()
        return (row.sequence, row.hash) if row else (0, GENESIS)


class Answer(NamedTuple):
    """What was answered under an idempotency key; without a status it is not known yet."""

    fingerprint: str
    begun_at: datetime
    status: int | None
    headers: dict[str, str] | None
    body: bytes | None


class AnswerStore:
    """Answers kept under the idempotency keys of who asked."""

    async def begin(self, tx: Transaction, subject: str, key: str, fingerprint: str, now: datetime) -> Answer | None:
        """Claim a key; None when it was free, else what is kept under it."""
        row = {"tenant": tx.tenant, "subject": subject, "key": key, "fingerprint": fingerprint, "begun_at": now}
        if await insert_new(tx, answers, [row]):
            return None
        found = (await tx.execute(select(answers).where(_mine(tx, subject, key)))).one()
        return Answer(found.fingerprint, found.begun_at, found.status, found.headers, found.body)

    async def forget(self, tx: Transaction, subject: str, key: str) -> None:
        """Free a key."""
        await tx.execute(delete(answers).where(_mine(tx, subject, key)))

    async def keep(
        self, tx: Transaction, subject: str, key: str, status: int, headers: dict[str, str], body: bytes
    ) -> None:
        """Note the answer."""
        values = {"status": status, "headers": headers, "body": body}
        await tx.execute(update(answers).where(_mine(tx, subject, key)).values(**values))

    async def clean(self, tx: Transaction, before: datetime) -> None:
        """Delete the answers of every tenant that were begun before a time."""
        await tx.execute(delete(answers).where(answers.c.begun_at < before))


class QuotaStore:
    """What tenants may use, and how many people they have."""

    async def get(self, tx: Transaction) -> Quota:
        """The quota of the tenant; without limits where none was set."""
        row = (await tx.execute(select(quotas).where(quotas.c.tenant == tx.tenant))).one_or_none()
        return Quota() if row is None else Quota(**{name: getattr(row, name) for name in Quota.model_fields})

    async def set(self, tx: Transaction, quota: Quota) -> None:
        """Decide on it."""
        await upsert(tx, quotas, [{"tenant": tx.tenant, **quota.model_dump()}])

    async def meet(self, tx: Transaction, subject: str, month: str) -> bool:
        """Note that a person came in a month; False when that was known."""
        return bool(await insert_new(tx, people, [{"tenant": tx.tenant, "subject": subject, "month": month}]))

    async def people(self, tx: Transaction, now: datetime, month: str) -> int:
        """Keys that can be used now, and people who came with a token in this month."""
        usable = keys.c.revoked_at.is_(None) & (keys.c.expires_at.is_(None) | (keys.c.expires_at > now))
        own = (keys.c.tenant == tx.tenant) & keys.c.simulation_id.is_(None)
        with_key = await tx.execute(select(func.count()).select_from(keys).where(own, usable))
        came = (people.c.tenant == tx.tenant) & (people.c.month == month)
        with_token = await tx.execute(select(func.count()).select_from(people).where(came))
        return int(with_key.scalar_one() + with_token.scalar_one())


class Erasure(NamedTuple):
    """A tenant that is being erased, or was."""

    name: str
    closed_at: datetime
    erased_at: datetime | None


class ErasureStore:
    """Which tenants were erased. These rows are the operator's."""

    async def get(self, tx: Transaction, tenant: str) -> Erasure | None:
        """The erasure of a tenant."""
        row = (await tx.execute(select(CLOSED).where(CLOSED.c.name == tenant))).one_or_none()
        return Erasure(**row._mapping) if row else None

    async def unfinished(self, tx: Transaction) -> list[Erasure]:
        """Erasures that are not complete, oldest first."""
        query = select(CLOSED).where(CLOSED.c.erased_at.is_(None)).order_by(CLOSED.c.closed_at)
        return [Erasure(**row._mapping) for row in await tx.execute(query)]

    async def complete(self, tx: Transaction, tenant: str, now: datetime) -> None:
        """Note that nothing is left."""
        await tx.execute(update(CLOSED).where(CLOSED.c.name == tenant).values(erased_at=now))

    async def forget_grants(self, tx: Transaction, tenant: str) -> int:
        """Delete what other tenants share with people of this one; how much that was."""
        return (await tx.execute(delete(keys).where(keys.c.grantee_tenant == tenant))).rowcount


def _mine(tx: Transaction, subject: str, key: str) -> Any:
    return (answers.c.tenant == tx.tenant) & (answers.c.subject == subject) & (answers.c.key == key)


def _key(row: Row[Any]) -> Key:
    role, granted = Role(row.role), row.grantee_role and Role(row.grantee_role)
    scopes = None if row.scopes is None else tuple(row.scopes)
    return Key(**{**row._mapping, "role": role, "grantee_role": granted, "scopes": scopes})
