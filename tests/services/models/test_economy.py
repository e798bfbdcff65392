"""Mode economy: calls in a provider's batch jobs, which outlive the process that submitted them."""

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager

import httpx
import pytest

from services.models.app import create_app
from services.models.settings import Settings
from tests.services.models.batch_stub import BatchStub, expired, made, serving_batches
from tests.services.models.batches import batch, send, usage
from tests.services.models.stub import GOOD, completion, error
from tests.support.apps import eventually, running

MODEL = "gpt-5-mini"
SETTINGS = {"upstream_models": MODEL, "batches": True, "probe": False, "economy_linger_s": 0.05, "economy_poll_s": 0.05}


@pytest.fixture
async def provider():
    async with serving_batches(BatchStub()) as stub:
        yield stub


def starting(provider, url):
    @asynccontextmanager
    async def start(**settings):
        given = SETTINGS | {"upstream_url": provider.url, "database_url": url} | settings
        async with running("models", create_app(Settings(**given))) as client:
            yield client

    return start


@pytest.fixture
def start_economy(sqlite_url, provider):
    """Start the service; its jobs end when the provider says so."""
    return starting(provider, sqlite_url)


@pytest.fixture
def start_on_both(database_url, provider):
    """The same on both stores."""
    return starting(provider, database_url)


def economy(count=3, **changes):
    return batch(count, **({"model": MODEL, "mode": "economy"} | changes))


async def job(client):
    (only,) = (await client.get("/v1/jobs")).json()["items"]
    return only


async def is_in_state(client, state):
    items = (await client.get("/v1/jobs")).json()["items"]
    return bool(items) and all(item["state"] == state for item in items)


async def is_closed(client):
    return await is_in_state(client, "closed")


async def submitted(provider, number=1):
    async def are():
        return len(provider.batches) >= number

    await eventually(are)


async def test_calls_are_made_in_a_job_at_half_the_price(start_on_both, provider):
    async with start_on_both() as client:
        asked = asyncio.create_task(send(client, economy(3)))
        await eventually(lambda: is_in_state(client, "submitted"))
        waiting = await job(client)
        provider.status = "completed"
        replies = await asked
        used = await usage(client)

        async def are_deleted():
            return sorted(provider.deleted) == ["batch_0_output", "file_0"]

        await eventually(are_deleted)
    assert [reply.status for reply in replies] == ["answered"] * 3
    assert json.loads(replies[0].content) == json.loads(GOOD)
    assert replies[0].usage.cost_usd == pytest.approx((1_000 * 0.25 + 100 * 2.0) / 1e6 / 2)
    assert used["cost_usd"] == pytest.approx(3 * replies[0].usage.cost_usd)
    assert (waiting["calls"], waiting["batch_id"], waiting["endpoint"]) == (3, "batch_0", "upstream")
    assert provider.requests == []
    (made_batch,) = provider.batches.values()
    assert (made_batch["endpoint"], made_batch["completion_window"]) == ("/v1/chat/completions", "24h")


async def test_the_lines_are_the_requests_that_would_be_made_at_once(start_economy, provider):
    provider.status = "completed"
    async with start_economy() as client:
        await send(client, economy(1))
        await send(client, batch(1, first=2, model=MODEL))
    (line,) = provider.files["file_0"].split("\n")
    document = json.loads(line)
    assert (document["method"], document["url"]) == ("POST", "/v1/chat/completions")
    assert set(document["body"]) == set(provider.requests[0])
    assert document["body"]["response_format"] == provider.requests[0]["response_format"]


async def test_deliveries_that_come_together_share_a_job(start_economy, provider):
    provider.status = "completed"
    async with start_economy(economy_linger_s=0.3) as client:
        await asyncio.gather(*(send(client, economy(4, first=1 + 4 * place)) for place in range(3)))
    assert len(provider.batches) == 1
    assert len(provider.submitted) == 12


async def test_a_job_that_is_full_does_not_wait(start_economy, provider, monkeypatch):
    monkeypatch.setattr("services.models.adapters.upstream.desk.MOST_CALLS", 4)
    provider.status = "completed"
    async with start_economy(economy_linger_s=0.2) as client:
        replies = await send(client, economy(10))
    assert {reply.status for reply in replies} == {"answered"}
    assert sorted(len(text.split("\n")) for name, text in provider.files.items() if name.startswith("file")) == [
        2,
        4,
        4,
    ]


async def test_an_answer_is_the_same_in_both_modes_and_paid_once(start_economy, provider):
    provider.status = "completed"
    async with start_economy() as client:
        first = await send(client, economy(2))
        at_once = await send(client, batch(2, model=MODEL))
    assert [reply.content for reply in at_once] == [reply.content for reply in first]
    assert at_once == first
    assert provider.requests == []


