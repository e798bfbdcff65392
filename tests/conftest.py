"""Real parts for tests: a nats-server, both stores, and services as they are composed in production."""

import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

from libs.runtime.nats_server import NatsServer
from tests.support.postgres import PostgresServer, running_postgres

logging.getLogger("nats").setLevel(logging.CRITICAL)
# An example is as slow as the machine is busy.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """A server of its own, with JetStream on files."""
    server = NatsServer(tmp_path / "nats")
    server.start()
    yield server
    server.kill()


@pytest.fixture
def nats_url(nats_server: NatsServer) -> str:
    return nats_server.url


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL for the session; each test that asks for a database gets a new one."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-pg-") as directory, running_postgres(Path(directory)) as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> str:
    """The store a test runs on: it runs once on each."""
    return str(request.param)


@pytest.fixture
def database_url(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A new, empty database on the store of the test."""
    if store == "sqlite":
        return f"sqlite:///{tmp_path}/{uuid4().hex}.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.create_database()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A new SQLite database, for tests in which the store makes no difference."""
    return f"sqlite:///{tmp_path}/{uuid4().hex}.db"
