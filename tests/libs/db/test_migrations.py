"""Every service's migrations make exactly the tables its code declares, on both stores."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text

from libs.db import Database
from libs.db.migrate import NotMigratedError, newest, revision
from libs.db.tenants import CLOSED

SERVICES = sorted(path.parent.name for path in Path("services").glob("*/migrations"))


def differences(connection: Connection, metadata: MetaData) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": False})
    return compare_metadata(context, metadata)


@pytest.mark.parametrize("service", SERVICES)
async def test_migrated_tables_are_the_declared_ones(service: str, database_url: str) -> None:
    declared = import_module(f"services.{service}.tables").metadata
    metadata = MetaData()
    for table in (*declared.sorted_tables, CLOSED):  # that one is made in every database alike
        table.to_metadata(metadata)
    database = Database(database_url)
    migrations = Path(f"services/{service}/migrations").absolute()
    await database.migrate(migrations)
    async with database.read() as tx:
        assert await tx.connection.run_sync(differences, metadata) == []
    await database.migrate(migrations)
    await database.close()


RESULTS = Path("services/results/migrations").absolute()


async def test_a_database_that_a_newer_version_has_migrated_is_used_as_it_is(database_url: str) -> None:
    """A rolling upgrade runs both versions, and an old process may start again in the middle of it."""
    database = Database(database_url)
    await database.migrate(RESULTS)
    async with database.write() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999_of_the_future'"))
    await database.migrate(RESULTS)
    await database.migrate(RESULTS, may_change=False)
    async with database.read() as tx:
        assert await tx.connection.run_sync(revision) == "9999_of_the_future"
    await database.close()


async def test_a_process_that_may_not_change_tables_says_what_is_missing(database_url: str) -> None:
    database = Database(database_url)
    with pytest.raises(NotMigratedError, match=f"at no revision and have to be at {newest(RESULTS)}"):
        await database.migrate(RESULTS, may_change=False)
    await database.close()


@pytest.mark.parametrize("service", ["results", "gateway"])
def test_the_command_migrate_makes_the_tables_and_ends(service: str, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/{service}.db"
    environment = {**os.environ, f"REHEARSAL_{service.upper()}_DATABASE_URL": url}
    command = [sys.executable, "-m", f"services.{service}", "migrate"]
    subprocess.run(command, env=environment, check=True, timeout=50)
    with closing(sqlite3.connect(tmp_path / f"{service}.db")) as made:
        [(found,)] = made.execute("SELECT version_num FROM alembic_version")
    assert found == newest(Path(f"services/{service}/migrations"))
