"""Every kind of server: what a probe finds, and that turns are answered by it."""

import json

import pytest

from tests.services.models.batches import batch, send
from tests.services.models.servers import (
    KINDS,
    azure_error,
    bare_error,
    litellm_error,
    llama_error,
    ollama_error,
    openai_error,
    plain_error,
    tgi_error,
)

MODEL = "local-model"
FOUND = {
    "format": "json_schema",
    "token_limit": "max_completion_tokens",
    "seed": True,
    "system_role": True,
    "consecutive_messages": True,
    "usage": True,
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
async def test_a_server_is_understood_and_answers(start_with_provider, stub, kind):
    stub.answer = lambda request, number: kind.answer(request)
    async with start_with_provider(probe=True) as client:
        replies = await send(client, batch(2, model=MODEL, max_completion_tokens=900))
        asked = len(stub.requests)
        (found,) = [item for item in (await client.get("/v1/capabilities")).json()["items"] if item["model"] == MODEL]
    assert [reply.failure for reply in replies] == [None, None]
    assert all(json.loads(reply.content)["answers"]["open_rate"] is True for reply in replies)
    assert {name: found[name] for name in FOUND} == FOUND | dict(kind.expected)
    assert found["probe"]["calls"] == asked - 2 <= 6
    *_, last = stub.requests
    assert last[found["token_limit"]] == 900
    assert ("seed" in last) is found["seed"]


ERRORS = {
    "OpenAI": openai_error(400, "it is too long", code="context_length_exceeded"),
    "Azure": azure_error(404, "DeploymentNotFound", "it is not deployed"),
    "vLLM": bare_error(400, "it is too long"),
    "llama.cpp": llama_error(400, "it exceeds the context"),
    "Ollama": ollama_error(404, "it is not found, try pulling it first"),
    "TGI": tgi_error(422, "it must have less tokens"),
    "axum": plain_error(422, "it cannot be deserialized"),
    "LiteLLM": litellm_error(400, "it is a bad request"),
}


@pytest.mark.parametrize("name", ERRORS)
async def test_an_error_of_every_shape_is_said_as_it_was_meant_and_not_asked_again(start_with_provider, stub, name):
    stub.answer = lambda request, number: ERRORS[name]
    async with start_with_provider() as client:
        (reply,) = await send(client, batch(1, model=MODEL))
    status = ERRORS[name].status
    assert reply.failure.startswith(f"the provider answered {status}: it ")
    assert "{" not in reply.failure
    assert len(stub.requests) == 1


async def test_azure_is_asked_by_deployment_with_its_own_header(start, stub, tmp_path, monkeypatch):
    monkeypatch.setenv("AZURE_KEY", "secret-key")
    azure = {
        "name": "azure-eu",
        "url": stub.url.removesuffix("/v1"),
        "kind": "azure",
        "api_version": "2024-10-21",
        "api_key_env": "AZURE_KEY",
        "models": [{"name": "gpt-5-mini", "served_as": "mini-eu"}],
        "probe": False,
    }
    file = tmp_path / "endpoints.json"
    file.write_text(json.dumps({"endpoints": [azure]}))
    async with start(endpoints_file=file) as client:
        (reply,) = await send(client, batch(1, model="gpt-5-mini"))
    assert reply.status == "answered"
    (path,) = stub.paths
    assert path == "/openai/deployments/mini-eu/chat/completions?api-version=2024-10-21"
    assert stub.headers[0]["api-key"] == "secret-key"
    assert "authorization" not in stub.headers[0]


async def test_azure_without_an_api_version_is_asked_at_v1(start, stub, tmp_path):
    azure = {"name": "a", "url": stub.url.removesuffix("/v1"), "kind": "azure", "models": ["mini"], "probe": False}
    file = tmp_path / "endpoints.yaml"
    file.write_text(json.dumps({"endpoints": [azure]}))
    async with start(endpoints_file=file) as client:
        await send(client, batch(1, model="mini"))
    assert stub.paths == ["/openai/v1/chat/completions"]
