"""A large population to be disturbed: a job that is killed in the middle, and whom it has to draw all the same."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import httpx

from libs.contracts.specs import PopulationSpec
from libs.minds.json_documents import one_line
from services.population.domain.imports import Person
from services.population.domain.library import load_library
from services.population.domain.people import Design

SPEC = {
    "name": "Adults",
    "demographic_base": "usa_demographics",
    "size": 4_000,
    "seed": 12,
    "segments": [{"name": "families", "size": 1_700, "particularities": "married with children, middle income"}],
}


@cache
def _uninterrupted() -> list[str]:
    design = Design(PopulationSpec.model_validate(SPEC), 12, load_library())
    return [one_line(Person(agent, None).document()) for agent in design.people(1, 4_000)]


def assert_survives(url: str, kill: Callable[[], None]) -> None:
    """A job that is killed twice draws the people of one that nobody killed."""
    with connected(url) as client:
        job = client.post("/agent-populations/bulk-generate", json=SPEC).raise_for_status().json()
        for reached in (1, 1_500):
            shown = _wait(client, job, lambda shown, least=reached: shown["generated"] >= least)
            assert shown["state"] == "running", "it was killed in the middle"
            kill()
        done = _wait(client, job, lambda shown: shown["state"] != "running")
        assert (done["state"], done["generated"]) == ("completed", 4_000)
        export = client.get(f"{job['links']['population']}/export").raise_for_status().text
        assert export.splitlines() == _uninterrupted()
        segments = client.get(f"{job['links']['population']}/segments").json()["segments"]
        assert [(each["name"], each["generated"]) for each in segments] == [("families", 1_700), (None, 2_300)]


def connected(url: str) -> httpx.Client:
    """Without connections that are kept: they may be to a process that was killed."""
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.Client(base_url=url, timeout=30, verify=False, limits=limits)


def _wait(client: httpx.Client, job: dict[str, Any], until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
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
