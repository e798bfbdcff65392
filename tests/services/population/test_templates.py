"""Templates of one's own: uploaded whole or as margins of another one, drawn from, and refused by line or field."""

import json
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml

pytestmark = pytest.mark.asyncio(loop_scope="module")
ROOT = Path(__file__).parents[3]
TEMPLATES = "/agent-populations/templates"
UK = json.loads((ROOT / "services/population/templates/uk_demographics.json").read_text(encoding="utf-8"))
CSV = "dimension,value,share,source,year\ngender,female,0.6,Panel,2025\ngender,male,0.4,Panel,2025\n"
Files = httpx.AsyncClient


async def upload(client: Files, body: str | bytes, media: str = "text/csv", **query: str) -> httpx.Response:
    content = body.encode() if isinstance(body, str) else body
    return await client.post(TEMPLATES, content=content, params=query, headers={"content-type": media})


async def counts(client: Files, base: str, dimension: str) -> dict[str, int]:
    spec = {"name": "x", "demographic_base": base, "size": 100, "seed": 1}
    made = await client.post("/agent-populations/create", json=spec)
    assert made.status_code == 201, made.text
    segments = (await client.get(made.json()["links"]["segments"])).json()["segments"]
    return {each["value"]: each["count"] for each in segments[0]["distributions"][dimension]}


def every_shipped() -> list[Path]:
    return sorted((ROOT / "services/population/templates").glob("*.json"))


@pytest.mark.parametrize("path", every_shipped(), ids=lambda path: path.stem)
async def test_templates_that_ship_are_valid_by_the_published_schema(path: Path) -> None:
    schema = json.loads((ROOT / "schemas/template.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), schema)


@pytest.mark.parametrize(
    ("media", "text"),
    [
        ("application/json", json.dumps(UK | {"name": "mine_json"})),
        ("text/yaml", yaml.safe_dump(UK | {"name": "mine"})),
    ],
)
async def test_a_template_is_added_as_json_or_yaml_and_drawn_from(client: Files, media: str, text: str) -> None:
    added = await upload(client, text, media)
    assert added.status_code == 201, added.text
    name = added.json()["name"]
    assert sum((await counts(client, name, "region")).values()) == 100
    listed = {each["name"]: each["origin"] for each in (await client.get(TEMPLATES)).json()["items"]}
    assert (listed[name], listed["uk_demographics"]) == ("own", "shipped")
    assert (await client.get(f"{TEMPLATES}/{name}")).json()["dimensions"] == added.json()["dimensions"]
    assert (await upload(client, text, media)).status_code == 409


async def test_margins_of_a_csv_make_a_new_template_of_another_one(client: Files) -> None:
    added = await upload(client, CSV, base="uk_demographics", name="mostly_women")
    assert added.status_code == 201, added.text
    assert added.json()["dimensions"]["gender"]["status"] == "given"
    assert await counts(client, "mostly_women", "gender") == {"female": 60, "male": 40}


async def test_counts_become_shares_and_a_byte_order_mark_is_no_column(client: Files) -> None:
    text = "\ufeffdimension,value,count,source,year\npets,dog,300,Vets,2024\npets,none,100,,\n"
    added = await upload(client, text, base="eu_demographics", name="with_pets")
    assert added.status_code == 201, added.text
    assert added.json()["dimensions"]["pets"]["shares"] == {"dog": 0.75, "none": 0.25}
    assert await counts(client, "with_pets", "pets") == {"dog": 75, "none": 25}


async def test_a_population_keeps_the_template_that_is_deleted(client: Files) -> None:
    await upload(client, CSV, base="uk_demographics", name="brief")
    spec = {"name": "x", "demographic_base": "brief", "size": 10, "seed": 1}
    made = (await client.post("/agent-populations/create", json=spec)).json()
    assert (await client.delete(f"{TEMPLATES}/brief")).status_code == 204
    assert (await client.get(made["links"]["margins"])).json()["template"] == "brief"
    assert (await client.get(f"{TEMPLATES}/brief")).status_code == 404
    refused = await client.post("/agent-populations/create", json=spec)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "demographic_base")
    assert (await client.delete(f"{TEMPLATES}/usa_demographics")).status_code == 409


HEADER = "dimension,value,share,source,year\n"


@pytest.mark.parametrize(
    ("body", "media", "field", "said"),
    [
        (HEADER + "gender,female,0.6,P,2025\ngender,male,0.6,P,2025\n", "text/csv", "gender.shares", "1.2"),
        (HEADER + "gender,female,NaN,P,2025\n", "text/csv", "gender.shares.female", "finite"),
        (HEADER + "gender,female,-1,P,2025\n", "text/csv", "gender.shares.female", "greater"),
        (HEADER + "gender,female,1e999,P,2025\n", "text/csv", "gender.shares.female", "finite"),
        (HEADER + "gender,female,half,P,2025\n", "text/csv", "line 2.share", "no number"),
        (HEADER + "gender,female,0.5,P,2025\ngender,female,0.5,P,2025\n", "text/csv", "line 3.value", "twice"),
        (HEADER + "gender,female,0.5\n", "text/csv", "line 2", "cells"),
        (HEADER + "gender,woman,1,P,2025\n", "text/csv", "margins.gender.shares", "woman"),
        (HEADER + "gender,female,1,,\n", "text/csv", "gender.source", "required"),
        (HEADER + 'gender,"fem', "text/csv", "line", "CSV"),
        (HEADER + "gender,female,1," + "x" * 3_000 + ",2025\n", "text/csv", "line 2.source", "longer"),
        (HEADER + "".join(f"pets,{n},0,P,2025\n" for n in range(5_000)), "text/csv", "body", "lines"),
        ("dimension,value,share\n", "text/csv", "line 1", "source"),
        ("dimension,value,share,count,source,year\n", "text/csv", "line 1", "either"),
        ("dimension,value,share,sauce,year\n", "text/csv", "line 1", "sauce"),
        ("dimension,value,count,source,year\ngender,female,0,P,2025\n", "text/csv", "gender.count", "not all 0"),
        (HEADER.encode("utf-16"), "text/csv", "body", "UTF-8"),
        ("gender,M\xfcnner,1".encode("latin-1"), "text/csv", "body", "UTF-8"),
        ("", "text/csv", "line 1", "missing"),
        ("{}", "application/json", "body", "at least 1"),
        ("[1]", "application/json", "body", "object"),
        ('{"gender": {"shares": {"male": NaN}}}', "application/json", "gender.shares.male", "finite"),
        ("a: &x [1]\nb: *x", "application/yaml", "body", "references"),
        ("a: !!python/object/apply:os.system ['true']", "application/yaml", "body", "YAML"),
        ("a: [", "application/yaml", "body", "YAML"),
        (CSV, "application/zip", "content-type", "kind of file"),
    ],
)  # fmt: skip
async def test_files_that_are_no_margins_are_refused_where_they_are_wrong(
    client: Files, body: str | bytes, media: str, field: str, said: str
) -> None:
    answer = await upload(client, body, media, base="uk_demographics", name="bad")
    assert answer.status_code == 422, answer.text
    errors: list[dict[str, Any]] = answer.json()["errors"]
    assert any(each["field"].startswith(field) and said in each["message"] for each in errors), errors


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "base"),
        ({"base": "uk_demographics"}, "name"),
        ({"base": "mars", "name": "a"}, "base"),
        ({"base": "uk_demographics", "name": "../a"}, "name"),
    ],
)
async def test_a_csv_needs_a_base_and_a_name(client: Files, query: dict[str, str], field: str) -> None:
    answer = await upload(client, CSV, **query)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
