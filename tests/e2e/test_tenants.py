"""Two tenants on one platform: the operations of the OpenAPI, each asked in every role by one for what is the other's.

Everything of the first tenant carries a canary; no answer to the second may hold it, and nothing the second asks for
may change what the first has.
"""

import asyncio
import json
import re
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import nats
import pytest
import pytest_asyncio

from libs.contracts.identity import Role
from libs.contracts.permissions import POLICIES
from libs.http import connect, register_local
from services.embedded.platform import Platform
from services.gateway.domain.keys import new_secret

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240), pytest.mark.usefixtures("impatient")]
ROOT = Path(__file__).parents[2]
DOCUMENT = json.loads((ROOT / "schemas" / "openapi.json").read_text())
CANARY = "Zyxwvut"
PARAMETER = re.compile(r"{(\w+)}")
WITH_IDS = sorted(
    (method.upper(), path) for path, found in DOCUMENT["paths"].items() for method in found if PARAMETER.search(path)
)
LISTS = sorted(path for path, found in DOCUMENT["paths"].items() if "get" in found and not PARAMETER.search(path))
ENDLESS = {"/stream", "/events/stream"}
EVERYBODYS = (
    "/agent-populations/fragments",
    "/agent-populations/templates",
    "/agent-populations/import",
    "/validation/calibration",
)
"""What these name is not a thing of a tenant, but of the platform, or a format."""
BODIES: dict[str, dict[str, Any]] = {
    "/studies/{study_id}": {
        "name": "mine",
        "population": {"name": "mine", "demographic_base": "usa_demographics", "size": 1},
        "protocol": [{"content": "hello"}],
    },
    "/communications/{simulation_id}/relations": {
        "relations": [{"agent_ids": ["agent_0001", "agent_0002"], "kind": "friend"}]
    },
    "/validation/{simulation_id}/human-answers": {
        "source": "a panel",
        "csv": "person_id,arm,open_rate\np1,plain,true\n",
    },
}
"""Bodies that cannot be made up from their schema alone."""
OWN = {"key_id", "share_id"}
"""Ids of the gateway's own things: tested beside them."""


@dataclass
class Stage:
    """Both tenants' clients, and the ids of what the first one made."""

    first: httpx.AsyncClient
    second: httpx.AsyncClient
    operator: httpx.AsyncClient
    roles: dict[Role, httpx.AsyncClient]
    """Of the second tenant."""
    own: dict[Role, httpx.AsyncClient]
    """Of the first tenant."""
    ids: dict[str, str]
    data: Path
    nats_url: str


