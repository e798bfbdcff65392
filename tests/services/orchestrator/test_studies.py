"""Studies: files kept byte for byte, drafts that change, versions that never do, and templates to begin with."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
import yaml

from services.orchestrator.app import create_app
from services.orchestrator.settings import Settings
from tests.support.apps import running

EXAMPLE = Path("examples/email_ab.yaml").read_text()
YAML = {"content-type": "application/yaml"}
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(shared_database_url: str, shared_nats_url: str) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(database_url=shared_database_url, nats_url=shared_nats_url, models_url="local://models")
    app = create_app(settings)
    async with running("orchestrator", app) as found:
        yield found


async def kept(client: httpx.AsyncClient, text: str = EXAMPLE) -> dict[str, Any]:
    answer = await client.post("/studies", content=text, headers=YAML)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_a_study_comes_back_byte_for_byte_and_says_what_its_file_says(client: httpx.AsyncClient) -> None:
    study = await kept(client)
    file = await client.get(f"/studies/{study['id']}/file")
    assert file.text == EXAMPLE
    assert file.headers["content-type"].startswith("application/yaml")
    assert study["study"] == yaml.safe_load(EXAMPLE)
    assert (study["name"], study["version"], study["is_published"]) == ("Email Campaign A/B Test", 0, False)
    assert (await client.post("/studies", json=study["study"])).json()["study"] == study["study"]


async def test_a_published_version_stays_when_the_draft_changes(client: httpx.AsyncClient) -> None:
    path = f"/studies/{(await kept(client))['id']}"
    first = (await client.post(f"{path}/publish")).json()
    assert (first["version"], (await client.get(path)).json()["is_published"]) == (1, True)
    edited = await client.put(path, content=EXAMPLE.replace("size: 200", "size: 300"), headers=YAML)
    assert (edited.json()["version"], edited.json()["is_published"]) == (1, False)
    second = (await client.post(f"{path}/publish")).json()
    assert [one["version"] for one in (await client.get(f"{path}/versions")).json()["items"]] == [2, 1]
    assert (await client.get(f"{path}/versions/1")).json() == first
    assert [one["study"]["population"]["size"] for one in (first, second)] == [200, 300]
    assert (await client.get(f"{path}/file", params={"version": 1})).text == EXAMPLE


async def test_publishing_what_is_published_makes_no_version(client: httpx.AsyncClient) -> None:
    path = f"/studies/{(await kept(client))['id']}"
    first = await client.post(f"{path}/publish")
    assert (await client.post(f"{path}/publish")).json() == first.json()


async def test_a_version_that_is_not_there_is_refused_with_those_that_are(client: httpx.AsyncClient) -> None:
    path = f"/studies/{(await kept(client))['id']}"
    await client.post(f"{path}/publish")
    answer = await client.get(f"{path}/versions/7")
    assert (answer.status_code, answer.json()["errors"][0]["allowed"]) == (422, ["1"])


@pytest.mark.parametrize(
    ("old", "new", "field", "allowed"),
    [
        ("timing: morning", "timming: morning", "intervention.variants.0.timming", "timing"),
        ("open_rate,", "open_rat,", "intervention.success_metrics.0", "open_rate"),
        ("families]\n  success", "famlies]\n  success", "intervention.target_segments.1", "families"),
        ("type: marketing_intervention", "type: spam", "intervention.type", "policy_change"),
    ],
)
async def test_a_study_is_refused_as_the_command_line_does_with_field_and_what_is_allowed(
    client: httpx.AsyncClient, old: str, new: str, field: str, allowed: str
) -> None:
    assert old in EXAMPLE
    before = (await client.get("/studies")).json()["items"]
    answer = await client.post("/studies", content=EXAMPLE.replace(old, new, 1), headers=YAML)
    assert answer.status_code == 422
    found = {error["field"]: error["allowed"] for error in answer.json()["errors"]}
    assert allowed in found[field]
    assert (await client.get("/studies")).json()["items"] == before


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ('{"name": "x", "name": "y"}', {"content-type": "application/json"}),
        ("a: &x [*x]", YAML),
        ('{"name": NaN}', {"content-type": "application/json"}),
        ("- a\n- list", YAML),
        ("", YAML),
        ("name: x", {"content-type": "text/plain"}),
        (b"\xff\xfe", YAML),
    ],
)
async def test_a_body_that_is_no_study_file_is_refused(
    client: httpx.AsyncClient, body: str | bytes, headers: dict[str, str]
) -> None:
    answer = await client.post("/studies", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"]


async def test_studies_are_listed_newest_first_in_pages_and_found_by_name(client: httpx.AsyncClient) -> None:
    for name in ("Oat one", "Oat two", "Oat twofold"):
        await kept(client, EXAMPLE.replace("name: Email Campaign A/B Test", f"name: {name}", 1))
    query = {"limit": 2, "name": "oat"}
    first = (await client.get("/studies", params=query)).json()
    rest = (await client.get("/studies", params=query | {"cursor": first["next_cursor"]})).json()
    assert [one["name"] for one in first["items"] + rest["items"]] == ["Oat twofold", "Oat two", "Oat one"]
    assert rest["next_cursor"] is None
    found = (await client.get("/studies", params={"name": "OAT TWO"})).json()["items"]
    assert [one["name"] for one in found] == ["Oat twofold", "Oat two"]
    assert [one["name"] for one in (await client.get("/studies", params={"limit": 3})).json()["items"]] == [
        one["name"] for one in first["items"] + rest["items"]
    ]


async def test_every_template_is_a_study_that_is_taken_as_it_is(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/studies/templates")).json()["items"]
    assert {one["name"] for one in listed} >= {"survey", "focus_group", "ab_test", "customer_journey"}
    for one in listed:
        template = (await client.get(f"/studies/templates/{one['name']}")).json()
        assert template["study"] == json.loads(json.dumps(template["study"]))
        assert (await kept(client, template["source"]))["study"] == template["study"]
    unknown = await client.get("/studies/templates/survey", params={"version": 9})
    assert unknown.json()["errors"][0]["allowed"] == ["1"]
    assert (await client.get("/studies/templates/raffle")).status_code == 404
