"""A connection whose other end is gone without a word is not believed in for long."""

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text

from chaos.proxy import Proxy
from libs.db import Database, is_away
from libs.db import postgres as sockets
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.postgres


@pytest.fixture
def stood_before(postgres: PostgresServer) -> Iterator[tuple[str, Proxy]]:
    """A new database, reached through a proxy."""
    parts = urlsplit(postgres.create_database())
    folder = parse_qs(parts.query).get("host")
    if folder is None:
        pytest.skip("this PostgreSQL has no socket of its own here")
    proxy = Proxy(Path(folder[0]) / ".s.PGSQL.5432")
    yield f"postgresql://{parts.username}:{parts.password or ''}@127.0.0.1:{proxy.port}{parts.path}", proxy
    proxy.close()


async def asked(database: Database, proxy: Proxy) -> None:
    """A query on a connection that loses its other end before it."""
    async with database.read() as tx:
        assert proxy.strand() == 1
        await tx.execute(text("SELECT 1"))


async def test_a_half_open_connection_is_given_up_soon_and_the_next_one_works(
    stood_before: tuple[str, Proxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "GONE_S", 1)
    url, proxy = stood_before
    database = Database(url)
    try:
        begun = time.monotonic()
        with pytest.raises(Exception) as lost:  # noqa: PT011 - which one it is, is the question
            await asked(database, proxy)
        assert is_away(lost.value), repr(lost.value)
        assert time.monotonic() - begun < 15
        async with database.read() as tx:
            assert (await tx.execute(text("SELECT 1"))).scalar_one() == 1
    finally:
        await database.close()
