"""Endpoints as data: several of them from a file, each with its key from the environment; what is refused by name."""

import json

import pytest

from services.models.app import create_app
from services.models.settings import Settings
from tests.services.models.batches import batch, send
from tests.services.models.stub import Stub, serving

LOCAL = {"name": "local", "url": "http://127.0.0.1:9/v1", "models": ["llama"]}


def write(tmp_path, *endpoints, text=None):
    file = tmp_path / "endpoints.yaml"
    file.write_text(text or json.dumps({"endpoints": endpoints}))
    return file


async def test_each_model_is_asked_at_its_own_endpoint_with_its_own_key(
    start_with_provider, stub, tmp_path, monkeypatch
):
    monkeypatch.setenv("OTHER_KEY", "other-secret")
    async with serving(Stub()) as other:
        file = write(
            tmp_path,
            {
                "name": "other",
                "url": other.url,
                "api_key_env": "OTHER_KEY",
                "models": [{"name": "big", "served_as": "meta-llama/Llama-3.3-70B-Instruct"}],
                "probe": False,
            },
        )
        async with start_with_provider(endpoints_file=file) as client:
            replies = [(await send(client, batch(1, model=model)))[0] for model in ("gpt-5-mini", "big")]
            listed = [model["id"] for model in (await client.get("/v1/models")).json()["data"]]
    assert [reply.status for reply in replies] == ["answered"] * 2
    assert listed == ["offline", "gpt-5-mini", "local-model", "big"]
    assert stub.headers[0]["authorization"] == "Bearer secret-key"
    assert other.headers[0]["authorization"] == "Bearer other-secret"
    assert other.requests[0]["model"] == "meta-llama/Llama-3.3-70B-Instruct"


@pytest.mark.parametrize(("excepted", "status"), [("", "answered"), ("models.invalid", "failed")])
async def test_an_endpoint_is_reached_through_the_proxy_of_the_environment(
    start_with_provider, stub, monkeypatch, excepted, status
):
    monkeypatch.setenv("http_proxy", stub.url.removesuffix("/v1"))
    monkeypatch.setenv("no_proxy", excepted)
    async with start_with_provider(upstream_url="http://models.invalid/v1", outage_s=0) as client:
        (reply,) = await send(client, batch(1, model="gpt-5-mini"))
    assert reply.status == status
    assert [headers["host"] for headers in stub.headers] == ["models.invalid"] * (status == "answered")


def test_a_file_may_be_yaml(tmp_path):
    text = """
        endpoints:
          - name: eu
            url: https://name.openai.azure.com/
            kind: azure
            api_version: "2024-10-21"
            models: [{name: gpt-5-mini, served_as: mini-eu}, gpt-4o]
            embedding_models: [text-embedding-3-small]
            rpm: 500
            tpm: 200000
    """
    (endpoint,) = Settings(endpoints_file=write(tmp_path, text=text)).endpoints
    assert endpoint.url == "https://name.openai.azure.com"
    assert endpoint.names == ("gpt-5-mini", "gpt-4o", "text-embedding-3-small")
    assert (endpoint.models[0].served_as, endpoint.models[1].served_as) == ("mini-eu", "gpt-4o")
    assert (endpoint.rpm, endpoint.tpm) == (500, 200_000)


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        ({"concurency": 3}, "endpoints.0.concurency: is not a field here"),
        ({"api_key": "sk-1"}, "name its environment variable in api_key_env"),
        ({"url": "ftp://host"}, "endpoints.0.url"),
        ({"models": []}, "name at least one"),
        ({"models": [{"nmae": "x"}]}, "endpoints.0.models.0.nmae"),
        ({"kind": "openrouter"}, "'openai' or 'azure'"),
        ({"api_version": "2024-10-21"}, "belongs to the kind azure"),
        ({"name": "Not a name"}, "endpoints.0.name"),
        ({"timeout_s": 0}, "endpoints.0.timeout_s"),
        ({"models": [{"name": "x", "mode": "economy"}]}, "batches: must be true for 'x'"),
    ],
)
def test_an_endpoint_that_makes_no_sense_is_refused_naming_what(tmp_path, endpoint, reason):
    settings = Settings(endpoints_file=write(tmp_path, LOCAL | endpoint))
    with pytest.raises(ValueError, match="endpoints_file") as caught:
        _ = settings.endpoints
    assert reason in str(caught.value)
    assert "sk-1" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "reason"), [("endpoints: {", "endpoints_file"), ("[]", "the file"), ("models: []", "models")]
)
def test_a_file_that_is_none_is_refused(tmp_path, text, reason):
    with pytest.raises(ValueError, match=reason):
        _ = Settings(endpoints_file=write(tmp_path, text=text)).endpoints


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match="nowhere"):
        _ = Settings(endpoints_file=tmp_path / "nowhere").endpoints


@pytest.mark.parametrize(
    ("second", "reason"),
    [
        ({"models": ["other"]}, "'local' is the name of an endpoint twice"),
        ({"name": "other"}, "'llama' is the name of a model twice"),
    ],
)
def test_names_are_given_once(tmp_path, second, reason):
    with pytest.raises(ValueError, match=reason):
        _ = Settings(endpoints_file=write(tmp_path, LOCAL, LOCAL | second)).endpoints


def test_a_key_that_is_not_in_the_environment_is_missed_at_the_start(tmp_path):
    file = write(tmp_path, LOCAL | {"api_key_env": "NOT_SET"})
    with pytest.raises(ValueError, match="endpoint 'local': the environment variable NOT_SET is not set"):
        create_app(Settings(database_url=f"sqlite:///{tmp_path}/m.db", endpoints_file=file))
