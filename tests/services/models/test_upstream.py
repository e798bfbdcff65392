"""An OpenAI-compatible provider behind the ledger: a real HTTP server that answers well, badly, late, or not at all."""

import asyncio
import json

import pytest

from tests.services.models.batches import batch, send, usage
from tests.services.models.people import FUNNEL
from tests.services.models.stub import GOOD, Answer, completion, error

MODEL = "gpt-5-mini"


async def test_turns_are_answered_and_priced(start_with_provider, stub):
    async with start_with_provider() as client:
        replies = await send(client, batch(3, model=MODEL))
        used = await usage(client)
    assert [reply.status for reply in replies] == ["answered"] * 3
    assert json.loads(replies[0].content) == json.loads(GOOD)
    assert replies[0].model == "gpt-5-mini-2025-08-07"
    assert replies[0].usage.cost_usd == pytest.approx((1_000 * 0.25 + 100 * 2.0) / 1e6)
    assert used["cost_usd"] == pytest.approx(3 * replies[0].usage.cost_usd)
    assert (used["prompt_tokens"], used["is_priced"]) == (3_000, True)
    assert stub.headers[0]["authorization"] == "Bearer secret-key"


async def test_the_request_carries_schema_seed_and_all_messages(start_with_provider, stub):
    sent = batch(2, model=MODEL)
    async with start_with_provider() as client:
        await send(client, sent)
    request = stub.requests[0]
    assert request["response_format"]["json_schema"]["schema"] == sent.response_schema
    assert [message["content"] for message in request["messages"][:2]] == [m.content for m in sent.shared]
    assert "temperature" not in request
    assert len({request["seed"] for request in stub.requests}) == 2


async def test_what_was_answered_is_never_asked_again(start_with_provider, stub):
    stub.answer = lambda request, number: completion(
        GOOD if number % 2 else None, finish="stop" if number % 2 else "content_filter"
    )
    async with start_with_provider() as client:
        first = await send(client, batch(6, model=MODEL))
        again = await send(client, batch(6, model=MODEL, simulation_id="sim_2"))
    assert len(stub.requests) == 6
    assert {reply.status for reply in first} == {"answered", "failed"}
    assert [(reply.content, reply.failure) for reply in again] == [(reply.content, reply.failure) for reply in first]
    assert all(reply.usage.cached_calls == 1 for reply in again)


async def test_a_batch_asked_again_by_its_simulation_is_not_asked_upstream_and_reports_what_was_paid(
    start_with_provider, stub
):
    stub.answer = lambda request, number: completion(
        GOOD if number % 2 else None, finish="stop" if number % 2 else "content_filter"
    )
    async with start_with_provider() as client:
        first = await send(client, batch(4, model=MODEL))
    async with start_with_provider() as client:
        again = await send(client, batch(4, model=MODEL))
        used = await usage(client)
    assert len(stub.requests) == 4
    assert again == first
    assert all(reply.usage.calls == 1 and reply.usage.cost_usd > 0 for reply in again)
    assert used["cost_usd"] == pytest.approx(sum(reply.usage.cost_usd for reply in again))
    assert (used["calls"], used["cached_calls"]) == (4, 0)


async def test_a_model_without_a_price_says_so(start_with_provider, stub):
    stub.answer = lambda request, number: Answer(completion().body.replace("gpt-5-mini-2025-08-07", "local-model"))
    async with start_with_provider() as client:
        replies = await send(client, batch(1, model="local-model"))
        used = await usage(client)
    assert replies[0].usage.cost_usd == 0.0
    assert used["is_priced"] is False


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_an_overloaded_provider_is_asked_again(start_with_provider, stub, status):
    stub.answer = lambda request, number: error(status, retry_after="0") if number < 4 else completion()
    async with start_with_provider() as client:
        (reply,) = await send(client, batch(1, model=MODEL))
    assert reply.status == "answered"
    assert len(stub.requests) == 4


@pytest.mark.parametrize(
    "body",
    [
        '{"error": "overloaded"}',
        '{"error": {"message": "overloaded", "type": "server_error"}}',
        '{"error": {"message": "Rate limit", "code": 429}, "choices": []}',
        "<html>Bad gateway</html>",
    ],
)
async def test_an_error_with_status_200_is_asked_again_like_any_other(start_with_provider, stub, body):
    stub.answer = lambda request, number: Answer(body) if number < 4 else completion()
    async with start_with_provider() as client:
        (reply,) = await send(client, batch(1, model=MODEL))
    assert reply.status == "answered"
    assert len(stub.requests) == 4


async def test_retry_after_is_waited_for(start_with_provider, stub):
    stub.answer = lambda request, number: error(429, retry_after="0.4") if number == 1 else completion()
    loop = asyncio.get_running_loop()
    async with start_with_provider() as client:
        started = loop.time()
        await send(client, batch(1, model=MODEL))
    assert loop.time() - started >= 0.4


async def test_a_provider_that_asks_for_minutes_is_not_waited_for(start_with_provider, stub):
    stub.answer = lambda request, number: error(429, "come back later", retry_after="3600")
    async with start_with_provider() as client:
        (reply,) = await send(client, batch(1, model=MODEL))
    assert "come back later" in reply.failure
    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "bad request"),
        (401, "invalid key"),
        (403, "not yours"),
        (404, "no such model"),
        (429, "insufficient_quota"),
    ],
)
async def test_a_refusal_that_would_be_repeated_is_not_asked_again(start_with_provider, stub, status, message):
    stub.answer = lambda request, number: error(status, message)
    async with start_with_provider() as client:
        replies = await send(client, batch(40, model=MODEL))
    assert all(f"{status}: {message}" in reply.failure and "secret-key" not in reply.failure for reply in replies)
    assert len(stub.requests) == 40


