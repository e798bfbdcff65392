"""A service's own database: SQLite (WAL, one writer, fsync on every commit) or PostgreSQL."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import URL, event, make_url, select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from libs.contracts.envelope import Envelope
from libs.db import postgres, sqlite
from libs.db.tenants import CLOSED, TenantErasedError
from libs.db.transaction import Transaction

CLOSED_SEEN_S = 3.0
"""A tenant that another process closed is noticed within this time."""
DRIVERS = {"sqlite": f"sqlite+{sqlite.DRIVER}", "postgresql": f"postgresql+{postgres.DRIVER}"}
# Alembic keeps the migration under way in a global, so services of one process migrate one after the other.
_migrating: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


def _json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


class Database:
    """Engines of one database. SQLite has a pool of one writer beside its readers, so writers queue and never clash."""

    def __init__(self, url: str, *, pool_size: int = 5) -> None:
        self.url = _with_driver(url)
        self.dialect = self.url.get_backend_name()
        self._is_migrated = False
        self._closed: set[str] = set()
        self._closed_at = -CLOSED_SEEN_S
        options: dict[str, Any] = {"json_serializer": _json, "json_deserializer": orjson.loads}
        if self.dialect == "sqlite":
            if self.url.database:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            options |= {"pool_timeout": 60, "pool_reset_on_return": None}  # every transaction is ended explicitly
            self._writer = create_async_engine(self.url, pool_size=1, max_overflow=0, **options)
            self._reader = create_async_engine(self.url, pool_size=2, max_overflow=2, **options)
            _prepare_sqlite(self._writer, sqlite.LOCKING)
            _prepare_sqlite(self._reader, sqlite.READING)
        else:
            options |= {"pool_size": pool_size, "connect_args": {"timeout": postgres.CONNECT_S}}
            self._writer = create_async_engine(self.url, **options)
            postgres.watch(self._writer)
            self._reader = self._writer

    @asynccontextmanager
    async def write(
        self, cause: Envelope | None = None, *, tenant: str | None = None, is_closing: bool = False
    ) -> AsyncIterator[Transaction]:
        """A transaction that is committed at the end, or rolled back when anything was raised.

        Raises `TenantErasedError` for a tenant that is closed, unless it is being closed by this.
        """
        async with self._writer.connect() as connection:
            transaction = Transaction(connection, cause=cause, tenant=tenant)
            async with self._begun(transaction):
                if not is_closing:
                    await self._check_open(transaction)
                yield transaction
                await transaction.prepare()
            transaction.committed()
        if is_closing:
            self._closed_at = -CLOSED_SEEN_S

    @asynccontextmanager
    async def read(self, *, tenant: str | None = None) -> AsyncIterator[Transaction]:
        """A consistent view; on SQLite it never waits for a writer."""
        async with self._reader.connect() as connection:
            transaction = Transaction(connection, cause=None, tenant=tenant)
            async with self._begun(transaction):
                yield transaction

    @asynccontextmanager
    async def _begun(self, tx: Transaction) -> AsyncIterator[None]:
        if self.dialect == "postgresql":
            await postgres.begin(tx.connection, tx.tenant)
        async with tx.connection.begin():
            yield

    async def is_closed(self, tenant: str) -> bool:
        """Whether a tenant was erased, as of some seconds ago."""
        if time.monotonic() - self._closed_at <= CLOSED_SEEN_S:
            return tenant in self._closed
        async with self.read(tenant=tenant) as tx:
            return tenant in await self._closed_tenants(tx)

    async def _check_open(self, tx: Transaction) -> None:
        if self._is_migrated and tx.tenant in await self._closed_tenants(tx):
            raise TenantErasedError(tx.tenant)

    async def _closed_tenants(self, tx: Transaction) -> set[str]:
        now = time.monotonic()
        if now - self._closed_at > CLOSED_SEEN_S:
            self._closed = set((await tx.execute(select(CLOSED.c.name))).scalars())
            self._closed_at = now
        return self._closed

    async def migrate(self, migrations: Path, *, may_change: bool = True) -> None:
        """Bring the tables to the newest revision in this folder; else `NotMigratedError` where they are older."""
        from libs.db.migrate import check, upgrade

        turn = _migrating.setdefault(asyncio.get_running_loop(), asyncio.Lock())
        async with turn, self._writer.connect() as connection:
            await connection.run_sync(upgrade if may_change else check, migrations)
            await connection.commit()
        self._is_migrated = True

    async def close(self) -> None:
        """Close every connection."""
        await self._writer.dispose()
        if self._reader is not self._writer:
            await self._reader.dispose()


def _with_driver(url: str) -> URL:
    parsed = make_url(url)
    backend = parsed.get_backend_name()
    if backend not in DRIVERS:
        raise ValueError(f"database_url: {backend!r} is not supported; allowed: {', '.join(DRIVERS)}")
    return parsed.set(drivername=DRIVERS[backend])


def _prepare_sqlite(engine: AsyncEngine, begin: str) -> None:
    """Take transaction control from the driver, which would start transactions too late and deferred."""

    @event.listens_for(engine.sync_engine, "connect")
    def _connect(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        wait_ms = 0 if begin == sqlite.LOCKING else sqlite.BUSY_TIMEOUT_MS  # a writer waits for its lock in a thread
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={wait_ms}"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()
        connection.begin = begin
