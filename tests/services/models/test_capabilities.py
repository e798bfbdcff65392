"""What is known about a model: found out once, kept, found out again, corrected by what the server refuses."""

import asyncio
import json
from dataclasses import replace

import pytest

from services.models.adapters.upstream.probe import NUMBERS, WORD
from tests.services.models.batches import batch, send
from tests.services.models.servers import KINDS, Kind, openai_error, refuses, refuses_format
from tests.services.models.stub import Answer, completion, error
from tests.support.apps import eventually

MODEL = "local-model"
OPENAI, OLDER = KINDS[0], KINDS[1]
PROBE_CALLS = 2


def is_probe(request):
    return request["messages"][0]["content"].startswith((WORD[0].content, NUMBERS[0].content))


async def is_asked(stub):
    return len(stub.requests) > 0


async def known(client, model=MODEL):
    items = (await client.get("/v1/capabilities")).json()["items"]
    (found,) = [item for item in items if item["model"] == model]
    return found


async def test_nothing_is_asked_before_somebody_needs_it(start_with_provider, stub):
    async with start_with_provider(probe=True) as client:
        found = await known(client)
    assert (found["found_at"], found["format"], found["problem"]) == (None, None, None)
    assert stub.requests == []


async def test_a_thousand_calls_that_come_together_share_one_probe(start_with_provider, stub):
    stub.answer = lambda request, number: OPENAI.answer(request)
    batches = [batch(250, first=1 + 250 * place, model=MODEL) for place in range(4)]
    async with start_with_provider(probe=True, concurrency=500) as client:
        replies = await asyncio.gather(*(send(client, one) for one in batches))
        found = await known(client)
    assert {reply.status for some in replies for reply in some} == {"answered"}
    assert len(stub.requests) == 1_000 + PROBE_CALLS
    assert found["probe"]["calls"] == PROBE_CALLS
    assert 0 < found["probe"]["completion_tokens"] < 100


async def test_calls_that_come_while_a_model_is_probed_wait_for_what_is_found(start_with_provider, stub):
    stub.answer = lambda request, number: replace(OLDER.answer(request), delay_s=0.2 if is_probe(request) else 0.0)
    async with start_with_provider(probe=True) as client:
        first = asyncio.create_task(send(client, batch(3, model=MODEL)))
        await eventually(lambda: is_asked(stub))
        await send(client, batch(3, first=4, model=MODEL))
        await first
    formats = [request["response_format"]["type"] for request in stub.requests if not is_probe(request)]
    assert formats == ["json_object"] * 6


