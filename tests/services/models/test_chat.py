"""The OpenAI-compatible face of the models service."""

import json

import pytest

from tests.services.models.batches import usage

QUESTION = [{"role": "system", "content": "You are a nurse who loves hiking."}, {"role": "user", "content": "A trip?"}]


async def _chat(client, **body):
    return await client.post("/v1/chat/completions", json={"model": "offline", "messages": QUESTION} | body)


async def test_a_plain_chat_is_answered_in_openais_shape(client):
    response = await _chat(client)
    answer = response.json()
    assert response.status_code == 200
    assert answer["object"] == "chat.completion"
    assert answer["choices"][0]["message"]["content"]
    assert answer["usage"]["total_tokens"] > 0


async def test_the_same_seed_is_answered_from_the_ledger(client):
    first, again = [(await _chat(client, seed=3, metadata={"simulation_id": "sim_1"})).json() for _ in range(2)]
    used = await usage(client)
    assert again["choices"] == first["choices"]
    assert (first["rehearsal"]["is_cached"], again["rehearsal"]["is_cached"]) == (False, True)
    assert (used["calls"], used["cached_calls"]) == (1, 1)


async def test_without_a_seed_every_request_is_a_new_draw(client):
    answers = [(await _chat(client)).json() for _ in range(2)]
    assert [answer["rehearsal"]["is_cached"] for answer in answers] == [False, False]


async def test_two_agents_never_share_an_answer(client):
    answers = [(await _chat(client, seed=3, user=user)).json() for user in ("agent_1", "agent_2")]
    assert [answer["rehearsal"]["is_cached"] for answer in answers] == [False, False]


async def test_a_response_format_is_kept(client):
    schema = {
        "type": "object",
        "properties": {
            "verdict": {"type": "string", "enum": ["yes", "no"]},
            "score": {"type": "integer", "minimum": 0, "maximum": 9},
            "notes": {"type": "array", "items": {"$ref": "#/$defs/note"}},
        },
        "required": ["verdict", "score", "notes"],
        "$defs": {"note": {"type": "object", "properties": {"text": {"type": "string"}}}},
    }
    wanted = {"type": "json_schema", "json_schema": {"name": "verdict", "strict": True, "schema": schema}}
    answer = json.loads((await _chat(client, response_format=wanted)).json()["choices"][0]["message"]["content"])
    loose = (await _chat(client, response_format={"type": "json_object"})).json()
    assert answer["verdict"] in {"yes", "no"}
    assert answer["score"] in range(10)
    assert answer["notes"][0]["text"]
    assert isinstance(json.loads(loose["choices"][0]["message"]["content"]), dict)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"model": "gpt-9"}, "model"),
        ({"messages": []}, "messages"),
        ({"temprature": 1}, "temprature"),
        ({"n": 2}, "n"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools"),
        ({"logprobs": True}, "logprobs"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages.0.role"),
    ],
)
async def test_what_is_not_understood_is_refused_by_name(client, body, field):
    response = await _chat(client, **body)
    assert response.status_code == 422
    assert [problem["field"] for problem in response.json()["errors"]] == [field]


async def test_a_simulation_without_calls_used_nothing(client):
    response = await client.get("/v1/usage", params={"simulation_id": "sim_0"})
    used = response.json()
    assert (used["simulation_id"], used["models"], used["cost_usd"]) == ("sim_0", [], 0.0)
