"""The results service as it is composed in production, on a real bus."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.models.app import create_app as create_models
from services.models.settings import Settings as ModelsSettings
from services.results.app import create_app
from services.results.settings import Settings
from tests.services.models.stub import Stub, serving
from tests.services.results.scene import Scene
from tests.support.apps import running
from tests.support.migrated import sqlite_database
from tests.support.peer import peer


@pytest.fixture
async def scene(nats_url: str, database_url: str) -> AsyncIterator[Scene]:
    app = create_app(Settings(database_url=database_url, nats_url=nats_url))
    async with running("results", app) as client, peer(nats_url) as others:
        yield Scene(client, others)


@pytest.fixture
async def quick_scene(nats_url: str, sqlite_url: str) -> AsyncIterator[Scene]:
    app = create_app(Settings(database_url=sqlite_url, nats_url=nats_url))
    async with running("results", app) as client, peer(nats_url) as others:
        yield Scene(client, others)


@pytest.fixture
async def provider() -> AsyncIterator[Stub]:
    """A provider of the language model `some-model`."""
    async with serving(Stub()) as stub:
        yield stub


@pytest.fixture
def wait_s() -> float:
    """How long requests of the online scene wait for a model."""
    return 50.0


@pytest.fixture
async def online_scene(
    nats_url: str, database_url: str, tmp_path: Path, provider: Stub, wait_s: float
) -> AsyncIterator[Scene]:
    """The service with a models service that has a language model."""
    ledger = sqlite_database("models", tmp_path / "models.db")
    models = create_models(
        ModelsSettings(database_url=ledger, upstream_url=provider.url, upstream_models="some-model", probe=False)
    )
    settings = Settings(database_url=database_url, nats_url=nats_url, models_url="local://models", model_wait_s=wait_s)
    async with running("models", models), running("results", create_app(settings)) as client, peer(nats_url) as others:
        yield Scene(client, others)
