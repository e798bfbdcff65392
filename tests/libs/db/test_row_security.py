"""PostgreSQL itself keeps tenants apart, also from a query that forgot to."""

from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Column, MetaData, String, Table, Text, text
from sqlalchemy.exc import DBAPIError

from libs.bus.tables import metadata as bus_tables
from libs.db import EVERY_TENANT, Database, tenant_column
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.postgres
SERVICES = sorted(path.parent.name for path in Path("services").glob("*/migrations"))
notes = Table("notes", MetaData(), tenant_column(), Column("id", String(64), primary_key=True), Column("text", Text))
MIGRATION = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = {name!r}, {before!r}
def upgrade():
    {body}
"""
TABLE = """op.create_table("notes", sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True), sa.Column("text", sa.Text))"""


def revision(folder: Path, name: str, before: str | None, body: str) -> None:
    (folder / f"{name}.py").write_text(MIGRATION.format(name=name, before=before, body=body))


async def as_service(postgres: PostgresServer) -> Database:
    """A new database and a connection as a role that is no superuser, as a service has it."""
    url = postgres.create_database()
    name = urlsplit(url.split("?")[0]).path.removeprefix("/")
    owner = Database(url)
    async with owner.write() as tx:
        await tx.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'"))
        await tx.execute(text(f"ALTER DATABASE {name} OWNER TO {name}"))
        await tx.execute(text(f"GRANT ALL ON SCHEMA public TO {name}"))
    await owner.close()
    return Database(owner.url.set(drivername="postgresql", username=name, password="secret").render_as_string(False))


@pytest.fixture
async def database(postgres: PostgresServer, tmp_path: Path) -> Database:
    revision(tmp_path, "0001_initial", None, TABLE)
    found = await as_service(postgres)
    await found.migrate(tmp_path)
    for tenant in ("acme", "globex"):
        async with found.write(tenant=tenant) as tx:
            await tx.execute(notes.insert(), {"tenant": tenant, "id": "n1", "text": f"canary of {tenant}"})
    return found


async def test_a_query_without_the_filter_sees_its_own_tenant_and_nothing_else(database: Database) -> None:
    async with database.read(tenant="acme") as tx:
        assert [row.text for row in await tx.execute(notes.select())] == ["canary of acme"]
        assert (await tx.execute(notes.select().where(notes.c.tenant == "globex"))).all() == []
    await database.close()


async def test_a_write_without_the_filter_changes_nothing_of_another_tenant(database: Database) -> None:
    async with database.write(tenant="acme") as tx:
        await tx.execute(notes.update().values(text="mine"))
        await tx.execute(notes.delete().where(notes.c.tenant == "globex"))
    async with database.read(tenant="globex") as tx:
        assert [row.text for row in await tx.execute(notes.select())] == ["canary of globex"]
    await database.close()


async def test_a_row_cannot_be_put_into_another_tenant(database: Database) -> None:
    with pytest.raises(DBAPIError, match="row-level security"):
        async with database.write(tenant="acme") as tx:
            await tx.execute(notes.insert(), {"tenant": "globex", "id": "n2", "text": "planted"})
    await database.close()


async def test_a_connection_that_names_no_tenant_sees_nothing(database: Database) -> None:
    async with database._writer.connect() as connection:
        assert (await connection.execute(notes.select())).all() == []
    await database.close()


async def test_a_tenant_does_not_stay_on_a_connection(database: Database) -> None:
    for tenant in ("acme", "globex") * 5:
        async with database.read(tenant=tenant) as tx:
            assert [row.tenant for row in await tx.execute(notes.select())] == [tenant]
    await database.close()


async def test_a_sweep_over_all_tenants_says_so(database: Database) -> None:
    async with database.read(tenant=EVERY_TENANT) as tx:
        assert len((await tx.execute(notes.select())).all()) == 2
    await database.close()


async def test_a_migration_sees_all_rows_and_a_new_table_is_protected(database: Database, tmp_path: Path) -> None:
    body = TABLE.replace('"notes"', '"copies"') + '; op.execute("INSERT INTO copies SELECT * FROM notes")'
    revision(tmp_path, "0002_copies", "0001_initial", body)
    await database.migrate(tmp_path)
    for tenant, seen in (("acme", 1), (EVERY_TENANT, 2)):
        async with database.read(tenant=tenant) as tx:
            assert len((await tx.execute(text("SELECT * FROM copies"))).all()) == seen
    await database.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_every_table_with_a_tenant_is_protected(service: str, postgres: PostgresServer) -> None:
    metadata: MetaData = import_module(f"services.{service}.tables").metadata
    database = await as_service(postgres)
    await database.migrate(Path(f"services/{service}/migrations").absolute())
    async with database.read(tenant=EVERY_TENANT) as tx:
        protected, partitions = [
            set(
                (
                    await tx.execute(text(f"SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND {where}"))
                ).scalars()
            )
            for where in ("relrowsecurity AND relforcerowsecurity", "relispartition")
        ]
    await database.close()
    assert protected == {table.name for table in metadata.sorted_tables} - set(bus_tables.tables) | partitions