async def test_what_was_found_outlives_the_process(start_with_provider, stub):
    stub.answer = lambda request, number: OLDER.answer(request)
    async with start_with_provider(probe=True) as client:
        await send(client, batch(1, model=MODEL))
        first = await known(client)
    asked = len(stub.requests)
    async with start_with_provider(probe=True) as client:
        second = await known(client)
        await send(client, batch(1, first=2, model=MODEL))
    assert second == first
    assert len(stub.requests) == asked + 1
    assert stub.requests[-1]["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("changed", ["an hour later", "another server"])
async def test_what_was_found_is_not_believed_for_ever(start_with_provider, stub, changed):
    stub.answer = lambda request, number: OPENAI.answer(request)
    lifetime = 1e-7 if changed == "an hour later" else 24
    url = stub.url.replace("127.0.0.1", "localhost") if changed == "another server" else stub.url
    async with start_with_provider(probe=True) as client:
        await send(client, batch(1, model=MODEL))
    async with start_with_provider(probe=True, capabilities_hours=lifetime, upstream_url=url) as client:
        await send(client, batch(1, first=2, model=MODEL))
    assert sum(map(is_probe, stub.requests)) == 2 * PROBE_CALLS


async def test_a_probe_that_fails_is_shown_and_kept_nowhere(start_with_provider, stub):
    stub.answer = lambda request, number: error(401, "wrong key")
    async with start_with_provider(probe=True) as client:
        (reply,) = await send(client, batch(1, model=MODEL))
        found = await known(client)
    assert "401: wrong key" in reply.failure
    assert "401: wrong key" in found["problem"]
    assert found["format"] is None
    stub.answer = lambda request, number: OPENAI.answer(request)
    async with start_with_provider(probe=True) as client:
        (reply,) = await send(client, batch(1, model=MODEL))
        found = await known(client)
    assert (reply.status, found["format"], found["problem"]) == ("answered", "json_schema", None)


async def test_a_probe_that_fails_is_not_repeated_by_every_call(start_with_provider, stub):
    stub.answer = lambda request, number: error(401, "wrong key")
    async with start_with_provider(probe=True) as client:
        await send(client, batch(20, model=MODEL))
        await send(client, batch(20, first=21, model=MODEL))
    assert sum(map(is_probe, stub.requests)) == 1


async def test_a_refresh_finds_out_again(start_with_provider, stub):
    stub.answer = lambda request, number: OLDER.answer(request)
    async with start_with_provider(probe=True) as client:
        await send(client, batch(1, model=MODEL))
        before = await known(client)
        stub.answer = lambda request, number: OPENAI.answer(request)
        response = await client.post("/v1/capabilities/refresh", params={"model": MODEL})
        after = await known(client)
        unknown = await client.post("/v1/capabilities/refresh", params={"model": "gpt-9"})
    assert (before["format"], after["format"]) == ("json_object", "json_schema")
    assert after in response.json()["items"]
    assert after["found_at"] > before["found_at"]
    assert unknown.json()["errors"][0]["allowed"] == ["gpt-5-mini", MODEL]


async def test_a_refresh_of_everything_asks_every_model_of_every_kind(start_with_provider, stub):
    stub.answer = lambda request, number: OPENAI.answer(request)
    vector = {"data": [{"embedding": [0.1, 0.2], "index": 0}], "usage": {"prompt_tokens": 1}}
    stub.embed = lambda request, number: Answer(json.dumps(vector))
    async with start_with_provider(probe=True, upstream_embedding_models="small") as client:
        items = (await client.post("/v1/capabilities/refresh")).json()["items"]
    found = {item["model"]: item for item in items}
    assert {name: item["kind"] for name, item in found.items()} == {
        "gpt-5-mini": "chat",
        MODEL: "chat",
        "small": "embeddings",
    }
    assert found["small"]["dimensions"] == 2
    assert found[MODEL]["embedding_models"] == ["small"]


async def test_a_server_that_begins_to_refuse_what_it_took_is_asked_without_it(start_with_provider, stub):
    without_seed = Kind("", (refuses("seed", openai_error(400, "Unsupported parameter: 'seed'", param="seed")),))
    stub.answer = lambda request, number: OPENAI.answer(request)
    async with start_with_provider(probe=True) as client:
        await send(client, batch(1, model=MODEL))
        stub.answer = lambda request, number: without_seed.answer(request)
        (reply,) = await send(client, batch(1, first=2, model=MODEL))
        refused = len(stub.requests)
        await send(client, batch(1, first=3, model=MODEL))
        found = await known(client)
    assert reply.status == "answered"
    assert len(stub.requests) == refused + 1
    assert found["seed"] is False


async def test_a_server_that_loses_its_schemas_is_probed_again(start_with_provider, stub, monkeypatch):
    monkeypatch.setattr("services.models.adapters.upstream.knowledge.PAUSE_S", 0.0)
    stub.answer = lambda request, number: OPENAI.answer(request)
    async with start_with_provider(probe=True) as client:
        await send(client, batch(1, model=MODEL))
        stub.answer = lambda request, number: OLDER.answer(request)
        (reply,) = await send(client, batch(1, first=2, model=MODEL))
        await send(client, batch(1, first=3, model=MODEL))
        found = await known(client)
    assert reply.status == "answered"
    assert found["format"] == "json_object"


async def test_a_schema_that_a_server_cannot_take_does_not_cost_the_others_theirs(start_with_provider, stub):
    def answer(request, number):
        wanted = request.get("response_format", {})
        if wanted.get("type") == "json_schema" and "$defs" in wanted["json_schema"]["schema"]:
            return openai_error(400, "Invalid schema for response_format 'reply'", code="invalid_json_schema")
        return OPENAI.answer(request)

    stub.answer = answer
    difficult = batch(1, model=MODEL)
    difficult = difficult.model_copy(update={"response_schema": difficult.response_schema | {"$defs": {}}})
    async with start_with_provider(probe=True) as client:
        replies = [await send(client, difficult.model_copy(update={"seed": seed})) for seed in (1, 2)]
        await send(client, batch(1, first=2, model=MODEL))
        found = await known(client)
    asked = [request["response_format"]["type"] for request in stub.requests if not is_probe(request)]
    assert [reply.status for (reply,) in replies] == ["answered"] * 2
    assert asked == ["json_schema", "json_object", "json_object", "json_schema"]
    assert found["format"] == "json_schema"


async def test_without_probes_what_is_refused_is_learnt_call_by_call(start_with_provider, stub):
    none = Kind(
        "", (refuses_format({"json_schema", "json_object"}, lambda kind: error(400, f"no json_schema: {kind}")),)
    )
    stub.answer = lambda request, number: none.answer(request)
    async with start_with_provider(concurrency=1) as client:
        (first,) = await send(client, batch(1, model=MODEL))
        (second,) = await send(client, batch(1, first=2, model=MODEL))
    assert (first.status, second.status) == ("answered", "answered")
    formats = [request.get("response_format", {}).get("type") for request in stub.requests]
    assert formats == ["json_schema", "json_object", None, None]
    assert "JSON Schema" in stub.requests[-1]["messages"][0]["content"]


async def test_a_server_that_refuses_everything_is_given_up(start_with_provider, stub):
    complaints = ["json_schema", "json_object", "unknown seed", "unknown max_tokens", "roles must alternate"]
    stub.answer = lambda request, number: error(400, complaints[(number - 1) % len(complaints)])
    async with start_with_provider(probe=True) as client:
        (reply,) = await send(client, batch(1, model=MODEL))
        found = await known(client)
    assert reply.status == "failed"
    assert found["problem"]
    assert len(stub.requests) < 20


async def test_an_answer_whose_tokens_were_not_counted_is_estimated(start_with_provider, stub):
    document = json.loads(completion().body)
    del document["usage"]
    stub.answer = lambda request, number: Answer(json.dumps(document))
    async with start_with_provider() as client:
        (reply,) = await send(client, batch(1, model=MODEL))
    assert reply.usage.prompt_tokens > 100
    assert reply.usage.completion_tokens > 10
