"""The database goes away while calls are being made: what was answered meanwhile is kept, and not paid for again."""

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from chaos.proxy import Proxy
from services.models.app import create_app
from services.models.settings import Settings
from tests.services.models.batches import batch, send, usage
from tests.services.models.stub import Answer, Stub, completion
from tests.support.apps import eventually, running
from tests.support.postgres import PostgresServer

MODEL = "gpt-5-mini"
CALLS = 12


@pytest.mark.postgres
@pytest.mark.parametrize("is_refused", [True, False], ids=["refused", "not answered"])
async def test_answers_that_come_while_the_database_is_away_are_kept_until_it_is_back(
    is_refused: bool, postgres: PostgresServer, stub: Stub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.db.postgres.CONNECT_S", 0.3)
    parts = urlsplit(postgres.create_database())
    proxy = Proxy(Path(parse_qs(parts.query)["host"][0]) / ".s.PGSQL.5432")
    url = f"postgresql://{parts.username}:{parts.password or ''}@127.0.0.1:{proxy.port}{parts.path}"
    stub.answer = lambda request, number: Answer(completion().body, delay_s=0.5)
    settings = Settings(database_url=url, upstream_url=stub.url, upstream_models=MODEL, probe=False)
    async with running("models", create_app(settings)) as client:
        answered = asyncio.create_task(send(client, batch(CALLS, model=MODEL)))

        async def are_being_made() -> bool:
            return len(stub.requests) == CALLS

        await eventually(are_being_made)
        leave = proxy.refuse if is_refused else proxy.deafen
        leave(True)
        await asyncio.to_thread(proxy.reset)
        await asyncio.sleep(1.5)
        assert not answered.done()
        leave(False)
        replies = await answered
        spent = await usage(client)
    proxy.close()
    assert len(replies) == len(stub.requests) == CALLS
    assert (spent["calls"], spent["failed_calls"], spent["orphaned_calls"]) == (CALLS, 0, 0)
