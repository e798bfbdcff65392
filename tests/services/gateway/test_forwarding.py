"""What the gateway passes on, and what it answers when it cannot."""

import httpx
import pytest

from libs.http.app import MAX_BODY_BYTES, MAX_LARGE_BODY_BYTES
from services.gateway.domain.owners import is_plain
from tests.services.gateway.conftest import Stage

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/simulations/list",
        "/agent-populations/pop_1/segments",
        "/interventions/int_1/results",
        "/communications/sim_1/history",
        "/results/sim_1/aggregate",
        "/validation/sim_1/metrics",
    ],
)
async def test_an_owner_that_is_down_is_named_and_the_client_told_to_come_back(
    gateway: httpx.AsyncClient, path: str
) -> None:
    answer = await gateway.get(path)
    assert answer.status_code == 503
    assert answer.headers["content-type"] == PROBLEM
    assert int(answer.headers["retry-after"]) > 0
    assert "service does not answer" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "limit"),
    [
        ("/agent-populations/create", MAX_BODY_BYTES),
        ("/communications/broadcast", MAX_BODY_BYTES),
        ("/agent-populations/import", MAX_LARGE_BODY_BYTES),
    ],
)
async def test_a_body_larger_than_the_owner_of_its_path_takes_is_refused_with_the_limit(
    gateway: httpx.AsyncClient, path: str, limit: int
) -> None:
    answer = await gateway.post(path, content=b"x" * (limit + 1))
    assert answer.status_code == 413
    assert answer.headers["content-type"] == PROBLEM
    assert answer.json()["errors"][0]["message"] == f"may have at most {limit} bytes"
    assert (await gateway.post(path, content=b"x" * limit)).status_code == 503, (
        "it is passed on to its owner, who is away"
    )


async def test_an_unknown_path_is_a_problem(gateway: httpx.AsyncClient) -> None:
    answer = await gateway.get("/nothing/here")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == PROBLEM


@pytest.mark.parametrize("path", ["/simulations/../metrics", "/results/./x", "/simulations/.."])
def test_a_path_that_climbs_is_not_plain(path: str) -> None:
    assert not is_plain(path)


async def test_a_path_that_climbs_does_not_reach_what_an_owner_keeps_for_itself(stage: Stage) -> None:
    answer = await stage.client.get("/simulations/%2e%2e/metrics")
    assert answer.status_code == 404
    assert "rehearsal_http" not in answer.text


async def test_method_query_body_and_answer_pass_through(stage: Stage) -> None:
    listed = await stage.client.get("/simulations/list?limit=7")
    assert listed.json() == {"items": [], "next_cursor": None}
    refused = await stage.client.get("/simulations/list?limit=0")
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "limit"
    posted = await stage.client.post("/simulations/create", json={"name": "x", "population_id": "p", "sed": 1})
    assert posted.status_code == 422
    assert posted.json()["errors"][0]["field"] == "sed"
    wrong = await stage.client.put("/simulations/list")
    assert wrong.status_code == 405


async def test_one_correlation_id_goes_through(stage: Stage) -> None:
    answer = await stage.client.get("/simulations/unknown/status", headers={"x-correlation-id": "story-1"})
    assert answer.status_code == 404
    assert answer.headers.get_list("x-correlation-id") == ["story-1"]


async def test_a_probe_may_leave_out_the_services_behind_the_gateway(stage: Stage) -> None:
    others = ["population", "intervention", "communication", "results", "validation", "webhooks"]
    some, every = [(await stage.client.get("/readyz", params={"exclude": left})) for left in (others[1:], others)]
    assert (some.status_code, every.status_code) == (503, 200)
    assert every.json()["checks"] == some.json()["checks"]


async def test_readiness_names_every_owner_and_the_event_log(stage: Stage) -> None:
    answer = await stage.client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {
        "orchestrator": True,
        "population": False,
        "intervention": False,
        "communication": False,
        "results": False,
        "validation": False,
        "webhooks": False,
        "event_log": True,
    }
    assert (await stage.client.get("/healthz")).json() == {"status": "ok"}
    metrics = (await stage.client.get("/metrics")).text
    assert 'service="gateway"' in metrics


async def test_the_description_holds_the_paths_of_owners_and_names_those_that_are_silent(stage: Stage) -> None:
    description = (await stage.client.get("/openapi.json")).json()
    assert "/simulations/{simulation_id}/status" in description["paths"]
    assert "/simulations/{simulation_id}/stream" in description["paths"]
    assert "/healthz" not in description["paths"]
    assert description["paths"]["/simulations/list"]["get"]["tags"] == ["orchestrator"]
    assert description["x-unavailable"] == [
        "population", "intervention", "communication", "results", "validation", "webhooks",
    ]  # fmt: skip
    answers = description["paths"]["/simulations/create"]["post"]["responses"]
    assert answers["default"]["content"][PROBLEM]["schema"]["$ref"].endswith("/Problem")
