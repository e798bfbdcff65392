"""Populations on an embedded platform: killed in the middle of a job, and used by many simulations."""

from collections.abc import Iterator

import pytest

from tests.support.bulk import SPEC, assert_survives, connected, wait_for
from tests.support.platforms import EmbeddedPlatform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPlatform]:
    with EmbeddedPlatform(tmp_path_factory.mktemp("platform")) as embedded:
        yield embedded


def test_a_job_that_is_killed_twice_draws_the_people_of_an_uninterrupted_one(platform: EmbeddedPlatform) -> None:
    def kill() -> None:
        platform.kill()
        platform.start()

    assert_survives(platform.url, kill)


def test_one_population_serves_many_simulations(platform: EmbeddedPlatform) -> None:
    with connected(platform.url) as client:
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

        def is_refused() -> bool:
            late = client.post("/simulations/create", json=body)
            return late.status_code == 422 and late.json()["errors"][0]["field"] == "population_id"

        wait_for(is_refused)
