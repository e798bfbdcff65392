"""The gateway in front of a real orchestrator, over a real bus."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from libs.runtime.nats_server import NatsServer
from services.gateway.app import create_app
from services.gateway.settings import Settings
from services.orchestrator.app import create_app as create_orchestrator
from services.orchestrator.settings import Settings as OrchestratorSettings
from tests.support.apps import running
from tests.support.migrated import sqlite_database
from tests.support.peer import Peer, peer

OWNERS = ("orchestrator", "population", "intervention", "communication", "results", "validation", "webhooks")
LOCAL = {f"{owner}_url": f"local://{owner}" for owner in (*OWNERS, "models")}
PAGE = "http://127.0.0.1:8000"


@pytest.fixture
async def gateway(sqlite_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A gateway all of whose owners, and whose bus, are down."""
    app = create_app(Settings(database_url=sqlite_url, nats_url="nats://127.0.0.1:9", **LOCAL))
    async with running("gateway", app) as client:
        yield client


@dataclass
class Stage:
    """A gateway, an orchestrator, and the rest of the platform."""

    client: httpx.AsyncClient
    peer: Peer
    nats: NatsServer


@pytest.fixture
async def stage(nats_server: NatsServer, sqlite_url: str, tmp_path: Path) -> AsyncIterator[Stage]:
    nats_url = nats_server.url
    owned = sqlite_database("orchestrator", tmp_path / "orchestrator.db")
    orchestrator = create_orchestrator(OrchestratorSettings(database_url=owned, nats_url=nats_url))
    app = create_app(Settings(database_url=sqlite_url, nats_url=nats_url, **LOCAL))
    async with running("orchestrator", orchestrator), running("gateway", app) as client, peer(nats_url) as rest:
        yield Stage(client, rest, nats_server)
