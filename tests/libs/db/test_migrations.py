"""Every service's migrations make exactly the tables its code declares, on both stores."""

import os
import shutil
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
from tests.support.postgres import PostgresServer

SERVICES = sorted(path.parent.name for path in Path("services").glob("*/migrations"))


def partitions(connection: Connection) -> set[str]:
    """Tables that are parts of another one, on PostgreSQL."""
    if connection.dialect.name != "postgresql":
        return set()
    return set(
        connection.execute(text("SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'")).scalars()
    )


def differences(connection: Connection, metadata: MetaData) -> list[object]:
    parts = partitions(connection)
    context = MigrationContext.configure(
        connection,
        opts={
            "compare_type": True,
            "compare_server_default": False,
            "include_name": lambda name, kind, _parents: kind != "table" or name not in parts,
        },
    )
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


RESPONSE = """
INSERT INTO responses (tenant, simulation_id, turn_id, agent_id, name, arm, timeline_id, step_id, round, status,
  answers, demographic_profile, usage, model, responded_at, step_place)
SELECT 'default', 'sim_' || number % 50, 'turn ' || number, 'agent', 'Ada', 'a', 'main', 'step', 1, 'answered',
  '{}', '{}', '{}', 'offline', now(), 0
FROM generate_series(1, 500) AS number
"""


@pytest.mark.postgres
async def test_responses_that_are_there_are_kept_when_they_are_divided_into_partitions(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    before = tmp_path / "migrations"
    before.mkdir()
    for path in RESULTS.glob("[0-9]*.py"):
        if path.stem < "0012":
            shutil.copy(path, before)
    database = Database(postgres.create_database())
    await database.migrate(before)
    async with database.write() as tx:
        await tx.execute(text(RESPONSE))
    await database.migrate(RESULTS)
    async with database.read() as tx:
        assert (await tx.execute(text("SELECT count(DISTINCT turn_id) FROM responses"))).scalar_one() == 500
        parts = await tx.connection.run_sync(partitions)
        used = (await tx.execute(text("SELECT count(DISTINCT tableoid) FROM responses"))).scalar_one()
        assert (len(parts), used > 8) == (16, True)
        plan = (await tx.execute(text("EXPLAIN SELECT * FROM responses WHERE simulation_id = 'sim_7'"))).scalars()
        assert len({part for line in plan for part in parts if part in line}) == 1, "others are not looked at"
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
