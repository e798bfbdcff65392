"""Databases with the tables of a service and nothing in them, migrated once: that takes longer than most tests.

Migrations themselves are tested on databases that are empty: tests/libs/db, and by every platform that starts.
"""

import asyncio
import threading
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from libs.db import Database
from tests.support.postgres import PostgresServer

STORES = ("sqlite", pytest.param("postgresql", marks=pytest.mark.postgres))
ON_SQLITE = pytest.mark.parametrize("store", ["sqlite"])
"""For a test in which the store makes no difference, beside others in which it does."""
EMPTIED = """
SET session_replication_role = replica;  -- what may only grow is emptied too
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
DO $$
DECLARE names text;
BEGIN
  SELECT string_agg(format('%I', tablename), ', ') INTO names
  FROM pg_tables WHERE schemaname = current_schema() AND tablename <> 'alembic_version';
  EXECUTE 'TRUNCATE ' || names || ' RESTART IDENTITY';
END $$
"""
_urls: dict[tuple[PostgresServer, str, str], str] = {}


def sqlite_database(service: str, file: Path) -> str:
    """A new file with the tables of the service; its URL."""
    file.write_bytes(_sqlite_tables(service))
    return f"sqlite:///{file}"


def postgresql_database(service: str, server: PostgresServer, *, shared_by: str = "") -> str:
    """The URL of the service's one database on the server; whoever used it before is cut off, and their rows are gone.

    Those that it is shared by have another.
    """
    if url := _urls.get((server, service, shared_by)):
        server.run(EMPTIED, url)
        return url
    url = _urls[server, service, shared_by] = server.create_database()
    _migrate(service, url)
    return url


@cache
def _sqlite_tables(service: str) -> bytes:
    with TemporaryDirectory() as directory:
        file = Path(directory) / "tables.db"
        _migrate(service, f"sqlite:///{file}")
        return file.read_bytes()


def _migrate(service: str, url: str) -> None:
    """In a thread of its own: the caller may have an event loop running in this one."""
    package = import_module(f"services.{service}")

    async def migrate() -> None:
        database = Database(url)
        await database.migrate(Path(next(iter(package.__path__))) / "migrations")
        await database.close()

    runner = threading.Thread(target=lambda: asyncio.run(migrate()))
    runner.start()
    runner.join()
