"""How many rows PostgreSQL samples of our tables when it takes statistics."""

from pathlib import Path

import pytest
from sqlalchemy import text

from libs.db import Database
from libs.db.sampling import TARGET
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.postgres
MIGRATION = """
from alembic import op
revision, down_revision = "0001_initial", None
def upgrade():
    op.execute("CREATE TABLE wide AS SELECT i, repeat('x', 900) FROM generate_series(1, 12000) i")
"""


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    (tmp_path / "0001_initial.py").write_text(MIGRATION)
    return tmp_path


async def target_after(database: Database, migrations: Path) -> int:
    """What a connection made after the migration has."""
    await database.migrate(migrations)
    await database.close()
    async with database.read() as tx:
        return int((await tx.execute(text("SHOW default_statistics_target"))).scalar_one())


async def test_a_migrated_database_samples_fewer_rows(postgres: PostgresServer, migrations: Path) -> None:
    database = Database(postgres.create_database())
    assert await target_after(database, migrations) == TARGET
    async with database.write() as tx:
        await tx.execute(text("ANALYZE wide"))
        rows = await tx.execute(
            text("SELECT cardinality(histogram_bounds::text::text[]) FROM pg_stats WHERE attname='i'")
        )
        assert rows.scalar_one() == TARGET + 1
    await database.close()


async def test_what_an_operator_has_set_is_left_as_it_is(postgres: PostgresServer, migrations: Path) -> None:
    database = Database(postgres.create_database())
    async with database.write() as tx:
        await tx.execute(text(f"ALTER DATABASE {database.url.database} SET default_statistics_target = 77"))
    assert await target_after(database, migrations) == 77
    await database.close()


async def test_a_role_that_does_not_own_the_database_migrates_all_the_same(
    postgres: PostgresServer, migrations: Path
) -> None:
    url = postgres.create_database()
    administrator = Database(url)
    role = f"{administrator.url.database}_user"
    async with administrator.write() as tx:
        await tx.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'"))
        await tx.execute(text(f"GRANT ALL ON SCHEMA public TO {role}"))
    await administrator.close()
    own = administrator.url.set(drivername="postgresql", username=role, password="secret")
    database = Database(own.render_as_string(False))
    assert await target_after(database, migrations) == 100
    await database.close()
