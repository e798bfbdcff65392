"""Embeddings through the ledger: a text is paid for once, many texts are one request."""

import base64
import json
import struct

import pytest

from tests.services.models.batches import usage
from tests.services.models.stub import Answer, error

MODEL = "text-embedding-3-small"


def vectors(request, number=0):
    """Two numbers for each text: its length, and how many texts came with it."""
    texts = request["input"]
    data = [{"object": "embedding", "index": i, "embedding": [len(texts[i]), len(texts)]} for i in range(len(texts))]
    tokens = sum(len(text) for text in texts)
    return Answer(json.dumps({"data": data[::-1], "model": MODEL, "usage": {"prompt_tokens": tokens}}))


@pytest.fixture
def start_with_embeddings(start_with_provider, stub):
    stub.embed = vectors
    return lambda **settings: start_with_provider(upstream_embedding_models=MODEL, **settings)


async def ask(client, texts, **more):
    return await client.post("/v1/embeddings", json={"model": MODEL, "input": texts} | more)


async def test_texts_get_their_vectors_in_order_and_in_openais_shape(start_with_embeddings, stub):
    async with start_with_embeddings() as client:
        response = await ask(client, ["a", "bbb", "cc"])
        known = (await client.get("/v1/capabilities")).json()["items"]
    document = response.json()
    assert [item["embedding"] for item in document["data"]] == [[1.0, 3.0], [3.0, 3.0], [2.0, 3.0]]
    assert [item["index"] for item in document["data"]] == [0, 1, 2]
    assert document["usage"] == {"prompt_tokens": 6, "total_tokens": 6}
    assert stub.embedded == [{"model": MODEL, "input": ["a", "bbb", "cc"]}]
    assert [item["dimensions"] for item in known if item["kind"] == "embeddings"] == [2]


async def test_a_text_is_paid_for_once_whoever_asks_and_with_whatever_else(start_with_embeddings, stub):
    async with start_with_embeddings() as client:
        await ask(client, ["one", "two"], metadata={"simulation_id": "sim_1"})
        second = await ask(client, ["three", "two"], metadata={"simulation_id": "sim_2"})
        twice = await ask(client, ["four", "four"])
        used = await usage(client, "sim_2")
    assert [request["input"] for request in stub.embedded] == [["one", "two"], ["three"], ["four"]]
    assert second.json()["rehearsal"]["cached_texts"] == 1
    assert twice.json()["data"][0]["embedding"] == twice.json()["data"][1]["embedding"]
    assert (used["calls"], used["cached_calls"], used["prompt_tokens"]) == (1, 1, 5)


async def test_other_dimensions_are_another_call(start_with_embeddings, stub):
    async with start_with_embeddings() as client:
        await ask(client, "one")
        await ask(client, "one", dimensions=2)
    assert [request.get("dimensions") for request in stub.embedded] == [None, 2]


async def test_many_texts_are_few_requests_whose_tokens_add_up(start_with_embeddings, stub):
    texts = [f"text {place}" for place in range(600)]
    async with start_with_embeddings() as client:
        response = await ask(client, texts, metadata={"simulation_id": "sim_1"})
        used = await usage(client)
    assert sorted(len(request["input"]) for request in stub.embedded) == [88, 256, 256]
    assert response.json()["usage"]["prompt_tokens"] == used["prompt_tokens"] == sum(map(len, texts))
    assert used["calls"] == 600


async def test_the_openai_client_gets_its_base64(start_with_embeddings):
    async with start_with_embeddings() as client:
        response = await ask(client, ["abc"], encoding_format="base64")
    packed = response.json()["data"][0]["embedding"]
    assert struct.unpack("<2f", base64.b64decode(packed)) == (3.0, 1.0)


async def test_a_server_that_takes_small_batches_gets_small_batches(start_with_embeddings, stub):
    stub.embed = lambda request, number: (
        error(413, "batch size 64 > maximum allowed batch size 32") if len(request["input"]) > 32 else vectors(request)
    )
    async with start_with_embeddings() as client:
        first = await ask(client, [f"a{place}" for place in range(64)])
        asked = len(stub.embedded)
        second = await ask(client, [f"b{place}" for place in range(64)])
    assert (first.status_code, second.status_code) == (200, 200)
    assert len(stub.embedded) == asked + 2


async def test_one_text_that_cannot_be_taken_does_not_cost_the_others(start_with_embeddings, stub):
    stub.embed = lambda request, number: (
        error(400, "it is too long") if "long" in request["input"] else vectors(request)
    )
    async with start_with_embeddings() as client:
        failed = await ask(client, ["a", "b", "long", "d"])
        asked = len(stub.embedded)
        rest = await ask(client, ["a", "b", "d"])
    assert (failed.status_code, rest.status_code) == (502, 200)
    assert "it is too long" in failed.json()["detail"]
    assert len(stub.embedded) == asked


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"data": [{"embedding": [1.0], "index": 0}]}, "1 embeddings for 2 texts"),
        ({"data": [{"embedding": [1.0], "index": 0}, {"embedding": [1.0, 2.0], "index": 1}]}, "different lengths"),
        ({"data": [{"embedding": ["x"], "index": 0}, {"embedding": [1.0], "index": 1}]}, "not a list of numbers"),
        ({"data": [{"embedding": [], "index": 0}, {"embedding": [1.0], "index": 1}]}, "not a list of numbers"),
        ({"data": 7}, "no embeddings"),
        ([], "no embeddings"),
    ],
)
async def test_vectors_that_cannot_be_read_fail_with_their_reason(start_with_embeddings, stub, body, reason):
    stub.embed = lambda request, number: Answer(json.dumps(body))
    async with start_with_embeddings() as client:
        response = await ask(client, ["a", "b"])
    assert response.status_code == 502
    assert reason in response.json()["detail"]


async def test_the_offline_model_has_no_embeddings_and_says_who_has(start_with_embeddings):
    async with start_with_embeddings() as client:
        response = await client.post("/v1/embeddings", json={"model": "offline", "input": "x"})
    assert response.status_code == 422
    assert response.json()["errors"][0]["allowed"] == [MODEL]


async def test_where_no_model_has_embeddings_it_is_said_how_to_name_one(client):
    response = await client.post("/v1/embeddings", json={"model": "offline", "input": "x"})
    assert response.status_code == 422
    assert "embedding_models" in response.json()["detail"]


@pytest.mark.parametrize("texts", [[], "", ["a", ""], [1, 2], ["x"] * 2_049])
async def test_what_is_no_text_is_refused(start_with_embeddings, stub, texts):
    async with start_with_embeddings() as client:
        response = await ask(client, texts)
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"].startswith("input")
    assert stub.embedded == []
