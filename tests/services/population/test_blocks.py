"""Populations beyond one request: blocks, messages and crashes, on a real bus and both stores."""

import asyncio
from collections import Counter
from contextlib import AbstractAsyncContextManager
from functools import cache
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import create_engine, text

from libs.contracts.population import (
    AgentsGenerated,
    GeneratePeople,
    PopulationCreated,
    PopulationFailed,
    PopulationReady,
)
from libs.contracts.specs import PopulationSpec
from libs.runtime.nats_server import NatsServer
from services.population.app import create_app
from services.population.domain.library import load_library
from services.population.domain.people import Design
from services.population.settings import Settings
from tests.support.apps import eventually, running
from tests.support.peer import peer
from tests.support.people_files import JON

CREATE = "/agent-populations/create"
LARGE = {
    "name": "Adults",
    "demographic_base": "uk_demographics",
    "size": 1_030,
    "seed": 5,
    "segments": [
        {"name": "retired", "size": 620, "particularities": "retired, fond of opera", "fragments": ["skeptical"]}
    ],
}


def service(database_url: str, nats_url: str) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    return running("population", create_app(Settings(database_url=database_url, nats_url=nats_url)))


async def is_ready(client: httpx.AsyncClient, population: dict[str, Any]) -> bool:
    return bool((await client.get(population["links"]["self"])).json()["state"] == "ready")


async def individuals(client: httpx.AsyncClient, population: dict[str, Any]) -> list[dict[str, Any]]:
    people: list[dict[str, Any]] = []
    query: dict[str, Any] = {"limit": 200}
    while True:
        page = (await client.get(population["links"]["individuals"], params=query)).json()
        people += page["items"]
        if page["next_cursor"] is None:
            return people
        query["cursor"] = page["next_cursor"]


@cache
def expected() -> bytes:
    design = Design(PopulationSpec.model_validate(LARGE), 5, load_library())
    return orjson.dumps([agent.model_dump(exclude={"index"}) for agent in design.people(1, 1_030)])


async def test_a_large_population_is_drawn_in_blocks_and_announced_in_order(database_url: str, nats_url: str) -> None:
    async with service(database_url, nats_url) as client, peer(nats_url) as others:
        answer = await client.post(CREATE, json=LARGE)
        population = answer.json()
        assert (answer.status_code, population["state"], population["generated"]) == (202, "generating", 500)
        [ready] = await others.published(PopulationReady)
        assert await is_ready(client, population)
        assert orjson.dumps(await individuals(client, population)) == expected()
        shown = (await client.get(population["links"]["segments"])).json()["segments"]
        assert [(each["size"], each["generated"]) for each in shown] == [(620, 620), (410, 410)]
        [created] = await others.published(PopulationCreated)
        assert (created.size, created.segments, created.seed) == (1_030, {"retired": 620}, 5)
        assert (ready.population_id, ready.segments) == (population["id"], {"retired": 620})
        margins = (await client.get(population["links"]["margins"])).json()
        assert ready.makeup is not None
        assert (ready.makeup.base, ready.makeup.title) == ("uk_demographics", "Adults of the United Kingdom")
        assert ready.makeup.segments[0].model_dump() == {
            "name": "retired",
            "size": 620,
            "particularities": "retired, fond of opera",
            "not_understood": ("fond of opera",),
            "fragments": ("skeptical",),
        }
        assert ready.makeup.worth is not None
        assert ready.makeup.worth.model_dump() == {
            name: margins["weights"][name] for name in ("effective_n", "design_effect")
        }
        told = await others.published(AgentsGenerated)
        assert max(len(message.agents) for message in told) == 50
        assert [agent.index for message in told for agent in message.agents] == list(range(1, 1_031))


async def test_the_people_of_a_small_population_are_announced_before_it_is_ready(
    sqlite_url: str, nats_url: str
) -> None:
    async with service(sqlite_url, nats_url) as client, peer(nats_url) as others:
        await client.post(CREATE, json=LARGE | {"size": 60, "segments": []})
        await others.published(PopulationReady)
    engine = create_engine(sqlite_url)
    with engine.connect() as connection:
        subjects = connection.execute(text("SELECT subject FROM outbox ORDER BY seq")).scalars().all()
    engine.dispose()
    names = [subject.split(".")[4] for subject in subjects]
    assert names == ["population-created", "agents-generated", "agents-generated", "population-ready"]


