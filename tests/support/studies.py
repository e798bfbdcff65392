"""The study of the main job, run as an outside user would: over the public HTTP API alone."""

import json
import time
from collections.abc import Collection
from pathlib import Path
from typing import Any

import httpx

from tests.support.platforms import HTTP

REQUIREMENTS = Path(__file__).parent / "requirements_example.json"
COMPLETE_WITHIN_S = 60.0
ENDS = ("completed", "failed", "cancelled")


def bodies() -> tuple[dict[str, Any], dict[str, Any]]:
    """The population and the intervention exactly as the requirements give them."""
    document = json.loads(REQUIREMENTS.read_text())
    return document["population"], document["intervention"]


def start_study(url: str, *, seed: int = 7, **execution: Any) -> str:
    """Post population, intervention and execution; the simulation id."""
    population, intervention = bodies()
    drawn = _created(HTTP.post(f"{url}/agent-populations/create", json={**population, "seed": seed}))
    designed = _created(HTTP.post(f"{url}/interventions/create", json=intervention))
    body = {"population_id": drawn["id"], "seed": seed, **execution}
    return str(_created(HTTP.post(f"{url}/interventions/{designed['id']}/execute", json=body))["simulation_id"])


def wait_for(
    url: str, simulation_id: str, *, states: Collection[str] = ENDS, within_s: float = COMPLETE_WITHIN_S
) -> dict[str, Any]:
    """The status of the simulation once it is in one of these states; the platform may be away for a while."""
    deadline = time.monotonic() + within_s
    status: dict[str, Any] = {}
    while time.monotonic() < deadline:
        try:
            answer = HTTP.get(f"{url}/simulations/{simulation_id}/status", timeout=5)
        except httpx.TransportError:
            time.sleep(0.1)
            continue
        if answer.status_code == 200:
            status = answer.json()
            if status["state"] in states:
                return status
        time.sleep(0.05)
    raise AssertionError(f"not finished in time: {status}")


def export(url: str, simulation_id: str, form: str) -> bytes:
    """The export of a simulation."""
    answer = HTTP.get(f"{url}/results/{simulation_id}/export", params={"format": form})
    assert answer.status_code == 200, answer.text
    return answer.content


def individual_responses(url: str, intervention_id: str, simulation_id: str) -> list[dict[str, Any]]:
    """Every individual response of one execution, through all pages."""
    items: list[dict[str, Any]] = []
    parameters: dict[str, Any] = {"simulation_id": simulation_id, "limit": 50}
    while True:
        answer = HTTP.get(f"{url}/interventions/{intervention_id}/individual-responses", params=parameters)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        items += body["items"]
        if body["next_cursor"] is None:
            return items
        parameters["cursor"] = body["next_cursor"]


def _created(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    body: dict[str, Any] = answer.json()
    return body
