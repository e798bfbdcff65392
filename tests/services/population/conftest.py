"""One population service for the tests of a module: none of them depends on what another one left."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from libs.runtime.nats_server import NatsServer
from services.population.app import create_app
from services.population.settings import Settings
from tests.support.apps import running
from tests.support.peer import Peer, peer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bus(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[NatsServer]:
    server = NatsServer(tmp_path_factory.mktemp("nats"))
    server.start()
    yield server
    server.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory, bus: NatsServer) -> AsyncIterator[httpx.AsyncClient]:
    database = tmp_path_factory.mktemp("database") / "population.db"
    app = create_app(Settings(database_url=f"sqlite:///{database}", nats_url=bus.url))
    async with running("population", app) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def others(client: httpx.AsyncClient, bus: NatsServer) -> AsyncIterator[Peer]:
    async with peer(bus.url) as others:
        yield others
