"""SQLAlchemy's asyncpg dialect, whose transactions begin in one trip to the server.

As it comes, a transaction has made five trips before its first statement: three to ask whether the connection is still
there, one to begin, and one more to say whose rows it may see. Here the first message begins it for a tenant, and shows
whether the connection is still there. `libs.db.postgres` registers the dialect, so that SQLite alone does not load it.
"""

from typing import Any

import asyncpg as driver
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.util.concurrency import await_

from libs.db import postgres

OWN_OPTIONS = ("prepared_statement_cache_size", "prepared_statement_name_func")


class Begun:
    """A transaction under way, or one of which nobody knows whether it has begun: ending it is harmless then."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    async def commit(self) -> None:
        """Keep what was written."""
        await self._connection.execute("COMMIT")

    async def rollback(self) -> None:
        """Forget what was written."""
        await self._connection.execute("ROLLBACK")


class OneTripConnection(asyncpg.AsyncAdapt_asyncpg_connection):
    """A connection; `is_used` once a transaction has begun on it."""

    is_used = False

    async def begin(self, tenant: str) -> None:
        """Begin the transaction of a tenant."""
        own: Any = self._connection
        self._transaction = Begun(own)  # type: ignore[assignment]
        await own.execute(f"BEGIN; SELECT set_config('app.tenant', {_literal(tenant)}, true)")
        self.is_used = True


def _literal(text: str) -> str:
    """As a literal that means the same whatever the server is told about backslashes."""
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


class OneTripModule(asyncpg.AsyncAdapt_asyncpg_dbapi):
    """The DBAPI module of such connections."""

    def connect(self, *arguments: Any, **options: Any) -> OneTripConnection:
        """Open a connection. The adapter's own options are those that SQLAlchemy documents."""
        own = {name: options.pop(name) for name in OWN_OPTIONS if name in options}
        return await_(OneTripConnection.create(self, self.asyncpg.connect(*arguments, **options), **own))


class OneTripDialect(asyncpg.PGDialect_asyncpg):
    """`postgresql+onetrip://`."""

    driver = postgres.DRIVER
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> Any:
        """The module above."""
        return OneTripModule(driver)  # type: ignore[no-untyped-call]
