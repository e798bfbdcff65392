"""SQLAlchemy's aiosqlite dialect without trips to the connection's thread, but for what may wait.

aiosqlite makes a cursor, executes, fetches and closes in a trip to its thread each. A trip costs more than most
statements, and while two threads run they wait for each other's lock on the interpreter at every row. Here a statement
is one function, called where it is needed. Only what waits goes to the thread: taking the write lock while another
process has it, and the commit, which waits for the disk.
"""

import sqlite3
from collections import deque
from typing import Any

import aiosqlite as driver
from sqlalchemy.connectors.asyncio import AsyncAdapt_dbapi_connection
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite import aiosqlite
from sqlalchemy.util import immutabledict
from sqlalchemy.util.concurrency import await_

DRIVER = "onetrip"
LOCKING, READING = "BEGIN IMMEDIATE", "BEGIN"
BUSY_TIMEOUT_MS = 30_000
PRIMARY_CODE = 0xFF
"""The bits of an SQLite error code that say what kind it is."""


class OneTripCursor(aiosqlite.AsyncAdapt_aiosqlite_cursor):
    """A cursor that holds the rows of its last statement; the sqlite3 cursor never leaves the thread."""

    __slots__ = ("_arraysize", "_description", "_lastrowid", "_rowcount")
    _awaitable_cursor_close = False

    def __init__(self, adapt_connection: AsyncAdapt_dbapi_connection) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection
        self._rows: deque[Any] = deque()
        self._soft_closed_memoized = immutabledict()
        self._arraysize = 1
        self._description: Any = None
        self._rowcount = -1
        self._lastrowid = 0

    @property
    def description(self) -> Any:
        """Columns of the last statement, None when it gives no rows."""
        return self._description

    @property
    def rowcount(self) -> int:
        """Rows the last statement changed."""
        return self._rowcount

    @property
    def lastrowid(self) -> int:
        """Row id of the last insert."""
        return self._lastrowid

    @property
    def arraysize(self) -> int:
        """Rows that `fetchmany` gives when it is not told how many."""
        return self._arraysize

    @arraysize.setter
    def arraysize(self, value: int) -> None:
        self._arraysize = value

    def close(self) -> None:
        """Forget the rows."""
        self._rows.clear()

    async def _async_soft_close(self) -> None:
        """Nothing is open."""

    async def _execute_async(self, operation: Any, parameters: Any) -> None:
        await self._run(lambda cursor: cursor.execute(operation, parameters or ()))

    async def _executemany_async(self, operation: Any, parameters: Any) -> None:
        await self._run(lambda cursor: cursor.executemany(operation, parameters))

    async def _run(self, statement: Any) -> None:
        async with self._adapt_connection._execute_mutex:
            connection: sqlite3.Connection = self._connection._conn
            if not connection.in_transaction:
                await self._begin(connection, self._adapt_connection.begin)  # type: ignore[attr-defined]
            self._description, self._rowcount, self._lastrowid, rows = _executed(connection, statement)
            self._rows = deque(rows)

    async def _begin(self, connection: sqlite3.Connection, begin: str) -> None:
        if not begin:
            return
        try:
            connection.execute(begin)
        except sqlite3.OperationalError as error:
            if begin != LOCKING or error.sqlite_errorcode & PRIMARY_CODE != sqlite3.SQLITE_BUSY:
                raise
            await self._connection._execute(_wait_for_lock, connection)


def _wait_for_lock(connection: sqlite3.Connection) -> None:
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    try:
        connection.execute(LOCKING)
    finally:
        connection.execute("PRAGMA busy_timeout=0")


def _executed(connection: sqlite3.Connection, statement: Any) -> tuple[Any, int, int, list[Any]]:
    cursor = connection.cursor()
    try:
        statement(cursor)
        rows = cursor.fetchall() if cursor.description else []
        return cursor.description, cursor.rowcount, cursor.lastrowid or 0, rows
    finally:
        cursor.close()


class OneTripConnection(aiosqlite.AsyncAdapt_aiosqlite_connection):
    """A connection of such cursors. `begin` is executed on the way, before the first statement of a transaction."""

    __slots__ = ("begin",)
    _cursor_cls = OneTripCursor

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self.begin = ""

    def commit(self) -> None:
        """Only what was written has to reach the disk."""
        if self.begin == READING:
            self._connection._conn.commit()
        else:
            super().commit()

    def rollback(self) -> None:
        """A transaction that only read never was in the thread."""
        if self.begin == READING:
            self._connection._conn.rollback()
        else:
            super().rollback()

    async def _terminate_graceful_close(self) -> None:
        # aiosqlite's close() waits for its thread, for ever where the thread was stopped in between
        if self._connection._running:
            await self._connection.stop()


class OneTripModule(aiosqlite.AsyncAdapt_aiosqlite_dbapi):
    """The DBAPI module of such connections."""

    def connect(self, *arguments: Any, **options: Any) -> OneTripConnection:
        """Open a connection, whose thread does not keep the process alive, nor outlive an opening that is given up."""
        connection = self.aiosqlite.connect(*arguments, **options | {"check_same_thread": False})
        connection._thread.daemon = True
        try:
            return OneTripConnection(self, await_(connection))
        except BaseException:
            connection._thread.join()
            raise


class OneTripDialect(aiosqlite.SQLiteDialect_aiosqlite):
    """`sqlite+onetrip://`."""

    driver = DRIVER
    supports_statement_cache = True

    @classmethod
    def import_dbapi(cls) -> OneTripModule:
        """The module above."""
        return OneTripModule(driver, sqlite3)


registry.register(f"sqlite.{DRIVER}", __name__, OneTripDialect.__name__)
