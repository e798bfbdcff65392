"""A focus group to be disturbed: begun over HTTP, and read back as a whole."""

import time
from typing import Any

from tests.support.platforms import HTTP

PEOPLE = {"name": "Panel", "demographic_base": "usa_demographics", "size": 24, "seed": 5}
TALK: dict[str, Any] = {
    "topic": "A new oat drink with less sugar for 2.49. What do you think?",
    "prompts": ["", "Would you pay that?", "What would make you switch?"],
    "groups": 3,
    "group_size": 6,
    "metrics": ["purchase_intent"],
}
TURNS = 18 * 4
Item = tuple[Any, ...]
"""One entry of the history, without what differs between platforms."""


def _posted(url: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = HTTP.post(f"{url}{path}", json=body)
    assert answer.status_code in {201, 202}, answer.text
    made: dict[str, Any] = answer.json()
    return made


def begin(url: str, **changes: Any) -> str:
    """Start the talk; the id of its simulation."""
    population = _posted(url, "/agent-populations/create", PEOPLE)["id"]
    panel = {"name": "Talk", "population_id": population, "seed": 3}
    simulation = str(_posted(url, "/simulations/create", panel)["id"])
    _posted(url, "/communications/conversation/start", {"simulation_id": simulation, **TALK, **changes})
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
