"""What a study was said to take, and what it took: the whole platform in this process, and a provider beside it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from libs.contracts.turns import ChatMessage
from libs.minds.blocks import read_blocks
from services.embedded.platform import Platform
from tests.services.models.stub import Answer, Stub, completion, example, serving
from tests.services.population.author import persona
from tests.support.apps import eventually, running

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
EXAMPLES = sorted(Path("examples").glob("*.yaml"))
CHARACTERS_PER_TOKEN = 3.7
"""Of the provider."""


def study(path: Path, **changes: Any) -> dict[str, Any]:
    return {**yaml.safe_load(path.read_text()), **changes}


@asynccontextmanager
async def platform(data: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with Platform(data).running() as app, running("gateway", app) as client:
        client.headers["host"] = "127.0.0.1"
        yield client


async def post(client: httpx.AsyncClient, path: str, body: object) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.is_success, answer.text
    return dict(answer.json())


async def took(client: httpx.AsyncClient, spec: dict[str, Any]) -> dict[str, Any]:
    """Run a study; the usage in its last status."""
    started = await post(client, "/studies/run", spec)
    status: dict[str, Any] = {}

    async def is_over() -> bool:
        answer = await client.get(f"/simulations/{started['simulation_id']}/status")
        status.update(answer.json() if answer.status_code == 200 else {})
        return status.get("state") == "completed"

    await eventually(is_over, within_s=60)
    return dict(status["usage"])


def assert_held(estimate: dict[str, Any], usage: dict[str, Any]) -> None:
    for figure in ("calls", "prompt_tokens", "completion_tokens", "cost_usd"):
        assert estimate[figure]["low"] <= usage[figure] <= estimate[figure]["high"], figure


def said(request: dict[str, Any]) -> str:
    """A reply of the form that was asked for, with a sentence or two where anything may be written."""
    blocks = read_blocks([ChatMessage(role=one["role"], content=one["content"]) for one in request["messages"]])
    if "attributes" in blocks["persona"]:
        return json.dumps(persona(blocks["persona"]))
    reply = example(request["response_format"]["json_schema"]["schema"])
    action = {"content": "I would look at it in the morning, and then think about what it costs us.", "target": ""}
    reply["actions"] = [{**action, "type": kind} for kind in ("THINK", "TALK", "DONE")]
    return json.dumps(reply)


def provider() -> Stub:
    """A provider that counts tokens by its own measure."""

    def answer(request: dict[str, Any], _number: int) -> Answer:
        reply = said(request)
        read = sum(len(message["content"]) for message in request["messages"])
        document = json.loads(completion(reply).body)
        document["usage"] = {
            "prompt_tokens": round(read / CHARACTERS_PER_TOKEN),
            "completion_tokens": round(len(reply) / CHARACTERS_PER_TOKEN),
        }
        return Answer(json.dumps(document))

    return Stub(answer)


async def test_the_examples_take_what_was_estimated_on_the_offline_model(tmp_path: Path) -> None:
    async with platform(tmp_path) as client:
        specs = [study(path) for path in EXAMPLES]
        estimates = [await post(client, "/studies/estimate", spec) for spec in specs]  # without turns to learn from
        for spec, estimate in zip(specs, estimates, strict=True):
            usage = await took(client, spec)
            assert_held(estimate, usage)
            assert estimate["calls"]["low"] == estimate["calls"]["high"] == usage["calls"]
            # What somebody said at one touchpoint is remembered at the next, and may be short or long.
            shown = spec["intervention"]["variants"] if "intervention" in spec else spec["protocol"]
            several = any("touchpoints" in one for one in shown)
            widest = 3 if several else 1.4
            assert estimate["prompt_tokens"]["high"] < widest * estimate["prompt_tokens"]["low"]


async def test_a_language_model_takes_what_was_estimated_and_the_next_estimate_is_closer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(provider()) as stub:
        monkeypatch.setenv("REHEARSAL_MODELS_UPSTREAM_URL", stub.url)
        monkeypatch.setenv("REHEARSAL_MODELS_UPSTREAM_MODELS", "gpt-5-mini")
        monkeypatch.setenv("REHEARSAL_MODELS_PROBE", "false")
        async with platform(tmp_path) as client:
            spec = study(EXAMPLES[0], model="gpt-5-mini")
            first = await post(client, "/studies/estimate", spec)
            assert not stub.requests
            usage = await took(client, spec)
            assert_held(first, usage)
            assert usage["cost_usd"] > 0
            second = await post(client, "/studies/estimate", spec)
    assert_held(second, usage)
    widths = [one["completion_tokens"]["high"] - one["completion_tokens"]["low"] for one in (first, second)]
    assert widths[1] < widths[0] / 4
    kinds = {(ground["figure"], ground["kind"]) for ground in second["rests_on"]}
    assert {("completion_tokens", "observed"), ("cost_usd", "published"), ("prompt_tokens", "measured")} <= kinds


async def test_people_whom_a_model_writes_are_part_of_the_estimate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(provider()) as stub:
        monkeypatch.setenv("REHEARSAL_MODELS_UPSTREAM_URL", stub.url)
        monkeypatch.setenv("REHEARSAL_MODELS_UPSTREAM_MODELS", "gpt-5-mini")
        monkeypatch.setenv("REHEARSAL_MODELS_PROBE", "false")
        async with platform(tmp_path) as client:
            spec = study(EXAMPLES[0])
            spec["population"] |= {"personas": "model", "model": "gpt-5-mini"}
            planned = {**spec["population"], "factory": {"context": "A shop.", "demography": {"women": 0.6}}}
            with_plan = await post(client, "/studies/estimate", spec | {"population": planned})
            estimate = await post(client, "/studies/estimate", spec)
            assert not stub.requests
            turns = await took(client, spec)
            [population] = (await client.get("/agent-populations/list")).json()["items"]
    people = population["personas"]["usage"]
    assert_held(estimate, {name: turns[name] + people[name] for name in turns})
    assert estimate["calls"]["low"] == 125 + 200
    assert with_plan["calls"]["low"] == estimate["calls"]["low"] + 1
    assert "people: margins" in {ground["figure"] for ground in with_plan["rests_on"]}
    assert {"people: calls", "people: cost_usd"} <= {ground["figure"] for ground in estimate["rests_on"]}


async def test_an_estimate_is_the_same_again_keeps_nothing_and_names_what_is_wrong(tmp_path: Path) -> None:
    async with platform(tmp_path) as client:
        spec = study(EXAMPLES[0])
        assert await post(client, "/studies/estimate", spec) == await post(client, "/studies/estimate", spec)
        listed = await asyncio.gather(*(client.get(f"/{kind}/list") for kind in ("agent-populations", "interventions")))
        assert [answer.json()["items"] for answer in listed] == [[], []]
        wrong = {
            "population.demographic_base": {"population": {**spec["population"], "demographic_base": "atlantis"}},
            "intervention.success_metrics.0": {"intervention": {**spec["intervention"], "success_metrics": ["luck"]}},
            "intervention.target_segments.0": {"intervention": {**spec["intervention"], "target_segments": ["gods"]}},
            "model": {"model": "no-such-model"},
            "engine": {"engine": "steam"},
            "population.model": {"population": {**spec["population"], "model": "offline"}},
        }
        for field, change in wrong.items():
            answer = await client.post("/studies/estimate", json=spec | change)
            assert answer.status_code == 422, field
            (error,) = answer.json()["errors"]
            assert error["field"] == field
            assert error["allowed"] or field == "population.model"
