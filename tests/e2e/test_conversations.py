"""Focus groups on whole platforms: killed in the middle of a round, they go on, and everybody has heard the same."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from libs.runtime.nats_server import NatsServer
from tests.support.platforms import HTTP, DistributedPlatform, EmbeddedPlatform
from tests.support.postgres import PostgresServer

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
PEOPLE = {"name": "Panel", "demographic_base": "usa_demographics", "size": 24, "seed": 5}
TALK = {
    "topic": "A new oat drink with less sugar for 2.49. What do you think?",
    "prompts": ["", "Would you pay that?", "What would make you switch?"],
    "groups": 3,
    "group_size": 6,
    "metrics": ["purchase_intent"],
}
TURNS = 18 * 4
Item = tuple[Any, ...]


def posted(url: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = HTTP.post(f"{url}{path}", json=body)
    assert answer.status_code in {201, 202}, answer.text
    made: dict[str, Any] = answer.json()
    return made


def begin(url: str) -> str:
    """Start the talk; the id of its simulation."""
    population = posted(url, "/agent-populations/create", PEOPLE)["id"]
    panel = {"name": "Talk", "population_id": population, "seed": 3}
    simulation = str(posted(url, "/simulations/create", panel)["id"])
    posted(url, "/communications/conversation/start", {"simulation_id": simulation, **TALK})
    return simulation


def transcript(url: str, simulation: str, within_s: float = 90.0) -> list[Item]:
    """What everybody met, said, heard and answered, once all steps are finished."""
    deadline = time.monotonic() + within_s
    while True:
        steps = HTTP.get(f"{url}/simulations/{simulation}/steps").json()["items"]
        if steps and all(step["state"] == "finished" for step in steps):
            break
        assert time.monotonic() < deadline, steps
        time.sleep(0.1)
    page = HTTP.get(f"{url}/communications/{simulation}/history", params={"limit": 500}).json()
    assert page["next_cursor"] is None
    told = ("round", "agent_id", "id", "kind", "target", "cluster_id")
    return sorted(
        (
            *(item[name] if name != "id" else item["id"][-1] for name in told),
            str(item["content"]),
            str(item["heard_by"]),
        )
        for item in page["items"]
    )


def answered(url: str, simulation: str) -> int:
    progress = HTTP.get(f"{url}/simulations/{simulation}/status").json()["progress"]
    return int(progress["answered"])


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Item]]:
    with EmbeddedPlatform(tmp_path_factory.mktemp("undisturbed")) as platform:
        yield transcript(platform.url, begin(platform.url))


def test_everybody_is_heard_by_the_whole_group_and_nobody_else(undisturbed: list[Item]) -> None:
    said = [item for item in undisturbed if item[3] == "talk" and item[0] <= 3]
    assert len(said) >= 18
    assert all(len(item[7].split(",")) == 5 for item in said)
    assert {item[5] for item in said} == {"group-1-1", "group-1-2", "group-1-3"}


@pytest.mark.parametrize("delay_s", [0.1, 0.5])
def test_a_talk_goes_on_after_kill_9_as_if_nothing_had_happened(
    delay_s: float, tmp_path: Path, undisturbed: list[Item]
) -> None:
    with EmbeddedPlatform(tmp_path / "data") as platform:
        simulation = begin(platform.url)
        time.sleep(delay_s)
        platform.kill()
        platform.start()
        assert transcript(platform.url, simulation) == undisturbed
        assert answered(platform.url, simulation) == TURNS


@pytest.mark.postgres
def test_a_talk_survives_its_worker_on_postgresql(
    tmp_path: Path, postgres: PostgresServer, nats_server: NatsServer, undisturbed: list[Item]
) -> None:
    with DistributedPlatform(tmp_path, postgres, nats_server) as platform:
        simulation = begin(platform.url)
        time.sleep(0.3)
        platform.restart("communication")
        assert transcript(platform.url, simulation) == undisturbed
        assert answered(platform.url, simulation) == TURNS
