"""People from files and into files: what came in goes out, what a persona states is read, the rest is not invented."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from libs.runtime.nats_server import NatsServer
from services.population.app import create_app
from services.population.settings import Settings
from tests.support.apps import running
from tests.support.people_files import JON, MIRA, THRIFTY

pytestmark = pytest.mark.asyncio(loop_scope="module")
IMPORT = "/agent-populations/import"
DRAWN = {
    "name": "Adults",
    "demographic_base": "uk_demographics",
    "size": 9,
    "seed": 3,
    "segments": [{"name": "retired", "size": 4, "particularities": "retired", "fragments": ["skeptical"]}],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    """One service for all of these tests: none of them depends on what another one left."""
    directory = tmp_path_factory.mktemp("files")
    server = NatsServer(directory / "nats")
    server.start()
    settings = Settings(database_url=f"sqlite:///{directory}/population.db", nats_url=server.url)
    async with running("population", create_app(settings)) as client:
        yield client
    server.stop()


async def imported(client: httpx.AsyncClient, **body: Any) -> dict[str, Any]:
    answer = await client.post(IMPORT, json={"name": "Panel", **body})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def people(client: httpx.AsyncClient, population: dict[str, Any]) -> list[dict[str, Any]]:
    return list((await client.get(population["links"]["individuals"], params={"limit": 200})).json()["items"])


async def exported(client: httpx.AsyncClient, population: dict[str, Any]) -> list[str]:
    answer = await client.get(population["links"]["export"], params={"format": "agent_json"})
    assert answer.headers["content-type"] == "application/x-ndjson"
    return answer.text.splitlines()


async def test_what_is_imported_is_exported_key_for_key_and_number_for_number(client: httpx.AsyncClient) -> None:
    population = await imported(client, agents=[MIRA, JON])
    assert await exported(client, population) == [
        json.dumps(document, ensure_ascii=False, separators=(",", ":")) for document in (MIRA, JON)
    ]
    answer = await client.get(f"{population['links']['individuals']}/agent_0001/agent.json")
    assert answer.text == json.dumps(MIRA, indent=4, ensure_ascii=False) + "\n"
    assert answer.headers["content-disposition"] == 'attachment; filename="Mira_Kova_ov.agent.json"'


async def test_imported_people_are_what_their_personas_state(client: httpx.AsyncClient) -> None:
    population = await imported(client, segments=[{"name": "couriers", "agents": [JON]}], agents=[MIRA])
    jon, mira = await people(client, population)
    assert (jon["agent_id"], jon["name"], jon["age"], jon["segment"]) == ("agent_0001", "Jon Ames", 29, "couriers")
    assert (mira["agent_id"], mira["segment"], mira["persona"]) == ("agent_0002", None, MIRA["persona"])
    assert mira["demographic_profile"] == {
        "age": 41,
        "age_band": "35-44",
        "gender": "female",
        "nationality": "Slovak",
        "residence": "Košice, Slovakia",
        "education": "Master's degree in chemistry, Technical University of Košice.",
        "occupation": "Quality manager",
    }
    assert jon["demographic_profile"]["occupation"] == "Courier"
    assert mira["traits"]["conscientiousness"] == 0.9
    assert jon["traits"] == {"openness": -0.5, "extraversion": 1.0, "agreeableness": 0.5}


async def test_an_imported_population_is_ready_and_described_like_any_other(client: httpx.AsyncClient) -> None:
    population = await imported(client, segments=[{"name": "couriers", "agents": [JON]}], agents=[MIRA])
    assert (population["state"], population["size"], population["generated"]) == ("ready", 2, 2)
    assert (population["demographic_base"], population["version"], population["rest"]) == ("imported", 0, 1)
    segments = (await client.get(population["links"]["segments"])).json()["segments"]
    assert [(each["label"], each["size"], each["mean_age"]) for each in segments] == [
        ("couriers", 1, 29),
        ("(rest)", 1, 41),
    ]
    assert segments[1]["mean_traits"]["neuroticism"] == -0.6
    assert "neuroticism" not in segments[0]["mean_traits"], "nobody there states it"


async def test_people_who_were_drawn_come_back_the_same_from_their_export(client: httpx.AsyncClient) -> None:
    drawn = (await client.post("/agent-populations/create", json=DRAWN)).json()
    documents = [json.loads(line) for line in await exported(client, drawn)]
    assert [document["type"] for document in documents] == ["TinyPerson"] * 9
    again = await imported(client, agents=documents)
    assert await people(client, again) == await people(client, drawn)
    assert [(each["name"], each["size"]) for each in again["segments"]] == [("retired", 4)]
    assert await exported(client, again) == await exported(client, drawn)


async def test_a_large_export_misses_and_repeats_nobody(client: httpx.AsyncClient) -> None:
    people = [{"persona": {"name": f"Person {number}", "age": 30}} for number in range(401)]
    lines = await exported(client, await imported(client, agents=people))
    assert [json.loads(line) for line in lines] == people


async def test_thousands_of_people_are_imported_in_one_request(client: httpx.AsyncClient) -> None:
    population = await imported(client, agents=[MIRA] * 2_000)
    assert (population["size"], population["state"]) == (2_000, "ready")


REFUSED: list[tuple[str, str, str]] = [
    ('{"name": "a", "agents": [{"persona": {"name": "A", "age": 1, "age": 2}}]}', "agents.0.persona", "more than once"),
    ('{"name": "a", "agents": [{"persona": {"name": "A", "age": NaN}}]}', "agents.0.persona.age", "finite"),
    ('{"name": "a", "agents": [{"persona": {"name": "A", "age": 3}, "n": 1e999}]}', "agents.0.n", "finite"),
    ('{"name": "a", "agents": [{"persona": {"name": "\\ud800"}}]}', "agents.0.persona.name", "surrogates"),
    ('{"name": "a", "agents": []}', "agents", "from 1 to 5000"),
    ('{"name": "a", "agents": ["Lisa"]}', "agents.0", "should be names with their values"),
    ('{"name": "a", "agents": [{"persona": {"name": "A"}}]}', "agents.0.persona.age", "whole years"),
    (json.dumps({"name": "a", "agents": [MIRA, THRIFTY]}), "agents.1.type", "not 'TinyPerson'"),
    (
        json.dumps({"name": "a", "segments": [{"name": "s", "agents": [MIRA, {"persona": 1}]}]}),
        "segments.0.agents.1.persona",
        "is not an object",
    ),
    (json.dumps({"name": "a", "segments": [{"name": "s", "agents": [MIRA]}] * 2}), "segments", "more than once"),
    (
        json.dumps({"name": "a", "agents": [{**MIRA, "rehearsal": {"traits": {"charm": 1}}}]}),
        "agents.0.rehearsal.traits.charm",
        "is no known trait",
    ),
    (
        json.dumps({"name": "a", "agents": [{**MIRA, "rehearsal": {"demographic_profile": {"income": [1]}}}]}),
        "agents.0.rehearsal.demographic_profile.income",
        "not a number or a text",
    ),
    (
        json.dumps({"name": "a", "agents": [{**MIRA, "rehearsal": {"weight": 0}}]}),
        "agents.0.rehearsal.weight",
        "above 0",
    ),
    (
        json.dumps({"name": "a", "agents": [{**MIRA, "rehearsal": {"segment": 7}}]}),
        "agents.0.rehearsal.segment",
        "needed is a text",
    ),
]


@pytest.mark.parametrize(("body", "field", "reason"), REFUSED)
async def test_a_file_that_is_no_person_is_refused_with_its_place_and_nothing_is_stored(
    client: httpx.AsyncClient, body: str, field: str, reason: str
) -> None:
    before = (await client.get("/agent-populations/list")).json()
    answer = await client.post(IMPORT, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert (error["field"], reason in error["message"]) == (field, True), error
    assert (await client.get("/agent-populations/list")).json() == before


async def test_an_unknown_export_format_is_refused_with_those_there_are(client: httpx.AsyncClient) -> None:
    population = await imported(client, agents=[JON])
    answer = await client.get(population["links"]["export"], params={"format": "zip"})
    assert (answer.status_code, answer.json()["errors"][0]["allowed"]) == (
        422,
        ["agent_json", "jsonl", "csv", "parquet"],
    )
    for path in ("pop_nobody/export", "pop_nobody/individuals/agent_0001/agent.json"):
        assert (await client.get(f"/agent-populations/{path}")).status_code == 404
