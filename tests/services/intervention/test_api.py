"""The public bodies, and every refusal with its field and what is allowed."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from libs.contracts.catalogue import CATALOGUE
from libs.contracts.orchestrator import StartSimulation
from libs.runtime.nats_server import NatsServer
from services.intervention.app import create_app
from services.intervention.settings import Settings
from tests.services.intervention import build
from tests.support.apps import eventually, running
from tests.support.peer import peer

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path_factory.mktemp("api"))
    server.start()
    yield server
    server.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(server: NatsServer) -> AsyncIterator[httpx.AsyncClient]:
    """One service for all of these tests: none of them depends on what another one left."""
    directory = server.directory
    app = create_app(Settings(database_url=f"sqlite:///{directory}/intervention.db", nats_url=server.url))
    async with running("intervention", app) as client:
        async with peer(server.url) as others:
            await others.send("population", build.population_created())

        async def is_known() -> bool:
            body = build.CAMPAIGN | {"population_id": build.POPULATION}
            return (await client.post("/interventions/create", json=body)).status_code == 201

        await eventually(is_known)
        yield client


async def refusal(client: httpx.AsyncClient, body: dict[str, Any], path: str = "create") -> dict[str, Any]:
    before = (await client.get("/interventions/list")).json()
    answer = await client.post(f"/interventions/{path}", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await client.get("/interventions/list")).json() == before, "something was stored"
    [error, *_] = answer.json()["errors"]
    return dict(error)


async def test_the_public_json_makes_a_design(client: httpx.AsyncClient) -> None:
    answer = await client.post("/interventions/create", json=build.CAMPAIGN)
    assert answer.status_code == 201
    made = answer.json()
    assert made["id"].startswith("int_")
    assert (made["baseline"], made["state"], made["alpha"]) == ("emotional_appeal", "draft", 0.05)
    assert made["variants"][0].items() >= (build.CAMPAIGN["variants"][0] | {"is_control": True}).items()  # type: ignore[index]
    assert [(each["name"], each["type"], each["requires"], each["role"]) for each in made["metrics"]] == [
        ("open_rate", "binary", None, "primary"),
        ("click_through", "binary", "open_rate", "secondary"),
        ("purchase_intent", "ordinal", None, "secondary"),
    ]
    assert (await client.get(f"/interventions/{made['id']}")).json() == made


async def test_interventions_are_listed_newest_first_in_pages(client: httpx.AsyncClient) -> None:
    for name in ("one", "two", "three"):
        await client.post("/interventions/create", json=build.CAMPAIGN | {"name": name})
    first = (await client.get("/interventions/list", params={"limit": 2})).json()
    assert [each["name"] for each in first["items"]] == ["three", "two"]
    second = (await client.get("/interventions/list", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert second["items"][0]["name"] == "one"


async def test_an_unknown_metric_is_refused_with_the_catalogue(client: httpx.AsyncClient) -> None:
    error = await refusal(client, build.CAMPAIGN | {"success_metrics": ["open_rate", "clickthrough"]})
    assert error["field"] == "success_metrics.1"
    assert set(error["allowed"]) == set(CATALOGUE)
    assert "did you mean 'click_through'?" in error["message"]


async def test_an_unknown_segment_is_refused_with_the_population_s(client: httpx.AsyncClient) -> None:
    body = build.CAMPAIGN | {"population_id": build.POPULATION, "target_segments": ["families", "teens"]}
    error = await refusal(client, body)
    assert (error["field"], error["allowed"]) == ("target_segments.1", list(build.SEGMENTS))


@pytest.mark.usefixtures("impatient")
async def test_an_unknown_population_is_refused_with_the_newest(client: httpx.AsyncClient) -> None:
    error = await refusal(client, build.CAMPAIGN | {"population_id": "pop_nowhere"})
    assert (error["field"], error["allowed"]) == ("population_id", [build.POPULATION])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"variants": []}, "variants"),
        ({"variants": [{"name": "a", "content": "  "}]}, "variants.0.content"),
        ({"variants": [{"name": "a", "content": "x"}, {"name": "a", "content": "y"}]}, "variants"),
        ({"type": "wish"}, "type"),
        ({"success_metrics": []}, "success_metrics"),
        ({"succes_metrics": ["open_rate"]}, "succes_metrics"),
        ({"success_metrics": ["trust", "trust"]}, "success_metrics.1"),
        ({"alpha": 0.9}, "alpha"),
        ({"seed": -1}, "seed"),
    ],
)
async def test_a_design_that_makes_no_sense_is_refused_by_field(
    client: httpx.AsyncClient, change: dict[str, Any], field: str
) -> None:
    assert (await refusal(client, build.CAMPAIGN | change))["field"] == field


@pytest.mark.usefixtures("impatient")
async def test_executing_needs_a_known_population_that_has_the_segments(client: httpx.AsyncClient) -> None:
    made = (await client.post("/interventions/create", json=build.CAMPAIGN)).json()
    assert (await refusal(client, {}, f"{made['id']}/execute"))["field"] == "population_id"
    unknown = await refusal(client, {"population_id": "pop_nowhere"}, f"{made['id']}/execute")
    assert (unknown["field"], unknown["allowed"]) == ("population_id", [build.POPULATION])
    teens = (await client.post("/interventions/create", json=build.CAMPAIGN | {"target_segments": ["teens"]})).json()
    error = await refusal(client, {"population_id": build.POPULATION}, f"{teens['id']}/execute")
    assert (error["field"], error["allowed"]) == ("target_segments.0", list(build.SEGMENTS))


async def test_an_execution_starts_from_a_known_simulation_of_the_same_people(
    client: httpx.AsyncClient, server: NatsServer
) -> None:
    made = (await client.post("/interventions/create", json=build.CAMPAIGN)).json()["id"]
    error = await refusal(client, {"start_from": {"simulation_id": "sim_nowhere"}}, f"{made}/execute")
    assert error["field"] == "start_from.simulation_id"
    async with peer(server.url) as others:
        before = build.simulation_created("sim_before", None)
        await others.send("orchestrator", before)
        other = {"start_from": {"simulation_id": "sim_before"}, "population_id": "pop_other"}
        error = await refusal(client, other, f"{made}/execute")
        assert (error["field"], error["allowed"]) == ("population_id", [build.POPULATION])
        past = {"simulation_id": "sim_before", "checkpoint_id": "chk_1"}
        started = await client.post(f"/interventions/{made}/execute", json={"start_from": past})
        assert started.status_code == 202, started.text
        assert started.json()["population_id"] == build.POPULATION
        [command] = await others.published(StartSimulation)
        assert command.past is not None
        assert command.past.model_dump() == past


async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient) -> None:
    made = (await client.post("/interventions/create", json=build.CAMPAIGN)).json()
    for path in (
        "/interventions/int_none",
        "/interventions/int_none/results",
        f"/interventions/{made['id']}/results",
        f"/interventions/{made['id']}/results?simulation_id=sim_none",
        f"/interventions/{made['id']}/individual-responses",
    ):
        answer = await client.get(path)
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await client.post("/interventions/int_none/execute", json={})).status_code == 404


async def test_a_forged_cursor_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get("/interventions/list", params={"cursor": "bm90IGEgY3Vyc29y"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "cursor"


async def test_only_interventions_that_were_analysed_are_compared(client: httpx.AsyncClient) -> None:
    made = (await client.post("/interventions/create", json=build.CAMPAIGN)).json()
    missing = await refusal(client, {"intervention_ids": ["int_none", made["id"]]}, "compare")
    assert missing["field"] == "intervention_ids.0"
    twice = await refusal(client, {"intervention_ids": [made["id"], made["id"]]}, "compare")
    assert twice["field"] == "intervention_ids"
    other = (await client.post("/interventions/create", json=build.CAMPAIGN)).json()
    unanalysed = await refusal(client, {"intervention_ids": [made["id"], other["id"]]}, "compare")
    assert "analysed" in unanalysed["message"]


async def test_configurations_need_a_population_and_are_not_too_many(client: httpx.AsyncClient) -> None:
    made = (await client.post("/interventions/create", json=build.CAMPAIGN)).json()
    assert (await refusal(client, {}, f"{made['id']}/robustness"))["field"] == "population_id"
    many = await refusal(client, {"models": ["a", "b"], "seeds": list(range(20))}, f"{made['id']}/robustness")
    assert many["field"] == "models"
    assert (await client.get(f"/interventions/{made['id']}/robustness")).status_code == 404


async def test_power_is_said_when_it_is_designed_and_whenever_it_is_asked(client: httpx.AsyncClient) -> None:
    body = build.CAMPAIGN | {"population_id": build.POPULATION}
    made = (await client.post("/interventions/create", json=body)).json()
    assert made["power"]["planned_n"] == {"emotional_appeal": 63, "rational_appeal": 62}
    assert made["power"]["is_hopeless"]
    needed = made["power"]["metrics"][0]["needed_n"]
    enough = await client.post(f"/interventions/{made['id']}/power", json={"people": 2 * needed})
    assert enough.json()["metrics"][0]["power"] >= 0.8
    nobody = (await client.post("/interventions/create", json=build.CAMPAIGN)).json()
    assert nobody["power"] is None
    assert (await refusal(client, {}, f"{nobody['id']}/power"))["field"] == "people"


async def test_what_was_excluded_must_be_there(client: httpx.AsyncClient) -> None:
    error = await refusal(client, build.CAMPAIGN | {"exclude_interventions": ["int_none"]})
    assert error["field"] == "exclude_interventions.0"