async def test_a_call_that_was_not_answered_is_made_again_when_asked_for_again(start_with_provider, stub):
    stub.answer = lambda request, number: error(401) if number == 1 else completion()
    async with start_with_provider() as client:
        (first,) = await send(client, batch(1, model=MODEL))
        (again,) = await send(client, batch(1, model=MODEL))
        used = await usage(client)
    assert (first.status, again.status) == ("failed", "answered")
    assert (used["calls"], used["failed_calls"]) == (1, 0)


@pytest.mark.parametrize(("count", "allowed"), [(1, 4), (5, 8), (50, 60)])
async def test_an_outage_is_not_multiplied_by_retries(start_with_provider, stub, count, allowed):
    async with start_with_provider() as client:
        await send(client, batch(150, first=500, model=MODEL, simulation_id="earlier"))
        stub.requests.clear()
        stub.answer = lambda request, number: error(503, retry_after="0")
        replies = await send(client, batch(count, model=MODEL))
    assert {reply.status for reply in replies} == {"failed"}
    assert len(stub.requests) <= allowed


async def test_a_pilot_of_five_does_not_lose_an_agent_to_a_few_refusals(start_with_provider, stub):
    stub.answer = lambda request, number: error(429, retry_after="0") if number <= 3 else completion()
    async with start_with_provider() as client:
        replies = await send(client, batch(5, model=MODEL))
    assert [reply.status for reply in replies] == ["answered"] * 5
    assert len(stub.requests) == 8


async def test_a_call_that_is_not_tried_again_for_want_of_budget_says_so_and_is_counted(start_with_provider, stub):
    stub.answer = lambda request, number: error(429, "slow down", retry_after="0") if number <= 4 else completion()
    async with start_with_provider() as client:
        replies = await send(client, batch(5, model=MODEL))
        load = (await client.get("/v1/load")).json()["items"][0]
    (failed,) = [reply.failure for reply in replies if reply.status == "failed"]
    assert failed == "the provider answered 429: slow down (not tried again: the retry budget is used up)"
    assert (load["retries"], load["not_retried"]) == (3, 1)


async def test_a_provider_that_is_too_slow_fails_the_turn(start_with_provider, stub):
    stub.answer = lambda request, number: Answer(GOOD, delay_s=5.0)
    async with start_with_provider(timeout_s=0.05) as client:
        (reply,) = await send(client, batch(1, model=MODEL))
    assert "did not answer within 0.05 s" in reply.failure
    assert len(stub.requests) > 1


async def test_a_provider_that_is_not_there_fails_the_turn(start_with_provider):
    async with start_with_provider(upstream_url="http://127.0.0.1:9/v1") as client:
        (reply,) = await send(client, batch(1, model=MODEL))
    assert "cannot be reached: ConnectionRefusedError" in reply.failure


async def test_no_more_calls_are_in_flight_than_allowed(start_with_provider, stub):
    stub.answer = lambda request, number: Answer(completion().body, delay_s=0.01)
    async with start_with_provider(concurrency=3) as client:
        await asyncio.gather(*(send(client, batch(10, first=10 * i, model=MODEL)) for i in range(1, 4)))
    assert stub.most_in_flight == 3


async def test_a_finished_turn_is_handed_out_while_others_are_still_waited_for(start_with_provider, stub):
    stub.answer = lambda request, number: Answer(completion().body, delay_s=0.0 if number == 1 else 1.0)
    sent = batch(2, model=MODEL)
    loop = asyncio.get_running_loop()
    async with start_with_provider(concurrency=2) as client:
        started = loop.time()
        async with client.stream(
            "POST", "/v1/turns", content=sent.model_dump_json(), headers={"content-type": "application/json"}
        ) as response:
            async for _line in response.aiter_lines():
                break
            waited = loop.time() - started
    assert waited < 0.9


async def test_a_client_that_waits_for_long_gets_signs_of_life_from_the_start(start_with_provider, stub, monkeypatch):
    monkeypatch.setattr("services.models.api.turns.QUIET_S", 0.05)
    stub.answer = lambda request, number: Answer(completion().body, delay_s=0.5)
    body = batch(1, model=MODEL).model_dump(mode="json")
    loop = asyncio.get_running_loop()
    async with start_with_provider() as client:
        started = loop.time()
        async with client.stream("POST", "/v1/turns", json=body) as response:
            waited = loop.time() - started
            chunks = [chunk async for chunk in response.aiter_bytes()]
    assert waited < 0.4
    assert chunks[:3] == [b"\n"] * 3
    assert json.loads(b"".join(chunks))["status"] == "answered"


async def test_chat_parameters_reach_the_provider(start_with_provider, stub):
    stub.answer = lambda request, number: completion("Hello.")
    body = {"model": MODEL, "messages": [{"role": "developer", "content": "?"}], "top_p": 0.5, "stop": ["x"]}
    async with start_with_provider() as client:
        response = await client.post("/v1/chat/completions", json=body | {"max_tokens": 9, "temperature": 0.2})
    assert response.json()["choices"][0]["message"]["content"] == "Hello."
    request = stub.requests[0]
    assert (request["top_p"], request["stop"], request["temperature"]) == (0.5, ["x"], 0.2)
    assert request["max_completion_tokens"] == 9
    assert request["messages"][0]["role"] == "system"


async def test_the_offline_model_stays_beside_a_provider(start_with_provider, stub):
    async with start_with_provider() as client:
        listed = (await client.get("/v1/models")).json()["data"]
        (reply,) = await send(client, batch(1, instruments=FUNNEL))
    assert [model["id"] for model in listed] == ["offline", "gpt-5-mini", "local-model"]
    assert reply.model.startswith("offline")
    assert stub.requests == []
