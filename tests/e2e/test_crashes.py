"""Any process may be killed at any moment: the simulation finishes by itself and nothing is lost or done twice."""

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from libs.runtime.nats_server import NatsServer
from tests.support.platforms import ALL_SERVICES, HTTP, DistributedPlatform, EmbeddedPlatform
from tests.support.postgres import PostgresServer
from tests.support.studies import export, individual_responses, start_study, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
AGENTS = 125


Oracle = Callable[[int], bytes]


@pytest.fixture(scope="module")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    """The export of an undisturbed run with this seed."""
    with EmbeddedPlatform(tmp_path_factory.mktemp("oracle")) as platform:

        def undisturbed(seed: int) -> bytes:
            simulation = start_study(platform.url, seed=seed)
            assert wait_for(platform.url, simulation)["state"] == "completed"
            return export(platform.url, simulation, "csv")

        yield undisturbed


def assert_nothing_lost_or_doubled(url: str, simulation_id: str, expected: bytes) -> None:
    status = wait_for(url, simulation_id)
    assert status["state"] == "completed", status
    assert status["progress"]["answered"] + status["progress"]["failed"] == AGENTS
    responses = individual_responses(url, status["intervention_id"], simulation_id)
    assert len(responses) == len({response["agent_id"] for response in responses}) == AGENTS
    assert export(url, simulation_id, "csv") == expected


@pytest.mark.parametrize("delay_s", [0.0, 0.15, 0.35, 0.6])
@pytest.mark.parametrize("is_store_lost", [False, True], ids=["nats-kept", "nats-deleted"])
def test_the_embedded_platform_resumes_by_itself_after_kill_9(
    delay_s: float, is_store_lost: bool, tmp_path: Path, oracle: Oracle
) -> None:
    platform = EmbeddedPlatform(tmp_path / "data")
    with platform:
        simulation = start_study(platform.url)
        time.sleep(delay_s)
        platform.kill()
        if is_store_lost:
            platform.delete_nats_store()
        platform.start()
        assert_nothing_lost_or_doubled(platform.url, simulation, oracle(7))


@pytest.fixture(scope="module")
def distributed(tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer) -> Iterator[DistributedPlatform]:
    directory = tmp_path_factory.mktemp("distributed")
    nats = NatsServer(directory / "nats")
    nats.start()
    with DistributedPlatform(directory, postgres, nats) as platform:
        yield platform
    nats.stop()


@pytest.mark.postgres
@pytest.mark.parametrize("service", ALL_SERVICES)
def test_a_killed_service_on_postgresql_costs_nothing(
    service: str, distributed: DistributedPlatform, oracle: Oracle
) -> None:
    seed = ALL_SERVICES.index(service) + 1  # a seed of its own: with one that was run before it would be a replay
    delay_s = random.Random(seed).uniform(0.0, 0.8)
    simulation = start_study(distributed.url, seed=seed)
    time.sleep(delay_s)
    distributed.restart(service)
    assert_nothing_lost_or_doubled(distributed.url, simulation, oracle(seed))


def test_running_the_same_study_again_makes_no_model_call_and_gives_the_same_bytes(tmp_path: Path) -> None:
    with EmbeddedPlatform(tmp_path) as platform:
        first = start_study(platform.url)
        assert wait_for(platform.url, first)["usage"]["calls"] == AGENTS
        second = start_study(platform.url)
        usage = wait_for(platform.url, second)["usage"]
        assert (usage["calls"], usage["cached_calls"]) == (0, AGENTS)
        assert export(platform.url, first, "csv") == export(platform.url, second, "csv")


def test_another_seed_gives_other_answers(tmp_path: Path) -> None:
    with EmbeddedPlatform(tmp_path) as platform:
        runs = [start_study(platform.url, seed=seed) for seed in (1, 2)]
        for simulation in runs:
            assert wait_for(platform.url, simulation)["usage"]["calls"] == AGENTS
        assert export(platform.url, runs[0], "csv") != export(platform.url, runs[1], "csv")


def test_a_data_directory_is_used_by_one_platform_at_a_time(tmp_path: Path) -> None:
    with EmbeddedPlatform(tmp_path) as platform:
        second = EmbeddedPlatform(tmp_path)
        second.process.start()
        with pytest.raises(AssertionError, match="another platform is running"):
            second.process.wait_until_ready()
        assert HTTP.get(f"{platform.url}/readyz").status_code == 200