async def test_imported_people_are_announced_like_those_who_were_drawn(sqlite_url: str, nats_url: str) -> None:
    body = {"name": "Panel", "segments": [{"name": "all", "agents": [JON] * 60}]}
    async with service(sqlite_url, nats_url) as client, peer(nats_url) as others:
        population = (await client.post("/agent-populations/import", json=body)).json()
        [ready] = await others.published(PopulationReady)
        [created] = await others.published(PopulationCreated)
        told = await others.published(AgentsGenerated)
    assert (ready.population_id, ready.size, ready.segments) == (population["id"], 60, {"all": 60})
    assert created.demographic_base == "imported"
    assert ready.makeup is not None
    assert (ready.makeup.way, ready.makeup.title, ready.makeup.worth) == ("imported", None, None)
    assert [len(event.agents) for event in told] == [50, 10]
    assert told[0].agents[0].persona == JON["persona"]


async def test_a_crash_between_blocks_loses_and_repeats_nobody(database_url: str, nats_server: NatsServer) -> None:
    async with service(database_url, nats_server.url) as client:
        nats_server.stop()
        population = (await client.post(CREATE, json=LARGE)).json()
        assert population["generated"] == 500
    nats_server.start()
    async with service(database_url, nats_server.url) as client:
        await eventually(lambda: is_ready(client, population), within_s=20)
        assert orjson.dumps(await individuals(client, population)) == expected()


async def test_a_block_that_is_ordered_again_changes_nothing(sqlite_url: str, nats_url: str) -> None:
    async with service(sqlite_url, nats_url) as client, peer(nats_url) as others:
        population = (await client.post(CREATE, json=LARGE)).json()
        await others.published(PopulationReady)
        first, second = (GeneratePeople(population_id=population["id"], start=start) for start in (501, 1_001))
        [envelope, _] = await others.send("population", first, second)
        await others.send_again(first, envelope)
        await asyncio.sleep(0.3)
        assert len(await others.published(PopulationReady)) == 1
        told = await others.published(AgentsGenerated)
        assert Counter(agent.index for message in told for agent in message.agents).most_common(1)[0][1] == 1
        assert len(await individuals(client, population)) == 1_030


async def test_a_population_that_can_no_longer_be_drawn_fails_and_says_why(
    sqlite_url: str, nats_server: NatsServer
) -> None:
    async with service(sqlite_url, nats_server.url) as client:
        nats_server.stop()
        population = (await client.post(CREATE, json=LARGE)).json()
    forget_the_template(sqlite_url)
    nats_server.start()
    async with service(sqlite_url, nats_server.url) as client, peer(nats_server.url) as others:
        [failed] = await others.published(PopulationFailed)
        assert failed.population_id == population["id"]
        assert "there is no template 'gone'" in failed.reason
        shown = (await client.get(population["links"]["self"])).json()
        assert (shown["state"], shown["reason"], shown["generated"]) == ("failed", failed.reason, 500)


async def test_a_block_out_of_turn_or_done_before_changes_nothing(database_url: str, nats_server: NatsServer) -> None:
    app = create_app(Settings(database_url=database_url, nats_url=nats_server.url))
    async with running("population", app) as client:
        nats_server.stop()
        population = (await client.post(CREATE, json=LARGE)).json()
        for start, generated in ((1_001, 500), (1, 500), (501, 1_000), (501, 1_000)):
            async with app.state.database.write() as tx:
                await app.state.service.drawing.draw_block(tx, population["id"], start)
            shown = (await client.get(population["links"]["self"])).json()
            assert (shown["state"], shown["generated"]) == ("generating", generated)
        assert len(await individuals(client, population)) == 1_000


def forget_the_template(url: str) -> None:
    """As when a deployment takes a template away while a population is being drawn."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE populations SET document = replace(document, 'uk_demographics', 'gone')"))
    engine.dispose()


@pytest.mark.parametrize("size", [500, 501])
async def test_up_to_five_hundred_people_are_there_at_once(sqlite_url: str, nats_url: str, size: int) -> None:
    async with service(sqlite_url, nats_url) as client:
        answer = await client.post(CREATE, json=LARGE | {"size": size, "segments": []})
        assert answer.status_code == (201 if size == 500 else 202)
        assert answer.json()["generated"] == 500
        await eventually(lambda: is_ready(client, answer.json()))
