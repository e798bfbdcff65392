"""Any process may be killed at any moment: the simulation finishes by itself and nothing is lost or done twice."""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from functools import cache

import pytest

from chaos.overheard import overheard
from libs.runtime.nats_server import NatsServer
from tests.support.bulk import assert_survives
from tests.support.platforms import ALL_SERVICES, HTTP, DistributedPlatform, EmbeddedPlatform
from tests.support.postgres import PostgresServer
from tests.support.studies import export, individual_responses, start_study, wait_for
from tests.support.talks import TURNS, answered, begin, transcript

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
AGENTS = 125
CAUGHT_UP_WITHIN_S = 60.0  # the service that was killed may have messages left to read when all is completed
KILLS = ((0.0, False), (0.15, True), (0.35, False), (0.6, True))
"""When the embedded platform is killed, and whether the store of NATS is lost with it. `make chaos` does more of it."""
Oracle = Callable[[int], bytes]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPlatform]:
    """A platform that nobody kills."""
    with EmbeddedPlatform(tmp_path_factory.mktemp("undisturbed")) as platform:
        yield platform


@pytest.fixture(scope="module")
def oracle(undisturbed: EmbeddedPlatform) -> Oracle:
    """The export of an undisturbed run with this seed."""

    @cache
    def export_of(seed: int) -> bytes:
        simulation = start_study(undisturbed.url, seed=seed)
        status = wait_for(undisturbed.url, simulation)
        assert (status["state"], status["usage"]["calls"]) == ("completed", AGENTS)
        return export(undisturbed.url, simulation, "csv")

    return export_of


def assert_nothing_lost_or_doubled(url: str, simulation_id: str, expected: bytes) -> None:
    status = wait_for(url, simulation_id)
    assert status["state"] == "completed", status
    assert status["progress"]["answered"] + status["progress"]["failed"] == AGENTS
    deadline = time.monotonic() + CAUGHT_UP_WITHIN_S
    while len(responses := individual_responses(url, status["intervention_id"], simulation_id)) < AGENTS:
        assert time.monotonic() < deadline, f"{len(responses)} of {AGENTS} responses"
        time.sleep(0.1)
    assert len(responses) == len({response["agent_id"] for response in responses}) == AGENTS
    assert export(url, simulation_id, "csv") == expected


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPlatform]:
    """A platform that is killed again and again."""
    with EmbeddedPlatform(tmp_path_factory.mktemp("embedded")) as platform:
        yield platform


@pytest.mark.parametrize(("delay_s", "is_store_lost"), KILLS)
def test_the_embedded_platform_resumes_by_itself_after_kill_9(
    delay_s: float, is_store_lost: bool, embedded: EmbeddedPlatform, oracle: Oracle
) -> None:
    seed = 1 + KILLS.index((delay_s, is_store_lost))  # its own, or it would be a replay
    simulation = start_study(embedded.url, seed=seed)
    time.sleep(delay_s)
    embedded.kill()
    if is_store_lost:
        embedded.delete_nats_store()
    embedded.start()
    assert_nothing_lost_or_doubled(embedded.url, simulation, oracle(seed))


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    server = NatsServer(tmp_path_factory.mktemp("nats"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def distributed(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, nats: NatsServer
) -> Iterator[DistributedPlatform]:
    with DistributedPlatform(tmp_path_factory.mktemp("distributed"), postgres, nats) as platform:
        yield platform


@pytest.mark.postgres
def test_a_rolling_restart_on_postgresql_has_no_message_delivered_again(
    distributed: DistributedPlatform, nats: NatsServer, oracle: Oracle
) -> None:
    """Before anything is killed here. In `make chaos` each call takes six seconds meanwhile."""
    simulations: dict[int, str] = {}
    with overheard(nats.url) as answers:
        for number, process in enumerate(distributed.processes.values()):
            if number % 5 == 0:
                seed = 6 + number // 5
                simulations[seed] = start_study(distributed.url, seed=seed)
            process.replace()
        for seed, simulation in simulations.items():
            assert_nothing_lost_or_doubled(distributed.url, simulation, oracle(seed))
        assert answers.again() == {}, answers.told()


@pytest.mark.postgres
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_services_that_are_killed_one_after_the_other_on_postgresql_cost_nothing(
    seed: int, distributed: DistributedPlatform, oracle: Oracle
) -> None:
    """Each service in one of the studies. `make chaos` kills each of them in studies of its own."""
    simulation = start_study(distributed.url, seed=seed)
    for service in ALL_SERVICES[seed - 1 :: 3]:
        time.sleep(random.Random(seed).uniform(0.0, 0.3))
        distributed.restart(service)
    assert_nothing_lost_or_doubled(distributed.url, simulation, oracle(seed))


@pytest.mark.postgres
def test_a_talk_survives_its_worker_on_postgresql(
    distributed: DistributedPlatform, undisturbed: EmbeddedPlatform
) -> None:
    simulation = begin(distributed.url)
    time.sleep(0.3)
    distributed.restart("communication")
    assert transcript(distributed.url, simulation) == transcript(undisturbed.url, begin(undisturbed.url))
    assert answered(distributed.url, simulation) == TURNS


@pytest.mark.postgres
def test_a_job_that_is_killed_twice_on_postgresql_draws_the_people_of_an_uninterrupted_one(
    distributed: DistributedPlatform,
) -> None:
    assert_survives(distributed.url, lambda: distributed.restart("population"))


@pytest.mark.postgres
def test_a_nats_server_that_stops_for_a_while_costs_nothing(
    distributed: DistributedPlatform, nats: NatsServer, oracle: Oracle
) -> None:
    """It neither answers nor closes a connection. `make chaos` does this and more, at other moments."""
    seed = 4
    simulation = start_study(distributed.url, seed=seed)
    time.sleep(0.3)
    assert nats.pid is not None
    os.kill(nats.pid, signal.SIGSTOP)
    time.sleep(3)
    os.kill(nats.pid, signal.SIGCONT)
    assert_nothing_lost_or_doubled(distributed.url, simulation, oracle(seed))


@pytest.mark.postgres
def test_a_nats_server_that_is_killed_costs_nothing(
    distributed: DistributedPlatform, nats: NatsServer, oracle: Oracle
) -> None:
    seed = 5
    simulation = start_study(distributed.url, seed=seed)
    time.sleep(0.3)
    nats.kill()
    nats.start()
    assert_nothing_lost_or_doubled(distributed.url, simulation, oracle(seed))


def test_running_the_same_study_again_makes_no_model_call_and_gives_the_same_bytes(
    undisturbed: EmbeddedPlatform, oracle: Oracle
) -> None:
    first = oracle(1)
    second = start_study(undisturbed.url, seed=1)
    usage = wait_for(undisturbed.url, second)["usage"]
    assert (usage["calls"], usage["cached_calls"]) == (0, AGENTS)
    assert export(undisturbed.url, second, "csv") == first


def test_another_seed_gives_other_answers(oracle: Oracle) -> None:
    assert oracle(1) != oracle(2)


def test_a_data_directory_is_used_by_one_platform_at_a_time(undisturbed: EmbeddedPlatform) -> None:
    second = EmbeddedPlatform(undisturbed.data)
    second.process.start()
    with pytest.raises(AssertionError, match="another platform is running"):
        second.process.wait_until_ready()
    assert HTTP.get(f"{undisturbed.url}/readyz").status_code == 200
