"""The study that is disturbed: 300 people are drawn, meet two contacts and are asked, so 900 turns in three rounds.

All runs have one seed, so each must give the bytes of the one that nobody disturbed. What was paid for is forgotten
between them (`Stage.forget_calls`), or they would be replays.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import uuid4

import httpx

from chaos.scenario import Check
from tests.support.platforms import HTTP
from tests.support.studies import ENDS, export, wait_for

PEOPLE, ROUNDS, SEED = 300, 3, 11
TURNS = PEOPLE * ROUNDS
MODEL = "stub-model"
CONTACTS = ("Half price this week", "Last chance: half price until midnight")
AWAY = (502, 503, 504)
OWN = {"simulation_id", "usage", "cost_per_response_usd", "name", "plan_hash"}
"""Of a quality card, what no two runs have in common."""
STEADY_S = 5.0


class Ended(NamedTuple):
    """A study that has ended: what it says of itself, its results as bytes, and what other services made of it."""

    status: dict[str, Any]
    rows: bytes
    aside: Mapping[str, Any]
    took_s: float


class Study:
    """One run, from the drawing of its people on. Whoever is asked may be away for a while; `calls`: made so far."""

    def __init__(self, url: str, calls: Callable[[], int], within_s: float, **execution: Any) -> None:
        self.url = url
        self.began = time.monotonic()
        self.simulation = ""
        self._calls = calls
        self._deadline = self.began + within_s
        self._execution = execution
        people = {"name": "Shoppers", "demographic_base": "usa_demographics", "size": PEOPLE, "seed": SEED}
        self._population = self._made("/agent-populations/create", people)["id"]
        self._intervention = ""

    def advance(self, share: float) -> int:
        """Execute it, and go on until this share of its calls is made, one at least; how many are."""
        if not self.simulation:
            self._execute()
        while (calls := self._calls()) < max(1.0, share * TURNS):
            self._wait(f"{calls} calls")
        return calls

    def go_on(self, calls: int) -> None:
        """Go on until more calls are made than these, or there is nothing left to do."""
        if not self.simulation:
            self._execute()
        while self._calls() <= calls and self.is_running:
            self._wait(f"{calls} calls")

    @property
    def is_running(self) -> bool:
        """Whether there is something left to disturb."""
        return not self.simulation or self._get(f"/simulations/{self.simulation}/status").get("state") not in ENDS

    def ended(self) -> tuple[dict[str, Any], bytes]:
        """Its last status and its results. Raises `AssertionError` when it does not end in time."""
        self.advance(0.0)
        left = max(1.0, self._deadline - time.monotonic())
        return wait_for(self.url, self.simulation, within_s=left), self._rows()

    def quality(self) -> dict[str, Any]:
        """What validation says of it."""
        return {k: v for k, v in self._get(f"/validation/{self.simulation}/metrics").items() if k not in OWN}

    def aggregate(self) -> Any:
        """What intervention says of it."""
        path = f"/interventions/{self._intervention}/results?simulation_id={self.simulation}&limit=1"
        return self._get(path).get("aggregate_results")

    def _execute(self) -> None:
        while self._get(f"/agent-populations/{self._population}").get("state") != "ready":
            self._wait("the people are not there")
        variants = [
            {"name": arm, "touchpoints": [{"content": f"{arm}: {text}", "channel": "email"} for text in CONTACTS]}
            for arm in ("plain", "bold")
        ]
        design = {"name": "Offer", "type": "marketing_intervention", "variants": variants, "seed": SEED}
        metrics = {"success_metrics": ["open_rate", "purchase_intent"]}
        self._intervention = self._made("/interventions/create", design | metrics)["id"]
        body = {"population_id": self._population, "seed": SEED, "model": MODEL} | self._execution
        self.simulation = str(self._made(f"/interventions/{self._intervention}/execute", body)["simulation_id"])

    def _rows(self) -> bytes:
        while True:
            try:
                return export(self.url, self.simulation, "csv")
            except (httpx.TransportError, AssertionError) as reason:
                self._wait(f"no export: {reason}")

    def _made(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Have something made, once: who made it may have been killed before it said so."""
        key = {"idempotency-key": str(uuid4())}
        while True:
            try:
                answer = HTTP.post(f"{self.url}{path}", json=body, headers=key)
            except httpx.TransportError as reason:
                self._wait(repr(reason))
                continue
            if answer.status_code not in AWAY:
                assert answer.is_success, answer.text
                document: dict[str, Any] = answer.json()
                return document
            self._wait(answer.text)

    def _get(self, path: str) -> dict[str, Any]:
        """What is there; nothing, when nobody answers."""
        try:
            answer = HTTP.get(f"{self.url}{path}", timeout=5)
        except httpx.TransportError:
            return {}
        document: dict[str, Any] = answer.json() if answer.status_code == 200 else {}
        return document

    def _wait(self, found: str) -> None:
        assert time.monotonic() < self._deadline, f"it does not go on: {found}"
        time.sleep(0.02)


def steady(
    read: Callable[[], Mapping[str, Any]], expected: Mapping[str, Any] | None, within_s: float
) -> tuple[Mapping[str, Any], float]:
    """What is read, and since when, once it is as expected; without an expectation, once it changes no more."""
    begun = since = time.monotonic()
    found = read()
    while found != expected and time.monotonic() - begun < within_s:
        if expected is None and time.monotonic() - since > STEADY_S:
            break
        time.sleep(0.1)
        before, found = found, read()
        since = since if found == before else time.monotonic()
    return found, since


def compared(found: Ended, oracle: Ended) -> list[Check]:
    """What has to hold of every disturbed study."""
    progress = found.status["progress"]
    turns = progress["answered"] + progress["failed"]
    differing = [name for name, said in oracle.aside.items() if found.aside.get(name) != said]
    says = f"{', '.join(differing) or 'nobody'} says otherwise"
    return [
        Check(f"it is {found.status['state']}", found.status["state"] == "completed"),
        Check(f"{progress['answered']} of {TURNS} turns answered", turns == TURNS and not progress["failed"]),
        Check("results equal the undisturbed ones byte for byte", found.rows == oracle.rows),
        Check(says, not differing),
    ]
