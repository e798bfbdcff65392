"""The life of a population after it was made: used by simulations, put away, deleted."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from libs.contracts.orchestrator import SimulationCreated, SimulationState, SimulationStateChanged
from libs.contracts.population import PopulationDeleted
from libs.contracts.protocol import NO_USAGE
from tests.support.apps import eventually
from tests.support.peer import Peer
from tests.support.people_files import JON

pytestmark = pytest.mark.asyncio(loop_scope="module")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


async def made(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.post("/agent-populations/import", json={"name": "Panel", "agents": [JON]})
    return dict(answer.json())


def created(simulation_id: str, population: dict[str, Any]) -> SimulationCreated:
    return SimulationCreated(
        simulation_id=simulation_id,
        name="E-mail",
        population_id=population["id"],
        intervention_id=None,
        seed=1,
        model="offline",
        created_at=NOW,
    )


def changed(simulation_id: str, state: SimulationState, minute: int) -> SimulationStateChanged:
    return SimulationStateChanged(
        simulation_id=simulation_id,
        previous=SimulationState.DRAFT,
        state=state,
        reason=None,
        planned={},
        answered=0,
        failed=0,
        usage=NO_USAGE,
        changed_at=NOW.replace(minute=minute),
    )


async def uses(client: httpx.AsyncClient, population: dict[str, Any]) -> list[tuple[str, str | None]]:
    listed = (await client.get(population["links"]["simulations"])).json()["items"]
    return [(use["simulation_id"], use["state"]) for use in listed]


async def test_a_population_knows_the_simulations_that_use_it(client: httpx.AsyncClient, others: Peer) -> None:
    population, other = await made(client), await made(client)
    await others.send("orchestrator", created("sim_a1", population), created("sim_a2", population))
    await others.send("orchestrator", created("sim_a3", other))
    # States may come before the creation, and late.
    await others.send("orchestrator", changed("sim_a2", SimulationState.COMPLETED, 9))
    await others.send("orchestrator", changed("sim_a2", SimulationState.RUNNING, 5))

    async def are_known() -> bool:
        return await uses(client, population) == [("sim_a2", "completed"), ("sim_a1", None)]

    await eventually(are_known)
    page = (await client.get(population["links"]["simulations"], params={"limit": 1})).json()
    rest = await client.get(population["links"]["simulations"], params={"cursor": page["next_cursor"]})
    assert [use["simulation_id"] for use in rest.json()["items"]] == ["sim_a1"]


async def test_a_population_in_use_is_not_deleted_and_says_who_uses_it(client: httpx.AsyncClient, others: Peer) -> None:
    population = await made(client)
    here = population["links"]["self"]
    await others.send("orchestrator", created("sim_b1", population))
    await others.send("orchestrator", changed("sim_b1", SimulationState.RUNNING, 1))

    async def is_known() -> bool:
        return await uses(client, population) == [("sim_b1", "running")]

    await eventually(is_known)
    answer = await client.delete(here)
    assert (answer.status_code, "sim_b1" in answer.json()["detail"]) == (409, True)
    await others.send("orchestrator", changed("sim_b1", SimulationState.CANCELLED, 2))

    async def is_deleted() -> bool:
        return (await client.delete(here)).status_code == 204

    await eventually(is_deleted)


async def test_of_a_deleted_population_nothing_is_left_and_the_others_are_told(
    client: httpx.AsyncClient, others: Peer
) -> None:
    population = await made(client)
    here = population["links"]["self"]
    assert (await client.delete(here)).status_code == 204
    for path in (here, *population["links"].values(), f"{here}/individuals/agent_0001"):
        assert (await client.get(path)).status_code == 404, path
    assert (await client.delete(here)).status_code == 404
    assert population["id"] not in [
        each["id"] for each in (await client.get("/agent-populations/list")).json()["items"]
    ]
    assert len(await others.published(PopulationDeleted, key=population["id"])) == 1


async def test_an_archived_population_is_not_listed_and_can_be_used_but_not_changed(
    client: httpx.AsyncClient,
) -> None:
    population = await made(client)
    here = population["links"]["self"]
    archived = (await client.post(f"{here}/archive")).json()
    assert (archived["archived_at"] is None, archived["state"]) == (False, "ready")
    assert (await client.post(f"{here}/archive")).json() == archived, "once more changes nothing"

    async def listed(**query: Any) -> list[str]:
        return [each["id"] for each in (await client.get("/agent-populations/list", params=query)).json()["items"]]

    assert population["id"] not in await listed()
    assert await listed(archived=True) == [population["id"]]
    assert len((await client.get(population["links"]["individuals"])).json()["items"]) == 1
    body = {"fragments": ["health_conscious"]}
    edit = await client.patch(f"{here}/individuals/agent_0001", json={"persona": {"motto": "Later."}})
    for answer in (edit, await client.post(f"{here}/apply-fragments", json=body)):
        assert (answer.status_code, "is archived" in answer.json()["detail"]) == (409, True)
    assert (await client.post(f"{here}/restore")).json() == population
    assert population["id"] in await listed()


async def test_a_population_that_is_being_drawn_is_neither_archived_nor_deleted(client: httpx.AsyncClient) -> None:
    body = {"name": "Adults", "demographic_base": "uk_demographics", "size": 100_000}
    job = (await client.post("/agent-populations/bulk-generate", json=body)).json()
    here = job["links"]["population"]
    for answer in (await client.delete(here), await client.post(f"{here}/archive")):
        assert (answer.status_code, "cancel that first" in answer.json()["detail"]) == (409, True)
    assert (await client.post(job["links"]["cancel"])).status_code == 200
    assert (await client.delete(here)).status_code == 204
