"""A tenant is taken out of a database whole, and stays out."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, LargeBinary, MetaData, String, Table, func, select

from libs.bus import Outbox
from libs.bus.tables import OUTBOX
from libs.db import EVERY_TENANT, Database, JsonDocument, TenantErasedError, UtcDateTime, tenant_column, tenants
from libs.runtime.tenancy import erase
from tests.libs.bus.parts import Noted

MIGRATION = """
import sqlalchemy as sa
from alembic import op
from libs.bus.tables import create
from libs.db import UtcDateTime
revision, down_revision = "0001_initial", None
def upgrade():
    create()
    op.create_table("notes", sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True), sa.Column("body", sa.JSON),
        sa.Column("picture", sa.LargeBinary), sa.Column("at", UtcDateTime))
"""
NOTES = Table(
    "notes",
    MetaData(),
    tenant_column(),
    Column("id", String(64), primary_key=True),
    Column("body", JsonDocument),
    Column("picture", LargeBinary),
    Column("at", UtcDateTime),
)
TENANTS = ("acme", "acme_2", "acme-2", "globex")
"""`_` is a wildcard of LIKE: `acme_2` would be `acme-2` too."""


@pytest.fixture
async def database(database_url: str, tmp_path: Path) -> AsyncIterator[Database]:
    """With three notes and an outgoing message of each tenant."""
    (tmp_path / "0001_initial.py").write_text(MIGRATION)
    opened = Database(database_url)
    await opened.migrate(tmp_path)
    for tenant in TENANTS:
        async with opened.write(tenant=tenant) as tx:
            for number in range(3):
                note = {"id": str(number), "body": {"text": f"canary of {tenant}"}, "picture": b"\xff"}
                await tx.execute(NOTES.insert(), {"tenant": tenant, **note})
            await Outbox("population").add(tx, Noted(text=f"canary of {tenant}"))
    yield opened
    await opened.close()


async def left(database: Database) -> dict[str, int]:
    """Notes and messages by tenant."""
    async with database.read(tenant=EVERY_TENANT) as tx:
        counted = await tx.execute(select(NOTES.c.tenant, func.count()).group_by(NOTES.c.tenant))
        notes = {tenant: int(count) for tenant, count in counted}
        subjects = [subject.split(".")[2] for subject in (await tx.execute(select(OUTBOX.c.subject))).scalars()]
    return {tenant: notes.get(tenant, 0) + subjects.count(tenant) for tenant in TENANTS}


async def test_all_of_a_tenant_is_deleted_and_nothing_of_another(database: Database) -> None:
    assert await erase(database, "acme_2") == {"notes": 3, "outbox": 1}
    assert await left(database) == {"acme": 4, "acme_2": 0, "acme-2": 4, "globex": 4}
    assert await erase(database, "acme_2") == {}


async def test_nothing_is_written_for_it_any_more_here_or_by_another_process(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Database(database.url.render_as_string(hide_password=False))
    await other.migrate(tmp_path)
    async with other.write(tenant="acme"):
        """Now it has seen which tenants are closed."""
    await erase(database, "acme")
    monkeypatch.setattr("libs.db.database.CLOSED_SEEN_S", 0.0)
    for process in (database, other):
        with pytest.raises(TenantErasedError, match="'acme' was erased"):
            async with process.write(tenant="acme") as tx:
                await tx.execute(NOTES.insert(), {"tenant": "acme", "id": "late"})
        assert await process.is_closed("acme")
        async with process.write(tenant="globex") as tx:
            await tx.execute(NOTES.insert(), {"tenant": "globex", "id": str(id(process))})
    assert (await left(database))["acme"] == 0
    await other.close()


async def test_an_export_holds_every_row_of_the_tenant_and_no_other(database: Database) -> None:
    async with database.read(tenant="acme") as tx:
        found = [row async for row in tenants.rows(tx)]
    expected = {"tenant": "acme", "body": {"text": "canary of acme"}, "picture": "/w==", "at": None}
    assert sorted(found, key=lambda row: str(row[1]["id"])) == [
        ("notes", {"id": str(number)} | expected) for number in range(3)
    ]


async def test_on_sqlite_what_was_deleted_is_overwritten(database: Database, sqlite_url: str) -> None:
    if database.dialect != "sqlite":
        pytest.skip("PostgreSQL vacuums")
    await erase(database, "globex")
    await database.close()  # the last connection brings the log into the file
    content = Path(str(database.url.database)).read_bytes()
    assert b"canary of acme" in content
    assert b"canary of globex" not in content
