"""A simulation that goes back to a checkpoint, on a whole platform and from the terminal."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import command
from tests.support.platforms import HTTP, EmbeddedPlatform

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
PEOPLE = 12


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    with EmbeddedPlatform(tmp_path) as platform:
        yield platform.url


def get(url: str, path: str, **query: Any) -> dict[str, Any]:
    answer = HTTP.get(f"{url}{path}", params=query)
    return dict(answer.json()) if answer.status_code == 200 else {}


def post(url: str, path: str, **body: Any) -> dict[str, Any]:
    answer = HTTP.post(f"{url}{path}", json=body)
    assert answer.status_code < 300, answer.text
    return dict(answer.json())


def eventually(what: Callable[[], Any]) -> Any:
    for _ in range(600):
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def test_agents_of_a_restored_simulation_go_on_from_the_mark(url: str) -> None:
    population = post(url, "/agent-populations/create", name="P", demographic_base="usa_demographics", size=PEOPLE)
    made = post(url, "/simulations/create", name="Panel", population_id=population["id"], seed=3)
    simulation = str(made["id"])
    status = f"/simulations/{simulation}/status"

    def ask(content: str, answered: int) -> None:
        eventually(lambda: get(url, status).get("state") == "ready")
        spec = {"simulation_id": simulation, "content": content, "channel": "email", "metrics": ["open_rate"]}
        post(url, "/communications/broadcast", **spec)
        eventually(
            lambda: get(url, status)["progress"]["answered"] == answered and get(url, status)["state"] == "ready"
        )

    def rehearsal(*arguments: str) -> dict[str, Any]:
        done = command.rehearsal(*arguments, "--url", url, "--json")
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    ask("A new shop opens in your street.", PEOPLE)
    mark = rehearsal("checkpoint", simulation, "--name", "opened")
    ask("The shop has closed for good.", 2 * PEOPLE)
    made = rehearsal("checkpoints", simulation)["items"]
    assert [item["id"] for item in made if item["origin"] == "hand"] == [mark["id"]]
    after_both, after_first = (item for item in made if item["origin"] == "step")
    between = rehearsal("diff", simulation, after_first["id"], after_both["id"])
    assert [step["step_id"] for step in between["gained"]] == ["step-2-1"]
    assert (between["shared_place"], between["lost"]) == (1, [])
    assert [len(agent["gained"]) for agent in between["memories"]] == [1] * PEOPLE
    back = rehearsal("restore", simulation, mark["id"])
    assert (back["timeline_id"], back["progress"]["answered"]) == ("main.2", PEOPLE)
    ask("The shop has a sale.", 2 * PEOPLE)

    items = get(url, f"/communications/{simulation}/history", kind="stimulus", limit=500)["items"]
    shown = {(item["content"], item["timeline_id"]) for item in items}
    assert shown == {("A new shop opens in your street.", "main"), ("The shop has a sale.", "main.2")}
    left = get(url, f"/communications/{simulation}/history", timeline_id="main", limit=500)["items"]
    assert {item["timeline_id"] for item in left} == {"main"}
    assert "The shop has closed for good." in {item["content"] for item in left if item["kind"] == "stimulus"}

    assert HTTP.delete(f"{url}/simulations/{simulation}/end").status_code == 200
    eventually(lambda: get(url, status)["state"] == "completed")
    turns = get(url, f"/results/{simulation}/individuals", limit=100)["items"]
    assert len(turns) == 2 * PEOPLE
    assert {(turn["timeline_id"], turn["step_id"]) for turn in turns} == {("main", "step-1-1"), ("main.2", "step-3-1")}
    card = get(url, f"/validation/{simulation}/metrics")
    assert (card["assigned"], card["usage"]["calls"] + card["usage"]["cached_calls"]) == (PEOPLE, 2 * PEOPLE)

    variants = [{"name": name, "content": f"Half price, {name}"} for name in ("today", "this week")]
    plan = {"name": "Offer", "type": "marketing_intervention", "variants": variants, "success_metrics": ["open_rate"]}
    intervention = post(url, "/interventions/create", **plan)["id"]
    tried = post(url, f"/interventions/{intervention}/execute", start_from={"simulation_id": simulation})
    assert tried["population_id"] == population["id"]
    ended = eventually(
        lambda: (found := get(url, f"/simulations/{tried['simulation_id']}/status"))["state"] == "completed" and found
    )
    assert (ended["start_from"]["simulation_id"], ended["progress"]["answered"]) == (simulation, PEOPLE)
    again = post(url, f"/simulations/{tried['simulation_id']}/rerun")["simulation_id"]
    assert eventually(lambda: get(url, f"/simulations/{again}/status"))["start_from"] == ended["start_from"]
