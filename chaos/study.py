"""The study that is disturbed: 300 people meet two contacts and are then asked, so 900 turns in three rounds.

All runs have one seed, so each must give the bytes of the one that nobody disturbed. What was paid for is forgotten
between them (`Stage.forget_calls`), or they would be replays.
"""

import time
from typing import Any, NamedTuple

from chaos.scenario import Check
from tests.support.platforms import HTTP
from tests.support.studies import export, wait_for

PEOPLE, ROUNDS, SEED = 300, 3, 11
TURNS = PEOPLE * ROUNDS
MODEL = "stub-model"
CONTACTS = ("Half price this week", "Last chance: half price until midnight")


class Ended(NamedTuple):
    """A study that has ended: what it says of itself, and its results as bytes."""

    status: dict[str, Any]
    rows: bytes
    took_s: float


def prepare(url: str) -> tuple[str, str]:
    """A population and an intervention for it; their ids."""
    people = {"name": "Shoppers", "demographic_base": "usa_demographics", "size": PEOPLE, "seed": SEED}
    population = _post(url, "/agent-populations/create", people)["id"]
    variants = [
        {"name": arm, "touchpoints": [{"content": f"{arm}: {text}", "channel": "email"} for text in CONTACTS]}
        for arm in ("plain", "bold")
    ]
    design = {"name": "Offer", "type": "marketing_intervention", "variants": variants, "seed": SEED}
    intervention = _post(url, "/interventions/create", design | {"success_metrics": ["open_rate", "purchase_intent"]})
    deadline = time.monotonic() + 60
    while HTTP.get(f"{url}/agent-populations/{population}").json().get("state") != "ready":
        assert time.monotonic() < deadline, "the population is not ready"
        time.sleep(0.1)
    return population, intervention["id"]


def start(url: str, population: str, intervention: str) -> str:
    """Execute it; the simulation."""
    body = {"population_id": population, "seed": SEED, "model": MODEL}
    return str(_post(url, f"/interventions/{intervention}/execute", body)["simulation_id"])


def ended(url: str, simulation: str, since: float, within_s: float) -> Ended:
    """The study once it has ended. Raises `AssertionError` when it does not in time."""
    status = wait_for(url, simulation, within_s=within_s)
    took_s = time.monotonic() - since
    return Ended(status, export(url, simulation, "csv"), took_s)


def compared(found: Ended, oracle: Ended) -> list[Check]:
    """What has to hold of every disturbed study."""
    progress = found.status["progress"]
    turns = progress["answered"] + progress["failed"]
    return [
        Check(f"it is {found.status['state']}", found.status["state"] == "completed"),
        Check(f"{progress['answered']} of {TURNS} turns answered", turns == TURNS and not progress["failed"]),
        Check("results equal the undisturbed ones byte for byte", found.rows == oracle.rows),
    ]


def _post(url: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = HTTP.post(f"{url}{path}", json=body)
    assert answer.is_success, answer.text
    document: dict[str, Any] = answer.json()
    return document
