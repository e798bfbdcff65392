"""kill -9 of the models service with calls in flight."""

import asyncio
import os
import signal
import socket
import sys

import httpx

from tests.services.models.batches import batch, send, usage
from tests.services.models.stub import Answer, completion
from tests.support.apps import eventually

MODEL = "gpt-5-mini"


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


async def test_calls_of_a_killed_process_are_orphaned_and_made_again_but_finished_ones_are_not(
    start, stub, database_url
):
    stub.answer = lambda request, number: Answer(completion().body, delay_s=0.0 if number <= 2 else 30.0)
    settings = {"upstream_url": stub.url, "upstream_models": MODEL}
    port = _free_port()
    environment = {f"REHEARSAL_MODELS_{name.upper()}": value for name, value in settings.items()}
    environment |= {"REHEARSAL_MODELS_DATABASE_URL": database_url, "REHEARSAL_MODELS_PORT": str(port)}
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
    async with start(**settings) as client:
        orphaned = await usage(client)
        replies = await send(client, sent)
        used = await usage(client)
    assert (orphaned["calls"], orphaned["orphaned_calls"]) == (2, 4)
    assert [reply.status for reply in replies] == ["answered"] * 6
    assert sum(reply.usage.calls for reply in replies) == 4
    assert sum(reply.usage.cached_calls for reply in replies) == 2
    assert (used["calls"], used["orphaned_calls"]) == (6, 4)
    assert len(stub.requests) == 6 + 4