async def made_by(client: httpx.AsyncClient) -> dict[str, str]:
    """A population, an intervention and a simulation that has ended."""
    population = {"name": f"{CANARY} people", "demographic_base": "usa_demographics", "size": 8, "seed": 1}
    pop = (await client.post("/agent-populations/create", json=population)).raise_for_status().json()["id"]
    intervention = {
        "name": f"{CANARY} e-mail",
        "variants": [
            {"name": "plain", "content": f"{CANARY}: save ten per cent"},
            {"name": "bold", "content": f"{CANARY}: save ten per cent NOW"},
        ],
        "type": "marketing_intervention",
        "success_metrics": ["open_rate"],
        "population_id": pop,
    }
    created = await client.post("/interventions/create", json=intervention)
    assert created.is_success, created.text
    intervention_id = created.json()["id"]
    started = (await client.post(f"/interventions/{intervention_id}/execute", json={})).raise_for_status().json()
    simulation = started["simulation_id"]
    deadline = time.monotonic() + 90
    state = ""
    while state != "completed":
        assert time.monotonic() < deadline, state
        await asyncio.sleep(0.1)
        answer = await client.get(f"/simulations/{simulation}/status")
        state = answer.json().get("state", "")
    study = {
        "name": f"{CANARY} study",
        "population": population,
        "intervention": {**intervention, "population_id": None},
    }
    kept = (await client.post("/studies", json=study)).raise_for_status().json()["id"]
    await client.post(f"/studies/{kept}/publish")
    checkpoint = await client.get(f"/simulations/{simulation}/checkpoints")
    agents = (await client.get(f"/agent-populations/{pop}/individuals")).json()["items"]
    found = {"population_id": pop, "intervention_id": intervention_id, "simulation_id": simulation, "study_id": kept}
    marks = checkpoint.json()["items"]
    events = ["simulation-state-changed"]
    webhook = {"name": f"{CANARY} shop", "url": f"https://shop.invalid/{CANARY}", "events": events}
    hook = (await client.post("/webhooks", json=webhook)).raise_for_status().json()["id"]
    return found | {
        "webhook_id": hook,
        "agent_id": agents[0]["agent_id"],
        "checkpoint_id": marks[0]["id"] if marks and "id" in marks[0] else "chk_1",
        "name": "age",
        "version": "1",
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    keys = {"acme": new_secret(), "globex": new_secret(), "default": new_secret()}
    platform = Platform(tmp_path_factory.mktemp("tenants"))
    async with (
        platform.running(auth="keys", bootstrap_keys=keys, rate_per_minute=100_000, rate_burst=10_000) as app,
        app.router.lifespan_context(app),
    ):
        register_local("gateway", app)
        clients = [connect("local://gateway", timeout_s=60) for _ in keys]
        for client, key in zip(clients, keys.values(), strict=True):
            client.headers["authorization"] = f"Bearer {key}"
        try:
            roles, own = [{role: await in_role(client, role) for role in Role} for client in clients[:2]][::-1]
            yield Stage(*clients, roles, own, await made_by(clients[0]), platform.data, platform.nats.url)
        finally:
            for client in clients:
                await client.aclose()  # those of the roles hold nothing open
            register_local("gateway", None)


async def in_role(admin: httpx.AsyncClient, role: Role) -> httpx.AsyncClient:
    """A client with a key of its own."""
    made = (await admin.post("/keys", json={"name": f"a {role}", "role": role})).raise_for_status().json()
    client = connect("local://gateway", timeout_s=60)
    client.headers["authorization"] = f"Bearer {made['key']}"
    return client


def filled(path: str, ids: dict[str, str]) -> str:
    return PARAMETER.sub(lambda found: ids.get(found[1], f"{found[1]}_1"), path)


def made_up_body(method: str, path: str) -> dict[str, Any]:
    """A body with every field that is required, as far as a field can be made up."""
    operation = DOCUMENT["paths"][path][method.lower()]
    schema = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    body = _example(schema, 0)
    return body if isinstance(body, dict) else {}


def made_up_query(method: str, path: str) -> dict[str, Any]:
    """The query parameters that are required."""
    given = DOCUMENT["paths"][path][method.lower()].get("parameters", [])
    return {one["name"]: _example(one["schema"], 0) for one in given if one["in"] == "query" and one.get("required")}


def _example(schema: dict[str, Any], depth: int) -> Any:
    if depth > 6:
        return None
    if "$ref" in schema:
        return _example(DOCUMENT["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], depth + 1)
    for name in ("anyOf", "oneOf", "allOf"):
        if name in schema:
            return _example(schema[name][0], depth + 1)
    if "enum" in schema or "const" in schema:
        return schema.get("const", (schema.get("enum") or [None])[0])
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: _example(properties.get(name, {}), depth + 1) for name in schema.get("required", [])}
    if kind == "array":
        return [_example(schema.get("items", {}), depth + 1)] * max(schema.get("minItems", 0), 1)
    return {"string": "age", "integer": schema.get("minimum", 1), "number": 0.5, "boolean": True}.get(kind or "")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("method", "path"), WITH_IDS, ids=[f"{method} {path}" for method, path in WITH_IDS])
async def test_what_belongs_to_another_tenant_does_not_exist(stage: Stage, method: str, path: str) -> None:
    if OWN & set(PARAMETER.findall(path)):
        pytest.skip("tested with keys and links")
    target = filled(path, stage.ids)
    body = None if method in {"GET", "DELETE"} else BODIES.get(path, made_up_body(method, path))
    before = (await stage.first.get(f"/simulations/{stage.ids['simulation_id']}/status")).content
    is_everybodys = path.startswith(EVERYBODYS)
    least = POLICIES[f"{method} {path}"]
    for role, client in stage.roles.items():
        answer = await client.request(method, target, params=made_up_query(method, path), json=body)
        assert CANARY not in answer.text
        if not role.covers(least):
            assert answer.status_code == 403, (role, answer.text)
        elif not is_everybodys:
            assert answer.status_code == 404, (role, answer.text)
        else:
            assert answer.status_code in {200, 404, 422}, (role, answer.text)
    for role, client in stage.own.items():
        if not role.covers(least):
            answer = await client.request(method, target, params=made_up_query(method, path), json=body)
            assert (answer.status_code, CANARY in answer.text) == (403, False), role
    assert (await stage.first.get(f"/simulations/{stage.ids['simulation_id']}/status")).content == before


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", [path for path in LISTS if path not in ENDLESS])
async def test_no_list_holds_anything_of_another_tenant(stage: Stage, path: str) -> None:
    answer = await stage.second.get(path)
    assert answer.status_code < 500
    assert CANARY not in answer.text
    asked = () if path == "/audit" else ("population_id", "intervention_id", "simulation_id")  # what it asked itself
    assert not [name for name in asked if stage.ids[name] in answer.text]


NAMED = [
    ("/simulations/create", {"name": "mine", "population_id": "population_id"}),
    ("/results/extract", {"simulation_id": "simulation_id", "extraction_objective": "x", "fields": ["response"]}),
    ("/communications/broadcast", {"simulation_id": "simulation_id", "content": "hello"}),
    (
        "/communications/direct-message",
        {"simulation_id": "simulation_id", "to_agent_id": "agent_id", "content": "hello"},
    ),
    ("/validation/agent-behavior", {"simulation_id": "simulation_id"}),
    ("/shares", {"simulation_id": "simulation_id"}),
]
"""Operations whose body names a thing."""


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("path", "body"), NAMED, ids=[path for path, _ in NAMED])
async def test_what_a_body_names_of_another_tenant_does_not_exist(
    stage: Stage, path: str, body: dict[str, Any]
) -> None:
    theirs = {name: stage.ids.get(str(value), value) for name, value in body.items()}
    answer = await stage.second.post(path, json=theirs)
    made_up = {name: f"{value}x" if value in stage.ids.values() else value for name, value in theirs.items()}
    unknown = await stage.second.post(path, json=made_up)
    assert CANARY not in answer.text
    assert (answer.status_code, answer.status_code in {404, 422}) == (unknown.status_code, True), answer.text
    assert "there is no" in answer.text.lower()


