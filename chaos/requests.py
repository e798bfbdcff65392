"""Requests that nobody sends on purpose, to every public operation, made from the OpenAPI description.

Schemathesis draws them, valid and invalid ones, from a seed. Most name things that are there, so that they come further
than "not found". Whatever is asked, the platform answers, and never with a server error; 501 says "not built yet".
"""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.core.result import Err, Ok

from chaos.scenario import Outcome, Scenario

EXAMPLES = 3
PORT = 18_733
READY_WITHIN_S = 120.0
NOT_BUILT = 501
ENDLESS = "/stream"
KEPT = frozenset({"/tenants/{tenant}"})
"""Not asked: what it erases, nothing can be asked of."""
NAMED = 3
"""So many of four requests name things that are there."""


class Fuzz:
    """A platform, and what it answered so far. `ids`: things that are there, by the name of their parameter."""

    def __init__(self, url: str, ids: Mapping[str, str]) -> None:
        self._url = url
        self._ids = ids
        self.statuses: Counter[int] = Counter()
        self.failures: list[str] = []

    def run(self, seed: int, examples: int = EXAMPLES) -> None:
        """Ask every operation; those that end things last."""
        schema = schemathesis.openapi.from_url(f"{self._url}/openapi.json")
        read = list(schema.get_all_operations())
        self.failures += [f"the description cannot be read: {one.err()}" for one in read if isinstance(one, Err)]
        operations = [one.ok() for one in read if isinstance(one, Ok)]
        for operation in sorted(operations, key=lambda one: (one.method == "delete", one.path.endswith("/end"))):
            if not operation.path.endswith(ENDLESS) and operation.path not in KEPT:
                self._ask(operation, seed, examples)

    def _ask(self, operation: Any, seed: int, examples: int) -> None:
        modes = [GenerationMode.POSITIVE]
        if operation.body or operation.query:  # only there a request can be wrong in a way that schemas know
            modes.append(GenerationMode.NEGATIVE)
        for mode in modes:

            @seeded(seed)
            @settings(
                max_examples=examples,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate],
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def ask(case: Any) -> None:
                self._send(case)

            with suppress(Unsatisfiable):  # there may be no wrong request
                ask()

    def _send(self, case: Any) -> None:
        if self.statuses.total() % 4 < NAMED:
            for given in (case.path_parameters, case.body):
                if isinstance(given, dict):
                    given.update({name: self._ids[name] for name in given if name in self._ids})
        answer = case.call(timeout=60)
        self.statuses[answer.status_code] += 1
        if answer.status_code >= 500 and answer.status_code != NOT_BUILT:
            self.failures.append(f"{answer.status_code}: {case.as_curl_command()} → {answer.text[:300]}")

    @property
    def outcome(self) -> Outcome:
        """What was found."""
        shown = ", ".join(f"{number} × {status}" for status, number in sorted(self.statuses.items()))
        return Outcome(f"{self.statuses.total()} requests: {shown}", tuple(self.failures))


async def run(seeds: int) -> Outcome:
    """A platform of its own, with one simulation that has ended."""
    return await asyncio.to_thread(_run, seeds)


def _run(seeds: int) -> Outcome:
    with tempfile.TemporaryDirectory() as directory, _platform(Path(directory)) as url:
        fuzz = Fuzz(url, _made(url))
        for seed in range(seeds):
            fuzz.run(seed)
        return fuzz.outcome


@contextmanager
def _platform(data: Path) -> Iterator[str]:
    url = f"http://127.0.0.1:{PORT}"
    command = [sys.executable, "-m", "services.embedded", str(data), str(PORT)]
    with (data / "log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log, env=os.environ) as process:
        try:
            deadline = time.monotonic() + READY_WITHIN_S
            while not _is_ready(url):
                if time.monotonic() > deadline or process.poll() is not None:
                    raise RuntimeError("the platform did not start")
                time.sleep(0.1)
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)


def _is_ready(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{url}/readyz").status_code == 200
    return False


def _made(url: str) -> dict[str, str]:
    """A population, an intervention and a simulation."""
    with httpx.Client(base_url=url, timeout=60) as client:
        people = {"name": "People", "demographic_base": "usa_demographics", "size": 20, "seed": 1}
        population = client.post("/agent-populations/create", json=people).raise_for_status().json()["id"]
        arms = [{"name": name, "content": f"{name} offer"} for name in ("plain", "bold")]
        plan = {"name": "Offer", "type": "marketing_intervention", "variants": arms, "success_metrics": ["open_rate"]}
        intervention = client.post("/interventions/create", json=plan).raise_for_status().json()["id"]
        executed = client.post(f"/interventions/{intervention}/execute", json={"population_id": population})
        simulation = executed.raise_for_status().json()["simulation_id"]
        while client.get(f"/simulations/{simulation}/status").json().get("state") != "completed":
            time.sleep(0.2)
    return {
        "population_id": population,
        "intervention_id": intervention,
        "simulation_id": simulation,
        "agent_id": "agent_0001",
    }


SCENARIO = Scenario(
    "requests", "every public operation answers whatever it is sent, without a server error", seeds=8, run=run
)
