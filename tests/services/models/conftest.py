"""The models service as it is composed in production, and a provider to talk to."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import httpx
import pytest

from services.models.app import create_app
from services.models.settings import Settings
from tests.services.models.stub import Stub, serving
from tests.support.apps import running

Start = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


@pytest.fixture
async def stub() -> AsyncIterator[Stub]:
    """A provider."""
    async with serving(Stub()) as stub:
        yield stub


@pytest.fixture
def start(database_url: str) -> Start:
    """Start the service over the database of the test, as often as wanted."""
    return lambda **settings: running("models", create_app(Settings(database_url=database_url, **settings)))


@pytest.fixture
async def client(sqlite_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A service with the offline model only, for tests in which the store makes no difference."""
    async with running("models", create_app(Settings(database_url=sqlite_url))) as client:
        yield client


@pytest.fixture
def start_with_provider(sqlite_url: str, stub: Stub) -> Start:
    """Start the service with the stub as its provider, whose models are not probed unless a test says so."""

    def start(**settings: object) -> AbstractAsyncContextManager[httpx.AsyncClient]:
        given = {"upstream_url": stub.url, "upstream_models": "gpt-5-mini, local-model", "api_key": "secret-key"}
        given["probe"] = False  # the first requests are the test's
        return running("models", create_app(Settings(database_url=sqlite_url, **(given | settings))))

    return start
