"""Real parts for tests: a nats-server, both stores, and services as they are composed in production."""

import gc
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import settings

from libs.runtime.nats_server import NatsServer
from tests.support.forks import Forked
from tests.support.migrated import STORES
from tests.support.platforms import Process
from tests.support.postgres import PostgresServer, running_postgres

logging.getLogger("nats").setLevel(logging.CRITICAL)
# An example is as slow as the machine is busy.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
Process.begin = staticmethod(Forked)
# A service that is stopped by a test is not waited for as one in production: what it has in hand is handed back.
os.environ.setdefault("REHEARSAL_DRAIN_S", "5")


def pytest_collection_finish() -> None:
    """Leave what imports and collection made out of garbage collection, as a service does once it is up."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: a test waits nearly as long as it works."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores + 1


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


@pytest.fixture(scope="module")
def shared_nats_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for all tests of a module that do not disturb each other."""
    server = NatsServer(tmp_path_factory.mktemp("nats"))
    server.start()
    yield server.url
    server.kill()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL for the session; each test that asks for a database gets a new one."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-pg-") as directory, running_postgres(Path(directory)) as server:
        yield server


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may still be on its way is not waited for long: for tests in which it never comes."""
    monkeypatch.setattr("libs.http.arrival.PATIENCE_S", 0.1)
    monkeypatch.setattr("services.gateway.service.owners.APPEARS_S", 0.1)


@pytest.fixture(params=STORES)
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
