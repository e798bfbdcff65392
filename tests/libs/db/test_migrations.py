"""Every service's migrations make exactly the tables its code declares, on both stores."""

from importlib import import_module
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, MetaData

from libs.db import Database
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
