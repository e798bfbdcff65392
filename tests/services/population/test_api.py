"""The public bodies and answers, and every refusal with its field and what is allowed."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from libs.http import encode_cursor
from libs.runtime.nats_server import NatsServer
from services.population.app import create_app
from services.population.settings import Settings
from tests.support.apps import running

pytestmark = pytest.mark.asyncio(loop_scope="module")

EXAMPLE = json.loads((Path(__file__).parents[2] / "support" / "requirements_example.json").read_text())["population"]
CREATE = "/agent-populations/create"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """One service for all of these tests: none of them depends on what another one left."""
    directory = tmp_path_factory.mktemp("api")
    server = NatsServer(directory / "nats")
    server.start()
    settings = Settings(database_url=f"sqlite:///{directory}/population.db", nats_url=server.url)
    async with running("population", create_app(settings)) as client:
        yield client
    server.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def made(client: httpx.AsyncClient) -> dict[str, Any]:
    """The population of the requirements."""
    answer = await client.post(CREATE, json=EXAMPLE | {"seed": 11})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def get(client: httpx.AsyncClient, path: str, **query: Any) -> Any:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def everybody(client: httpx.AsyncClient, path: str, **query: Any) -> list[dict[str, Any]]:
    people: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = await get(client, path, **query | ({"cursor": cursor} if cursor else {}))
        people += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return people


async def test_the_public_json_makes_a_population(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    assert made["id"].startswith("pop_")
    assert (made["state"], made["size"], made["generated"], made["rest"]) == ("ready", 200, 200, 75)
    assert (made["name"], made["seed"], made["demographic_base"]) == (EXAMPLE["name"], 11, "usa_demographics")
    assert [(each["name"], each["size"]) for each in made["segments"]] == [
        ("young_professionals", 50),
        ("families", 75),
    ]
    assert await get(client, made["links"]["self"]) == made


async def test_particularities_are_shown_as_they_were_understood(client: httpx.AsyncClient) -> None:
    segment = {"name": "a", "size": 2, "particularities": "25-35 years old, tech-savvy, loves jazz"}
    answer = await client.post(CREATE, json=EXAMPLE | {"segments": [segment]})
    [shown] = answer.json()["segments"]
    assert shown["understood"] == [
        {"text": "25-35 years old", "about": "age", "allowed": [], "minimum": 25, "maximum": 35, "by": "rules"},
        {"text": "tech-savvy", "about": "tech_affinity", "allowed": [], "minimum": 0.4, "maximum": None, "by": "rules"},
    ]
    assert shown["not_understood"] == ["loves jazz"]


async def test_the_same_seed_draws_the_same_people(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    again = (await client.post(CREATE, json=EXAMPLE | {"seed": 11})).json()
    assert again["id"] != made["id"]
    first = await client.get(made["links"]["individuals"], params={"limit": 200})
    second = await client.get(again["links"]["individuals"], params={"limit": 200})
    assert first.content == second.content
    other = (await client.post(CREATE, json=EXAMPLE)).json()
    assert (await client.get(other["links"]["individuals"], params={"limit": 200})).content != first.content


async def test_individuals_come_in_pages_that_miss_nobody(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    people = await everybody(client, made["links"]["individuals"], limit=37)
    assert [person["agent_id"] for person in people] == [f"agent_{index:04d}" for index in range(1, 201)]
    assert set(people[0]) == {
        "agent_id", "name", "age", "segment", "demographic_profile", "traits", "persona", "version", "weight",
    }  # fmt: skip


@pytest.mark.parametrize(("segment", "size", "name"), [("families", 75, "families"), ("(rest)", 75, None)])
async def test_individuals_of_one_segment(
    client: httpx.AsyncClient, made: dict[str, Any], segment: str, size: int, name: str | None
) -> None:
    people = await everybody(client, made["links"]["individuals"], segment=segment, limit=50)
    assert [person["segment"] for person in people] == [name] * size


async def test_one_individual(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    page = await get(client, made["links"]["individuals"], limit=1, cursor=encode_cursor(41))
    shown = await get(client, f"{made['links']['individuals']}/agent_0042")
    assert shown.items() >= page["items"][0].items()


async def test_segments_show_distributions_that_count_the_people(
    client: httpx.AsyncClient, made: dict[str, Any]
) -> None:
    shown = await get(client, made["links"]["segments"])
    people = await everybody(client, made["links"]["individuals"], limit=200)
    assert [(each["name"], each["label"], each["size"], each["share"]) for each in shown["segments"]] == [
        ("young_professionals", "young_professionals", 50, 0.25),
        ("families", "families", 75, 0.375),
        (None, "(rest)", 75, 0.375),
    ]
    for segment in shown["segments"]:
        some = [person for person in people if person["segment"] == segment["name"]]
        assert segment["mean_age"] == pytest.approx(sum(person["age"] for person in some) / len(some), abs=0.01)
        mean_trust = sum(person["traits"]["trust"] for person in some) / len(some)
        assert segment["mean_traits"]["trust"] == pytest.approx(mean_trust, abs=0.001)
        for dimension, counts in segment["distributions"].items():
            assert sum(each["count"] for each in counts) == segment["size"]
            assert sum(each["share"] for each in counts) == pytest.approx(1)
            for each in counts:
                assert each["count"] == sum(p["demographic_profile"][dimension] == each["value"] for p in some)
    bands = [each["value"] for each in shown["segments"][0]["distributions"]["age_band"]]
    assert bands == ["18-24", "25-34", "35-44", "45-54", "55-64", "65-74", "75+"]


async def test_a_population_without_a_rest_shows_none(client: httpx.AsyncClient) -> None:
    body = EXAMPLE | {"size": 3, "segments": [{"name": "all", "size": 3}]}
    population = (await client.post(CREATE, json=body)).json()
    assert [each["name"] for each in (await get(client, population["links"]["segments"]))["segments"]] == ["all"]
    answer = await client.get(population["links"]["individuals"], params={"segment": "(rest)"})
    assert answer.json()["errors"] == [
        {"field": "segment", "message": "there is no segment '(rest)'", "allowed": ["all"]}
    ]


async def test_populations_are_listed_newest_first(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    newest = (await client.post(CREATE, json=EXAMPLE | {"size": 125})).json()
    listed = await everybody(client, "/agent-populations/list", limit=2)
    assert listed[0] == newest
    assert made in listed
    assert [each["id"] for each in listed] == sorted((each["id"] for each in listed), reverse=True)


async def test_templates_say_where_every_margin_is_from(client: httpx.AsyncClient) -> None:
    templates = (await get(client, "/agent-populations/templates"))["items"]
    assert [each["name"] for each in templates] == ["eu_demographics", "uk_demographics", "usa_demographics"]
    for template in templates:
        for dimension in template["dimensions"].values():
            assert dimension["source"]
            assert dimension["licence"]
            assert dimension["year"] >= 2010
            assert dimension["status"] in ("published", "approximate", "derived")
            assert "Rounded" in dimension["note"] or "rounded" in dimension["note"] or "definition" in dimension["note"]


async def test_fragments_show_what_they_do(client: httpx.AsyncClient) -> None:
    fragments = {each["name"]: each for each in (await get(client, "/agent-populations/fragments"))["items"]}
    assert len(fragments) >= 16
    assert fragments["health_conscious"]["traits"]["health_interest"] > 0
    assert fragments["health_conscious"]["persona"]["personality"]["traits"]


def segment(**changes: Any) -> dict[str, Any]:
    return {"name": "a", "size": 1} | changes


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"demographic_base": "mars_demographics"}, "demographic_base", "usa_demographics"),
    ({"segments": [segment(fragments=["tech_savvy", "magic"])]}, "segments.0.fragments.1", "tech_savvy"),
    ({"segments": [segment(fragments=["early_bird", "night_owl"])]}, "segments.0.fragments.1", ""),
    ({"segments": [segment(particularities="5-9 years old")]}, "segments.0.particularities", "18-95"),
    (
        {"segments": [segment(), segment(name="b", particularities="retired, under 30")]},
        "segments.1.particularities",
        "",
    ),
    ({"segments": [segment(size=201)]}, "segments", ""),
    ({"segments": [segment(), segment()]}, "segments", ""),
    ({"segments": [segment(size=0)]}, "segments.0.size", ""),
    ({"size": 0}, "size", ""),
    ({"size": 100_001}, "size", ""),
    ({"seed": -1}, "seed", ""),
    ({"name": " "}, "name", ""),
    ({"sise": 10}, "sise", ""),
]


@pytest.mark.parametrize(("changes", "field", "allowed"), REFUSED)
async def test_a_refusal_names_the_field_and_what_is_allowed_and_stores_nothing(
    client: httpx.AsyncClient, changes: dict[str, Any], field: str, allowed: str
) -> None:
    before = await get(client, "/agent-populations/list")
    answer = await client.post(CREATE, json=EXAMPLE | changes)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    [error] = answer.json()["errors"]
    assert error["field"] == field
    assert not allowed or allowed in error["allowed"]
    assert await get(client, "/agent-populations/list") == before, "something was stored"


async def test_all_allowed_names_are_given(client: httpx.AsyncClient) -> None:
    segment = {"name": "a", "size": 1, "fragments": ["magic"]}
    [error] = (await client.post(CREATE, json=EXAMPLE | {"segments": [segment]})).json()["errors"]
    known = [each["name"] for each in (await get(client, "/agent-populations/fragments"))["items"]]
    assert error["allowed"] == known


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("individuals?limit=0", "limit"),
        ("individuals?limit=501", "limit"),
        ("individuals?cursor=nonsense", "cursor"),
        ("individuals?segment=nobody", "segment"),
    ],
)
async def test_a_query_that_is_wrong_is_refused(
    client: httpx.AsyncClient, made: dict[str, Any], path: str, field: str
) -> None:
    answer = await client.get(f"{made['links']['self']}/{path}")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


@pytest.mark.parametrize(
    ("place", "status"), [("200", 200), (str(2**63 - 1), 200), ("1" + "0" * 30, 422), ('"1"', 422)]
)
async def test_a_forged_cursor_finds_nobody_or_is_refused(
    client: httpx.AsyncClient, made: dict[str, Any], place: str, status: int
) -> None:
    cursor = base64.urlsafe_b64encode(f"[{place}]".encode()).decode().rstrip("=")
    answer = await client.get(made["links"]["individuals"], params={"cursor": cursor})
    assert answer.status_code == status
    assert status == 422 or answer.json() == {"items": [], "next_cursor": None}


@pytest.mark.parametrize(
    "path",
    [
        "/agent-populations/pop_nobody",
        "/agent-populations/pop_nobody/segments",
        "/agent-populations/pop_nobody/individuals",
        "/agent-populations/pop_nobody/individuals/agent_0001",
        "{made}/individuals/agent_0201",
        "{made}/individuals/agent_00001",
        "{made}/individuals/agent_999999999",
        "{made}/individuals/tom",
    ],
)
async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient, made: dict[str, Any], path: str) -> None:
    answer = await client.get(path.format(made=made["links"]["self"]))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_preview_counts_exactly_those_who_are_meant(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    everyone = await everybody(client, f"/agent-populations/{made['id']}/individuals")
    meant = [one for one in everyone if one["segment"] == "families" and 30 <= one["age"] <= 45]
    target = {"segments": ["families"], "attributes": {"age": [30, 45]}}
    answer = await client.post("/agent-populations/preview", json=EXAMPLE | {"seed": 11, "target": target})
    assert answer.json()["meant"] == len(meant) > 0
    assert {one["agent_id"] for one in answer.json()["individuals"]} <= {one["agent_id"] for one in meant}
    without = EXAMPLE | {"seed": 11, "target": target, "exclude": {"attributes": {"gender": "female"}}}
    answer = await client.post("/agent-populations/preview", json=without)
    men = [one for one in meant if one["demographic_profile"]["gender"] == "male"]
    assert answer.json()["meant"] == len(men) < len(meant)
    assert answer.json()["attributes"] is None
    nobody = EXAMPLE | {"seed": 11, "target": {"attributes": {"age": [1, 2]}}}
    assert (await client.post("/agent-populations/preview", json=nobody)).json()["individuals"] == []


async def test_a_preview_tells_what_people_have_when_asked(client: httpx.AsyncClient, made: dict[str, Any]) -> None:
    everyone = await everybody(client, f"/agent-populations/{made['id']}/individuals")
    answer = await client.post("/agent-populations/preview", json=EXAMPLE | {"seed": 11}, params={"attributes": True})
    found = answer.json()["attributes"]
    ages = [one["age"] for one in everyone]
    assert found["age"] == {"is_number": True, "values": [min(ages), max(ages)]}
    regions = sorted({one["demographic_profile"]["region"] for one in everyone})
    assert found["region"] == {"is_number": False, "values": regions}
