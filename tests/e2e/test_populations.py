"""Large populations across `kill -9`, over both forms of the platform: nobody lost, nobody twice, nobody else."""

import time
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import httpx
import pytest

from libs.contracts.specs import PopulationSpec
from libs.minds.json_documents import one_line
from libs.runtime.nats_server import NatsServer
from services.population.domain.imports import Person
from services.population.domain.library import load_library
from services.population.domain.people import Design
from tests.support.platforms import DistributedPlatform, EmbeddedPlatform
from tests.support.postgres import PostgresServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
SPEC = {
    "name": "Adults",
    "demographic_base": "usa_demographics",
    "size": 6_000,
    "seed": 12,
    "segments": [{"name": "families", "size": 2_500, "particularities": "married with children, middle income"}],
}
Killing = tuple[str, Callable[[], None]]


@cache
def uninterrupted() -> list[str]:
    design = Design(PopulationSpec.model_validate(SPEC), 12, load_library())
    return [one_line(Person(agent, None).document()) for agent in design.people(1, 6_000)]


@pytest.fixture(scope="module", params=["embedded", pytest.param("distributed", marks=pytest.mark.postgres)])
def platform(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killing]:
    """Its URL, and what kills the population service and starts it again."""
    directory = tmp_path_factory.mktemp("platform")
    if request.param == "embedded":
        with EmbeddedPlatform(directory) as embedded:

            def kill_all() -> None:
                embedded.kill()
                embedded.start()

            yield embedded.url, kill_all
        return
    postgres: PostgresServer = request.getfixturevalue("postgres")
    nats = NatsServer(directory / "nats")
    nats.start()
    with DistributedPlatform(directory, postgres, nats) as distributed:
        yield distributed.url, lambda: distributed.restart("population")
    nats.stop()


def test_a_job_that_is_killed_twice_draws_the_people_of_an_uninterrupted_one(platform: Killing) -> None:
    url, kill = platform
    with connected(url) as client:
        job = client.post("/agent-populations/bulk-generate", json=SPEC).raise_for_status().json()
        for reached in (1, 2_500):
            shown = wait(client, job, lambda shown, least=reached: shown["generated"] >= least)
            assert shown["state"] == "running", "it was killed in the middle"
            kill()
        done = wait(client, job, lambda shown: shown["state"] != "running")
        assert (done["state"], done["generated"]) == ("completed", 6_000)
        export = client.get(f"{job['links']['population']}/export").raise_for_status().text
        assert export.splitlines() == uninterrupted()
        segments = client.get(f"{job['links']['population']}/segments").json()["segments"]
        assert [(each["name"], each["generated"]) for each in segments] == [("families", 2_500), (None, 3_500)]


def test_one_population_serves_many_simulations(platform: Killing) -> None:
    url, _ = platform
    with connected(url) as client:
        population = client.post("/agent-populations/create", json=SPEC | {"size": 30, "segments": []}).json()
        body = {"name": "Panel", "population_id": population["id"]}
        simulations = [client.post("/simulations/create", json=body).raise_for_status().json() for _ in range(2)]
        for simulation in simulations:
            wait_for(lambda id=simulation["id"]: client.get(f"/simulations/{id}/status").json()["state"] == "ready")
            message = {"simulation_id": simulation["id"], "to_agent_id": "agent_0007", "content": "Good morning."}
            client.post("/communications/direct-message", json=message).raise_for_status()
        ids = sorted((simulation["id"] for simulation in simulations), reverse=True)
        uses = population["links"]["simulations"]
        wait_for(lambda: [use["simulation_id"] for use in client.get(uses).json()["items"]] == ids)
        assert client.delete(population["links"]["self"]).status_code == 409
        for simulation in simulations:
            client.delete(f"/simulations/{simulation['id']}/end").raise_for_status()
        wait_for(lambda: client.delete(population["links"]["self"]).status_code == 204)

        def has_failed() -> bool:
            late = client.post("/simulations/create", json=body).json()
            status = client.get(f"/simulations/{late['id']}/status").json()
            return status["state"] == "failed" and "was deleted" in status["reason"]

        wait_for(has_failed)


def connected(url: str) -> httpx.Client:
    """Without connections that are kept: they may be to a process that was killed."""
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(base_url=url, timeout=30, verify=False, limits=limits)


def wait(client: httpx.Client, job: dict[str, Any], until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    shown: dict[str, Any] = {}

    def is_so() -> bool:
        shown.update(client.get(job["links"]["self"]).raise_for_status().json())
        return until(shown)

    wait_for(is_so)
    return shown


def wait_for(check: Callable[[], bool], within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
