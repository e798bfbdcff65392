"""Databases for the tests of a service, which the test's folder is named after: they have its tables already."""

from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.migrated import STORES, postgresql_database, sqlite_database


@pytest.fixture
def sqlite_url(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """On SQLite, for tests in which the store makes no difference."""
    return sqlite_database(request.path.parent.name, tmp_path / f"{uuid4().hex}.db")


@pytest.fixture
def database_url(store: str, request: pytest.FixtureRequest) -> str:
    """On the store of the test."""
    if store == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    return postgresql_database(request.path.parent.name, request.getfixturevalue("postgres"))


@pytest.fixture(scope="module", params=STORES)
def shared_database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """For all tests of a module that do not disturb each other; they run once on each store."""
    service = request.path.parent.name
    if request.param == "sqlite":
        return sqlite_database(service, tmp_path_factory.mktemp("database") / "shared.db")
    return postgresql_database(service, request.getfixturevalue("postgres"), shared_by=request.path.stem)