async def test_a_stopped_service_goes_on_with_its_job(start_on_both, provider):
    async with start_on_both() as client:
        asked = asyncio.create_task(send(client, economy(3)))
        await submitted(provider)
        loop = asyncio.get_running_loop()
        began = loop.time()
    assert loop.time() - began < 5.0
    with pytest.raises((AssertionError, httpx.HTTPError)):
        await asked
    provider.status = "completed"
    async with start_on_both() as client:
        replies = await send(client, economy(3))
        used = await usage(client)
        await eventually(lambda: is_closed(client))
    assert [reply.usage.calls for reply in replies] == [1] * 3
    assert (used["calls"], used["orphaned_calls"]) == (3, 0)
    assert len(provider.batches) == 1


async def test_a_job_is_settled_also_when_nobody_asks_again(start_economy, provider):
    async with start_economy() as client:
        asked = asyncio.create_task(send(client, economy(3)))
        await submitted(provider)
    await asyncio.gather(asked, return_exceptions=True)
    provider.status = "completed"
    async with start_economy() as client:
        await eventually(lambda: is_closed(client))
        used = await usage(client)
    assert (used["calls"], used["failed_calls"], used["orphaned_calls"]) == (3, 0, 0)


async def _killed(provider, url, crash_at):
    """A process that asks for three turns and is killed at some point."""
    given = SETTINGS | {"upstream_url": provider.url, "database_url": url, "port": 0}
    environment = {f"REHEARSAL_MODELS_{name.upper()}": str(value) for name, value in given.items()}
    script = f"""
import asyncio, os, signal
import services.models.adapters.upstream.desk as desk
from services.models.app import create_app
from services.models.settings import Settings
from tests.services.models.batches import send
from tests.services.models.test_economy import economy
from tests.support.apps import running

def die(*_args, **_more):
    os.kill(os.getpid(), signal.SIGKILL)

async def main():
    app = create_app(Settings())
    server = app.state.service._servers[0]
    if {crash_at!r} == "before the provider has it":
        server.economy._batches.submit = die
    if {crash_at!r} == "before its id is kept":
        server.economy._jobs.submitted = die
    if {crash_at!r} == "before its results are in the ledger":
        server.economy._hand_out = die
    async with running("models", app) as client:
        await send(client, economy(3))

asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, env=os.environ | environment, stderr=asyncio.subprocess.DEVNULL
    )
    await asyncio.wait_for(process.wait(), 120)
    assert process.returncode == -signal.SIGKILL


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "crash_at", ["before the provider has it", "before its id is kept", "before its results are in the ledger"]
)
async def test_a_killed_process_submits_nothing_twice(start_on_both, provider, database_url, crash_at):
    provider.status = "completed"
    await _killed(provider, database_url, crash_at)
    async with start_on_both() as client:
        replies = await send(client, economy(3))
        used = await usage(client)
        await eventually(lambda: is_closed(client))
    assert [reply.status for reply in replies] == ["answered"] * 3
    assert len(provider.batches) == 1
    assert len(set(provider.submitted)) == len(provider.submitted) == 3
    assert (used["calls"], used["orphaned_calls"]) == (3, 0)
    assert sum(reply.usage.cost_usd for reply in replies) == pytest.approx(used["cost_usd"])


async def test_an_answer_of_the_provider_that_got_lost_makes_no_second_job(start_economy, provider):
    provider.status, provider.lose_create = "completed", True
    async with start_economy() as client:
        replies = await send(client, economy(3))
    assert [reply.status for reply in replies] == ["answered"] * 3
    assert len(provider.batches) == 1


async def test_lines_that_expired_or_failed_are_failed_calls_with_their_reason(start_economy, provider):
    lines = iter(
        [lambda line: made(line, completion()), expired, lambda line: made(line, error(400, "it is too long"))]
    )
    outcomes = {}
    provider.answer_line = lambda line: outcomes.setdefault(line["custom_id"], next(lines, expired)(line))
    provider.status = "expired"
    async with start_economy() as client:
        replies = await send(client, economy(3))
        used = await usage(client)
    failures = sorted(reply.failure or "" for reply in replies)
    assert failures[0] == ""
    assert "before the completion window" in failures[1]
    assert failures[2] == "the provider answered 400: it is too long"
    assert (used["calls"], used["failed_calls"]) == (3, 2)


async def test_a_job_that_the_provider_refuses_fails_its_calls_with_the_reason(start_economy, provider):
    provider.status, provider.errors = "failed", [{"code": "invalid", "message": "the model has no batches"}]
    async with start_economy() as client:
        replies = await send(client, economy(2))
        shown = await job(client)
    assert {reply.failure for reply in replies} == {
        "the batch job failed before this call was made: the model has no batches"
    }
    assert "no batches" in shown["problem"]


async def test_calls_of_a_failed_job_are_made_again_when_asked_for_again(start_economy, provider):
    provider.status = "failed"
    async with start_economy() as client:
        first = await send(client, economy(2))
        await eventually(lambda: is_closed(client))
        provider.status = "completed"
        again = await send(client, economy(2))
    assert {reply.status for reply in first} == {"failed"}
    assert {reply.status for reply in again} == {"answered"}
    assert len(provider.batches) == 2


async def test_a_reply_of_a_job_that_cannot_be_read_is_asked_for_once_more_at_once(start_economy, provider):
    provider.answer_line = lambda line: made(line, completion("I would rather not."))
    provider.status = "completed"
    async with start_economy() as client:
        (reply,) = await send(client, economy(1))
        used = await usage(client)
    assert (reply.status, reply.usage.calls) == ("answered", 2)
    assert reply.usage.cost_usd == pytest.approx(1.5 * (1_000 * 0.25 + 100 * 2.0) / 1e6)
    assert used["repaired_calls"] == 1
    assert len(provider.requests) == 1


async def test_a_provider_that_is_away_while_it_is_polled_is_waited_for(start_economy, provider):
    async with start_economy() as client:
        asked = asyncio.create_task(send(client, economy(1)))
        await submitted(provider)
        show, provider._shown = provider._shown, lambda name: 1 / 0
        await asyncio.sleep(0.3)
        provider._shown, provider.status = show, "completed"
        (reply,) = await asked
    assert reply.status == "answered"


async def test_economy_is_refused_by_name_where_there_are_no_batch_jobs(start_economy):
    async with start_economy(batches=False) as client:
        refused = await client.post("/v1/turns", json=economy(1).model_dump(mode="json"))
    assert refused.status_code == 422
    (problem,) = refused.json()["errors"]
    assert (problem["field"], problem["allowed"]) == ("mode", ["interactive"])
    assert MODEL in problem["message"]


async def test_azure_is_asked_at_its_own_addresses(start_economy, provider, tmp_path):
    provider.status = "completed"
    models = [{"name": "mini-eu", "served_as": "my-batches"}]
    endpoint = {"name": "eu", "kind": "azure", "api_version": "2024-10-21", "models": models, "batches": True}
    endpoint |= {"url": provider.url.removesuffix("/v1"), "probe": False}
    file = tmp_path / "endpoints.json"
    file.write_text(json.dumps({"endpoints": [endpoint]}))
    async with start_economy(endpoints_file=file) as client:
        (reply,) = await send(client, economy(1, model="mini-eu"))
        await eventually(lambda: is_closed(client))
    assert reply.status == "answered"
    line = json.loads(provider.files["file_0"])
    assert (line["url"], line["body"]["model"]) == ("/chat/completions", "my-batches")
    assert {path.partition("?")[2] for path in provider.file_paths} == {"api-version=2024-10-21"}


async def test_a_model_may_be_one_of_batch_jobs_whoever_asks_for_it(start_economy, provider, tmp_path):
    provider.status = "completed"
    models = [{"name": "mini-economy", "served_as": MODEL, "mode": "economy"}]
    endpoint = {"name": "cheap", "url": provider.url, "models": models, "batches": True, "probe": False}
    file = tmp_path / "endpoints.json"
    file.write_text(json.dumps({"endpoints": [endpoint]}))
    async with start_economy(endpoints_file=file) as client:
        (reply,) = await send(client, batch(1, model="mini-economy"))
        await send(client, batch(1, first=2, model="mini-economy", mode="interactive"))
    assert reply.usage.cost_usd == pytest.approx((1_000 * 0.25 + 100 * 2.0) / 1e6 / 2)
    assert (len(provider.submitted), len(provider.requests)) == (1, 1)


async def test_the_offline_model_has_no_batch_jobs(client):
    body = {"model": "offline", "messages": [{"role": "user", "content": "?"}], "mode": "economy"}
    response = await client.post("/v1/chat/completions", json=body)
    assert response.status_code == 422
    assert "batches: true" in response.json()["detail"]


async def test_a_chat_may_be_made_in_a_job_too(start_economy, provider):
    provider.answer_line = lambda line: made(line, completion("Hello."))
    provider.status = "completed"
    async with start_economy() as client:
        response = await client.post(
            "/v1/chat/completions",
            json={"model": MODEL, "messages": [{"role": "user", "content": "?"}], "mode": "economy"},
        )
    assert response.json()["choices"][0]["message"]["content"] == "Hello."
