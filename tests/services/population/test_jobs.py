"""Drawing as a job: asked for, followed, cancelled."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from libs.contracts.population import (
    GeneratePeople,
    PopulationCreated,
    PopulationFailed,
    PopulationProgressed,
    PopulationReady,
)
from libs.runtime.nats_server import NatsServer
from services.population.app import create_app
from services.population.settings import Settings
from services.population.store import Store
from tests.support.apps import eventually, running
from tests.support.peer import peer
from tests.support.people_files import MIRA

BULK = "/agent-populations/bulk-generate"
SPEC = {"name": "Adults", "demographic_base": "eu_demographics", "size": 1_700, "seed": 3}


async def job_of(client: httpx.AsyncClient, job: dict[str, Any]) -> dict[str, Any]:
    return dict((await client.get(job["links"]["self"])).json())


async def test_a_bulk_job_answers_before_anybody_is_drawn_and_tells_how_it_goes(
    database_url: str, nats_server: NatsServer
) -> None:
    settings = Settings(database_url=database_url, nats_url=nats_server.url)
    async with running("population", create_app(settings)) as client, peer(nats_server.url) as others:
        nats_server.stop()
        answer = await client.post(BULK, json=SPEC)
        job = answer.json()
        assert (answer.status_code, answer.headers["location"]) == (202, job["links"]["self"])
        assert (job["state"], job["size"], job["generated"], job["progress"]) == ("queued", 1_700, 0, 0)
        assert (job["people_per_second"], job["remaining_s"]) == (None, None)
        nats_server.start()
        [ready] = await others.published(PopulationReady)
        done = await job_of(client, job)
        assert (done["state"], done["generated"], done["progress"]) == ("completed", 1_700, 1)
        assert done["people_per_second"] > 0
        assert (done["remaining_s"], done["completed_at"] is None) == (None, False)
        told = await others.published(PopulationProgressed)
        assert [event.generated for event in told] == [500, 1_000, 1_500]
        assert all(event.people_per_second > 0 and event.remaining_s > 0 for event in told)
        assert ready.population_id == job["population_id"]
        for name in ("population", "individuals"):
            assert (await client.get(job["links"][name])).status_code == 200


async def test_a_job_of_few_people_is_a_job_too(sqlite_url: str, nats_url: str) -> None:
    async with running("population", create_app(Settings(database_url=sqlite_url, nats_url=nats_url))) as client:
        job = (await client.post(BULK, json=SPEC | {"size": 3})).json()
        assert job["state"] == "queued"

        async def is_completed() -> bool:
            return bool((await job_of(client, job))["state"] == "completed")

        await eventually(is_completed)


async def test_a_cancelled_job_draws_nobody_more_and_says_so(database_url: str, nats_server: NatsServer) -> None:
    settings = Settings(database_url=database_url, nats_url=nats_server.url)
    app = create_app(settings)
    async with running("population", app) as client, peer(nats_server.url) as others:
        nats_server.stop()
        population = (await client.post("/agent-populations/create", json=SPEC)).json()
        job = (await client.get(population["links"]["job"])).json()
        assert (job["state"], job["generated"], job["progress"]) == ("running", 500, 500 / 1_700)
        assert job["remaining_s"] > 0
        cancelled = await client.post(job["links"]["cancel"])
        assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
        assert cancelled.json()["reason"] == "cancelled after 500 of 1700 people"
        again = await client.post(job["links"]["cancel"])
        assert (again.status_code, "nothing to cancel" in again.json()["detail"]) == (409, True)
        nats_server.start()
        [failed] = await others.published(PopulationFailed)
        assert (failed.population_id, failed.reason) == (population["id"], cancelled.json()["reason"])
        async with app.state.database.write() as tx:
            await app.state.service.drawing.draw_block(tx, population["id"], 501)
        assert (await job_of(client, job)) == cancelled.json()
        assert len(await others.published(PopulationCreated)) == 1
        body = {"fragments": ["health_conscious"]}
        assert (await client.post(f"{population['links']['self']}/apply-fragments", json=body)).status_code == 409


async def test_a_block_that_took_days_by_the_clock_is_drawn_and_told_like_any_other(
    database_url: str, nats_server: NatsServer
) -> None:
    app = create_app(Settings(database_url=database_url, nats_url=nats_server.url))
    async with running("population", app) as client, peer(nats_server.url) as others:
        nats_server.stop()
        population_id = (await client.post(BULK, json=SPEC)).json()["population_id"]
        async with app.state.database.write() as tx:
            populations = Store().populations
            queued = await populations.get(tx, population_id, lock=True)
            await populations.save(tx, replace(queued, progressed_at=datetime.now(UTC) - timedelta(days=400)))
        nats_server.start()
        [ready] = await others.published(PopulationReady)
        assert ready.population_id == population_id
        told = await others.published(PopulationProgressed)
        assert [event.generated for event in told] == [500, 1_000, 1_500]
        assert 0 < told[0].people_per_second < 0.0001
        assert told[0].remaining_s > told[1].remaining_s > 0


async def test_a_population_that_was_drawn_at_once_has_a_finished_job_and_an_imported_one_none(
    sqlite_url: str, nats_url: str
) -> None:
    async with running("population", create_app(Settings(database_url=sqlite_url, nats_url=nats_url))) as client:
        drawn = (await client.post("/agent-populations/create", json=SPEC | {"size": 20})).json()
        assert (await client.get(drawn["links"]["job"])).json()["state"] == "completed"
        panel = (await client.post("/agent-populations/import", json={"name": "P", "agents": [MIRA]})).json()
        assert (await client.get(panel["links"]["job"])).status_code == 404


async def test_what_cannot_be_drawn_is_refused_before_there_is_a_job(sqlite_url: str, nats_url: str) -> None:
    async with running("population", create_app(Settings(database_url=sqlite_url, nats_url=nats_url))) as client:
        for changes, field in (({"size": 100_001}, "size"), ({"demographic_base": "mars"}, "demographic_base")):
            answer = await client.post(BULK, json=SPEC | changes)
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
        assert (await client.get("/agent-populations/list")).json()["items"] == []


async def test_a_job_whose_block_was_given_up_has_failed_and_says_why(sqlite_url: str, nats_server: NatsServer) -> None:
    settings = Settings(database_url=sqlite_url, nats_url=nats_server.url)
    async with running("population", create_app(settings)) as client, peer(nats_server.url) as others:
        job = (await client.post(BULK, json=SPEC | {"size": 60_000})).json()
        generated = (await job_of(client, job))["generated"]

        async def has_failed() -> bool:
            """Whichever block is next when its command is given up."""
            nonlocal generated
            generated = (await job_of(client, job))["generated"]
            block = GeneratePeople(population_id=job["population_id"], start=generated + 1)
            await others.give_up("population", block, "OperationalError: disk full")
            return (await job_of(client, job))["state"] == "failed"

        await eventually(has_failed)
        failed = await job_of(client, job)
        assert "and up: OperationalError: disk full" in failed["reason"]
        assert (await others.published(PopulationFailed))[0].reason == failed["reason"]
