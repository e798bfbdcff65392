"""The end of a models service with calls in flight: killed, or stopped before they were answered."""

import asyncio
import json
import os
import signal
import socket
import sys

import httpx
import pytest
from sqlalchemy import update

from services.models.app import create_app
from services.models.settings import Settings
from services.models.tables import calls
from tests.services.models.batches import batch, send, usage
from tests.services.models.stub import Answer, completion
from tests.support.apps import eventually, running

MODEL = "gpt-5-mini"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def test_calls_of_a_killed_process_are_orphaned_and_made_again_but_finished_ones_are_not(
    start_with_provider, stub, sqlite_url
):
    stub.answer = lambda request, number: Answer(completion().body, delay_s=0.0 if number <= 2 else 30.0)
    settings = {"upstream_url": stub.url, "upstream_models": MODEL, "database_url": sqlite_url, "probe": "false"}
    port = _free_port()
    environment = {f"REHEARSAL_MODELS_{name.upper()}": value for name, value in settings.items()}
    environment["REHEARSAL_MODELS_PORT"] = str(port)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.models", env=os.environ | environment, stderr=asyncio.subprocess.DEVNULL
    )
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:

        async def is_up():
            try:
                return (await client.get("/readyz")).status_code == 200
            except httpx.TransportError:
                return False

        await eventually(is_up, within_s=30)
        sent = batch(6, model=MODEL)
        lines = 0
        async with client.stream("POST", "/v1/turns", json=sent.model_dump(mode="json"), timeout=30) as response:
            async for _line in response.aiter_lines():
                lines += 1
                if lines == 2:
                    break
            process.send_signal(signal.SIGKILL)
            await process.wait()
    assert len(stub.requests) == 6

    stub.answer = lambda request, number: completion()
    async with start_with_provider() as client:
        orphaned = await usage(client)
        replies = await send(client, sent)
        used = await usage(client)
    assert (orphaned["calls"], orphaned["orphaned_calls"]) == (2, 4)
    assert [reply.status for reply in replies] == ["answered"] * 6
    assert [reply.usage.calls for reply in replies] == [1] * 6
    assert sum(reply.usage.cost_usd for reply in replies) == pytest.approx(used["cost_usd"])
    assert (used["calls"], used["orphaned_calls"]) == (6, 4)
    assert len(stub.requests) == 6 + 4


async def test_calls_that_a_stopping_service_did_not_wait_for_are_made_again(start, stub):
    settings = {"upstream_url": stub.url, "upstream_models": MODEL, "probe": False, "drain_s": 0.2}
    sent = batch(4, model=MODEL)
    stub.answer = lambda request, number: Answer(completion().body, delay_s=0.0 if number <= 3 else 30.0)
    async with start(**settings) as client:
        response = await client.send(
            client.build_request("POST", "/v1/turns", json=sent.model_dump(mode="json")), stream=True
        )
        await response.aclose()

        async def are_asked():
            return len(stub.requests) == 4

        await eventually(are_asked)
    stub.answer = lambda request, number: completion()
    async with start(**settings) as client:
        orphaned = await usage(client)
        replies = await send(client, sent)
    assert (orphaned["calls"], orphaned["orphaned_calls"]) == (3, 1)
    assert [reply.status for reply in replies] == ["answered"] * 4
    assert len(stub.requests) == 5


async def test_a_service_that_winds_down_finishes_the_calls_in_flight_and_begins_no_other(database_url, stub):
    settings = Settings(
        database_url=database_url, upstream_url=stub.url, upstream_models=MODEL, probe=False, initial_concurrency=2
    )
    stub.answer = lambda request, number: Answer(completion().body, delay_s=0.5)
    sent = batch(6, model=MODEL).model_dump(mode="json")
    app = create_app(settings)
    async with running("leaving", app) as client:
        asked = asyncio.create_task(client.post("/v1/turns", json=sent))

        async def are_asked():
            return len(stub.requests) == 2

        await eventually(are_asked)
        app.state.stopping.set()
        *replies, problem = map(json.loads, (await asked).text.splitlines())
        refused = await client.post("/v1/turns", json=sent)
    assert [reply["status"] for reply in replies] == ["answered"] * 2
    assert problem["status"] == 503  # whoever asks waits for another process, and asks again
    assert len(stub.requests) == 2
    assert refused.text.count("answered") == 2  # what is in the ledger is told until the end
    async with running("successor", create_app(settings)) as client:
        assert len(await send(client, batch(6, model=MODEL))) == len(stub.requests) == 6


async def test_calls_that_another_living_process_is_making_are_waited_for_and_not_made_twice(database_url, stub):
    settings = Settings(database_url=database_url, upstream_url=stub.url, upstream_models=MODEL, probe=False)
    stub.answer = lambda request, number: Answer(completion().body, delay_s=0.7)
    sent = batch(3, model=MODEL)
    app = create_app(settings)
    async with running("first", app) as first:
        begun = asyncio.create_task(send(first, sent))

        async def are_asked():
            return len(stub.requests) == 3

        await eventually(are_asked)
        async with app.state.database.write() as tx:  # as if it were another process, one that lives
            await tx.execute(update(calls).values(owner=f"{socket.gethostname()}:{os.getppid()}:other"))
        async with running("second", create_app(settings)) as second:
            replies = await send(second, sent.model_copy(update={"simulation_id": "sim_2"}))
        await begun
    assert [reply.usage.cached_calls for reply in replies] == [1, 1, 1]
    assert len(stub.requests) == 3