@pytest.mark.asyncio(loop_scope="module")
async def test_its_owner_still_has_all_of_it(stage: Stage) -> None:
    for path in ("/agent-populations/{population_id}", "/interventions/{intervention_id}"):
        answer = await stage.first.get(filled(path, stage.ids))
        assert answer.status_code == 200
        assert CANARY in answer.text
    for path in ("/simulations/{simulation_id}/status", "/results/{simulation_id}/aggregate"):
        assert (await stage.first.get(filled(path, stage.ids))).status_code == 200


@pytest.mark.asyncio(loop_scope="module")
async def test_every_model_call_is_booked_to_the_tenant_whose_simulation_it_was_made_for(stage: Stage) -> None:
    with closing(sqlite3.connect(stage.data / "models.db")) as ledger:
        booked = ledger.execute("SELECT tenant, simulation_id, count(*) FROM calls GROUP BY 1, 2").fetchall()
    assert [(tenant, simulation_id) for tenant, simulation_id, _ in booked] == [("acme", stage.ids["simulation_id"])]
    assert booked[0][2] >= 8


@pytest.mark.asyncio(loop_scope="module")
async def test_an_export_holds_all_of_a_tenant_and_nothing_of_another(stage: Stage) -> None:
    lines = [json.loads(line) for line in (await stage.first.get("/tenants/acme/export")).text.splitlines()]
    head, *rows, end = lines
    assert (head["format"], head["tenant"], end["complete"]) == ("rehearsal-tenant-export", "acme", True)
    assert sum(end["rows"].values()) == len(rows)
    assert {row["row"]["tenant"] for row in rows} == {"acme"}
    places = {(row["service"], row["table"]) for row in rows}
    assert places >= {
        ("population", "agents"), ("communication", "turns"), ("models", "calls"), ("results", "responses"),
        ("orchestrator", "simulations"), ("intervention", "interventions"), ("gateway", "audit"),
        ("webhooks", "webhooks"),
    }  # fmt: skip
    assert CANARY in json.dumps(rows)
    assert (await stage.second.get("/tenants/acme/export")).status_code == 404
    assert CANARY not in (await stage.second.get("/tenants/globex/export")).text


def tables_with(data: Path, text: str) -> set[str]:
    """Tables that hold a text, of every service."""
    found = set()
    for file in data.glob("*.db"):
        with closing(sqlite3.connect(file)) as database:
            for line in database.iterdump():
                if text.lower() in line.lower() or text.encode().hex() in line.lower():
                    found.add(f"{file.stem}: {line[:60]}")
    return found


@pytest.mark.asyncio(loop_scope="module")
async def test_of_an_erased_tenant_nothing_is_left_but_the_fact(stage: Stage) -> None:
    kept = {"name": "Kept people", "demographic_base": "usa_demographics", "size": 8, "seed": 1}
    population = (await stage.second.post("/agent-populations/create", json=kept)).raise_for_status().json()["id"]
    assert tables_with(stage.data, CANARY)
    running = await stage.first.post(f"/interventions/{stage.ids['intervention_id']}/execute", json={"seed": 2})
    assert running.is_success
    assert (await stage.first.delete("/tenants/acme")).status_code == 202
    deadline = time.monotonic() + 90
    while (await stage.operator.get("/tenants/acme/erasure")).json()["state"] != "erased":
        assert time.monotonic() < deadline
        await asyncio.sleep(0.2)
    assert tables_with(stage.data, CANARY) == set()
    left = tables_with(stage.data, stage.ids["simulation_id"])
    assert {line for line in left if "'globex'" not in line} == set()  # what the other one asked for stands in its log
    connection = await nats.connect(stage.nats_url)
    js = connection.jetstream()
    for stream in ("EVENTS", "COMMANDS", "DLQ"):
        held = (await js.stream_info(stream, subjects_filter=">")).state.subjects or {}
        assert not [subject for subject in held if ".acme." in subject or CANARY in subject]
        assert not [subject for subject in held if stage.ids["simulation_id"] in subject]
    await connection.close()
    assert (await stage.first.get("/simulations/list")).status_code == 401
    assert (await stage.second.get(f"/agent-populations/{population}")).json()["name"] == "Kept people"
    log = (await stage.operator.get("/audit")).json()["items"]
    assert [entry["status"] for entry in log if entry["path"] == "/tenants/acme" and entry["method"] == "DELETE"] == [
        202,
        200,
    ]
    assert CANARY not in json.dumps(log)
