"""Whole studies over the public API: checked, run, run again with changes, and their simulations found again."""

from collections.abc import AsyncIterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import yaml

from services.embedded.platform import Platform
from tests.support.apps import eventually, running

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300), pytest.mark.asyncio(loop_scope="module")]
EXAMPLE = Path("examples/email_ab.yaml").read_text()
AB = {
    "name": "AB",
    "type": "marketing_intervention",
    "variants": [{"name": "a", "content": "A"}, {"name": "b", "content": "B"}],
    "success_metrics": ["purchase_intent"],
}
JUDGED = [
    {
        "name": "a",
        "touchpoints": [
            {"name": "one", "content": "A"},
            {"name": "two", "content": "B", "condition": {"proposition": "has doubts about the price"}},
        ],
    }
]
YAML = {"content-type": "application/yaml"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    data = tmp_path_factory.mktemp("studies")
    async with Platform(data).running() as app, running("gateway", app) as found:
        found.headers["host"] = "127.0.0.1"
        yield found


async def post(client: httpx.AsyncClient, path: str, body: object = None, **more: Any) -> dict[str, Any]:
    answer = await client.post(path, json=body, **more) if body is not None else await client.post(path, **more)
    assert answer.is_success, answer.text
    return dict(answer.json())


async def ended(client: httpx.AsyncClient, simulation_id: str) -> dict[str, Any]:
    status: dict[str, Any] = {}

    async def is_over() -> bool:
        answer = await client.get(f"/simulations/{simulation_id}/status")
        status.update(answer.json() if answer.status_code == 200 else {})
        return status.get("state") in {"completed", "failed", "cancelled"}

    await eventually(is_over, within_s=90)
    assert status["state"] == "completed", status
    return status


async def answers(client: httpx.AsyncClient, simulation_id: str) -> bytes:
    return (await client.get(f"/results/{simulation_id}/export", params={"format": "csv"})).content


async def test_a_kept_study_runs_and_runs_again_byte_for_byte_without_a_new_call(client: httpx.AsyncClient) -> None:
    study = await post(client, "/studies", content=EXAMPLE, headers=YAML)
    changes = {"name": "Spring campaign", "population": {"size": 130}}
    started = await post(client, f"/studies/{study['id']}/run", {"changes": changes})
    status = await ended(client, started["simulation_id"])
    origin = status["origin"]
    assert (origin["study_id"], origin["study_version"], origin["study_seed"]) == (study["id"], 1, 20261122)
    assert origin["estimate"]["calls"]["low"] <= status["usage"]["calls"] <= origin["estimate"]["calls"]["high"]
    used = (await client.get(f"/simulations/{started['simulation_id']}/usage")).json()
    assert used["estimate"]["calls"] == {
        **origin["estimate"]["calls"],
        "actual": status["usage"]["calls"],
        "is_within": True,
    }
    assert [(one["model"], one["calls"]) for one in used["models"]] == [("offline", status["usage"]["calls"])]
    assert used["wall_s"] > 0
    assert used["cpu_s"] > 0
    rerun = await post(client, f"/simulations/{started['simulation_id']}/rerun")
    again = await ended(client, rerun["simulation_id"])
    assert (status["name"], again["name"]) == ("Spring campaign", "Spring campaign")
    assert again["usage"]["calls"] == 0
    assert again["origin"]["rerun_of"] == started["simulation_id"]
    lines = {one["key"]: one for one in (await client.get("/usage", params={"by": "simulation"})).json()["items"]}
    assert lines[rerun["simulation_id"]]["cached_calls"] == status["usage"]["calls"]
    first = (await client.get("/usage", params={"limit": 1})).json()
    rest = (await client.get("/usage", params={"cursor": first["next_cursor"]})).json()
    assert [one["key"] for one in (*first["items"], *rest["items"])] == list(lines)
    assert again["population_id"] == status["population_id"]
    assert await answers(client, rerun["simulation_id"]) == await answers(client, started["simulation_id"])


async def test_a_run_is_run_again_with_changes_to_its_settings_or_to_its_study(client: httpx.AsyncClient) -> None:
    study = await post(client, "/studies", content=EXAMPLE.replace("size: 200", "size: 130"), headers=YAML)
    first = await post(client, f"/studies/{study['id']}/run", {"version": None})
    await ended(client, first["simulation_id"])
    seeded = await post(client, f"/simulations/{first['simulation_id']}/rerun", {"seed": 5})
    assert (await ended(client, seeded["simulation_id"]))["seed"] == 5
    changes = {"intervention": {"success_metrics": ["open_rate"]}}
    changed = await post(client, f"/simulations/{first['simulation_id']}/rerun", changes)
    status = await ended(client, changed["simulation_id"])
    assert status["origin"]["study_version"] == 1
    assert status["intervention_id"] != first["intervention_id"]
    for wrong, field in (
        ({"intervention": {"success_metrics": ["luck"]}}, "intervention.success_metrics.0"),
        (changes | {"budget": {"calls": -1}}, "budget.calls"),
    ):
        refused = await client.post(f"/simulations/{first['simulation_id']}/rerun", json=wrong)
        assert [error["field"] for error in refused.json()["errors"]] == [field]


@pytest.mark.parametrize("name", ["survey", "focus_group", "customer_journey"])
async def test_a_template_that_asks_a_protocol_runs_to_its_end(client: httpx.AsyncClient, name: str) -> None:
    template = await client.get(f"/studies/templates/{name}")
    document = template.json()["study"]
    document["population"] = {**document["population"], "size": 12, "segments": []}
    told = await post(client, "/studies/estimate", document)
    started = await post(client, "/studies/run", document)
    status = await ended(client, started["simulation_id"])
    for figure, taken in {
        "calls": status["usage"]["calls"],
        "prompt_tokens": status["usage"]["prompt_tokens"],
        "completion_tokens": status["usage"]["completion_tokens"],
    }.items():
        assert told[figure]["low"] <= taken <= told[figure]["high"], figure
    assert status["origin"]["estimate"]["calls"] == told["calls"]
    asked = (await client.get(f"/communications/{started['simulation_id']}/requests")).json()["items"]
    assert len(asked) == len(document["protocol"])
    assert status["progress"]["answered"] > 0
    late = {"simulation_id": started["simulation_id"], "content": "One more thing"}
    assert (await client.post("/communications/broadcast", json=late)).status_code == 409


async def test_everything_that_would_be_refused_is_told_before_anything_is_made(client: httpx.AsyncClient) -> None:
    before = (await client.get("/agent-populations/list")).json()["items"]
    valid = await post(client, "/studies/validate", content=EXAMPLE, headers=YAML)
    assert valid["is_valid"]
    assert valid["estimate"]["people"] == 125
    assert {"model", "intervention.variants"} <= {one["field"] for one in valid["warnings"]}
    for old, new, field in (
        ("timing: morning", "timming: morning", "intervention.variants.0.timming"),
        ("usa_demographics", "atlantis", "population.demographic_base"),
        ("health_conscious", "immortal", "population.segments.0.fragments.0"),
        ("model: offline", "model: no-such-model", "model"),
    ):
        found = await post(client, "/studies/validate", content=EXAMPLE.replace(old, new, 1), headers=YAML)
        assert not found["is_valid"]
        assert field in {error["field"] for error in found["errors"]}
        refused = await client.post("/studies/run", content=EXAMPLE.replace(old, new, 1), headers=YAML)
        assert refused.status_code == 422
    assert (await client.get("/agent-populations/list")).json()["items"] == before


def only_for(attribute: str, value: str) -> dict[str, Any]:
    """A journey for some."""
    return {"touchpoints": [{"name": "a", "content": "A", "condition": {"attribute": attribute, "value": value}}]}


WITHIN = {"population": {"name": "P", "demographic_base": "uk_demographics", "size": 5}, "seed": 1, "name": "S"}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"protocol": [{"topic": "Milk", "groups": 3, "group_size": 6}]}, "protocol.0.groups"),
        ({"protocol": [{"content": "Hi"}, {"content": "You", "agent_ids": ["agent_0006"]}]}, "protocol.1.agent_ids.0"),
        ({"protocol": [{"content": "Hello", "tools": ["hammer"]}]}, "protocol.0.tools.0"),
        ({"intervention": AB | {"target": {"attributes": {"shoe": "blue"}}}}, "intervention.target.attributes.shoe"),
        ({"intervention": AB | {"exclude": {"attributes": {"age": [0, 120]}}}}, "intervention.target"),
        ({"intervention": AB | {"randomisation": {"by": ["shoe"]}}}, "intervention.randomisation.by.0"),
        ({"protocol": [only_for("shoe", "blue")]}, "protocol.0.touchpoints.0.condition.attribute"),
        ({"protocol": [only_for("region", "Mars")]}, "protocol.0.touchpoints.0.condition.value"),
        ({"intervention": AB | {"exclude_interventions": ["int_0"]}}, "intervention.exclude_interventions.0"),
        ({"intervention": AB | {"population_id": "pop_0"}}, "intervention.population_id"),
        ({"intervention": AB | {"variants": JUDGED}}, "model"),
        pytest.param(
            {"engine": "tinytroupe", "intervention": AB},
            "engine",
            marks=pytest.mark.skipif(find_spec("tinytroupe") is not None, reason="TinyTroupe is installed here"),
        ),
    ],
)
async def test_what_only_the_people_or_the_platform_can_show_to_be_wrong_is_told_by_validation_too(
    client: httpx.AsyncClient, changes: dict[str, Any], field: str
) -> None:
    found = await post(client, "/studies/validate", WITHIN | changes)
    assert [error["field"] for error in found["errors"]] == [field]
    refused = await client.post("/studies/run", json=WITHIN | changes)
    assert [error["field"] for error in refused.json()["errors"]] == [field]


async def test_a_clone_has_the_same_people_and_nothing_of_what_was_asked(client: httpx.AsyncClient) -> None:
    people = {"name": "P", "demographic_base": "uk_demographics", "size": 5, "seed": 3}
    population = await post(client, "/agent-populations/create", people)
    first = await post(client, "/simulations/create", {"name": "talk", "population_id": population["id"], "seed": 9})
    clone = await post(client, f"/simulations/{first['id']}/clone", {"name": "talk again"})
    status = (await client.get(f"/simulations/{clone['simulation_id']}/status")).json()
    assert (status["name"], status["seed"], status["population_id"]) == ("talk again", 9, population["id"])
    assert status["origin"]["cloned_from"] == first["id"]
    assert (await client.post("/simulations/sim_nowhere/clone")).status_code == 404
    refused = await client.post(f"/simulations/{first['id']}/rerun", json={"protocol": []})
    assert refused.json()["errors"][0]["field"] == "protocol"


async def test_a_study_of_the_command_line_is_the_same_document(client: httpx.AsyncClient) -> None:
    study = await post(client, "/studies", content=EXAMPLE, headers=YAML)
    assert study["study"] == yaml.safe_load(EXAMPLE)
