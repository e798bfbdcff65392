"""The public HTTP API of a whole platform, as a client without our code sees it."""

import csv
import io
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from services.gateway.api.pages import BUILT
from tests.support.platforms import HTTP, EmbeddedPlatform
from tests.support.studies import bodies, export, individual_responses, start_study, wait_for

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
POPULATION, INTERVENTION = bodies()
VARIANT = INTERVENTION["variants"][0]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedPlatform(tmp_path_factory.mktemp("platform")) as platform:
        yield platform.url


@pytest.fixture(scope="module")
def simulation(url: str) -> dict[str, Any]:
    """The study of the main job, completed."""
    return wait_for(url, start_study(url))


def results(url: str, simulation: dict[str, Any]) -> dict[str, Any]:
    answer = HTTP.get(f"{url}/interventions/{simulation['intervention_id']}/results", params={"limit": 500})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_the_results_have_the_structure_of_the_requirements(url: str, simulation: dict[str, Any]) -> None:
    body = results(url, simulation)
    assert body["simulation_id"] == simulation["id"]
    assert {"intervention_id", "timestamp", "aggregate_results", "individual_results"} <= body.keys()
    aggregate = body["aggregate_results"]
    assert aggregate["total_responses"] == 125
    assert aggregate["response_rate"] == 1.0
    low, high = aggregate["confidence_interval"]
    assert low < aggregate["mean_score"] < high
    assert set(aggregate["segment_breakdown"]) == {"young_professionals", "families"}
    one = body["individual_results"][0]
    assert {"agent_id", "response", "confidence", "reasoning", "demographic_profile"} <= one.keys()
    assert 0 <= one["confidence"] <= 1


def test_every_targeted_agent_answers_once_in_one_arm_and_arms_are_balanced_in_each_segment(
    url: str, simulation: dict[str, Any]
) -> None:
    responses = individual_responses(url, simulation["intervention_id"], simulation["id"])
    assert len({response["agent_id"] for response in responses}) == len(responses) == 125
    for segment, size in (("young_professionals", 50), ("families", 75)):
        arms = [response["arm"] for response in responses if response["segment"] == segment]
        assert len(arms) == size
        assert abs(arms.count("emotional_appeal") - arms.count("rational_appeal")) <= 1


def test_nobody_clicks_what_they_did_not_open(url: str, simulation: dict[str, Any]) -> None:
    rows = list(csv.DictReader(io.StringIO(export(url, simulation["id"], "csv").decode())))
    assert len(rows) == 125
    opened = [row for row in rows if row["open_rate"] == "true"]
    assert 0 < len(opened) < 125
    assert all(row["click_through"] in {"", "false"} for row in rows if row["open_rate"] == "false")
    assert {row["click_through"] for row in opened} == {"true", "false"}


def test_every_number_comes_with_its_evidence(url: str, simulation: dict[str, Any]) -> None:
    analysis = results(url, simulation)["analysis"]
    numbers = [*analysis["estimates"], *analysis["comparisons"]]
    assert len(numbers) == 6 + 3
    for number in numbers:
        evidence = number["evidence"]
        assert (evidence["grade"], evidence["effective_n"]) == ("C", 0)
        assert "offline model" in evidence["caveat"]
        assert evidence["attrition"] == {"emotional_appeal": 0, "rational_appeal": 0}


def test_the_plan_was_frozen_before_the_first_exposure(url: str, simulation: dict[str, Any]) -> None:
    body = results(url, simulation)
    assert len(body["plan_hash"]) == 64
    history = HTTP.get(f"{url}/communications/{simulation['id']}/history", params={"limit": 1}).json()
    assert body["plan_frozen_at"] < history["items"][0]["at"]


def test_the_stream_tells_the_whole_story_once(url: str, simulation: dict[str, Any]) -> None:
    story = events(f"{url}/simulations/{simulation['id']}/stream")
    assert story[0][0] == "simulation-created"
    states = [data["state"] for name, data in story if name == "simulation-state-changed"]
    assert states[-1] == "completed"  # the last sums of another service may come after it
    recorded = [data for name, data in story if name == "responses-recorded"]
    answered = [response["agent_id"] for data in recorded for response in data["responses"]]
    assert len(set(answered)) == len(answered) == 125


def events(path: str) -> list[tuple[str, dict[str, Any]]]:
    """(name, data) of each event until the stream ends."""
    found = []
    with HTTP.stream("GET", path) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            if line and not line.startswith(":"):
                name, _, value = line.partition(":")
                fields[name] = value.removeprefix(" ")
            elif "data" in fields:
                found.append((fields["event"], json.loads(fields["data"])))
                fields = {}
    return found


REFUSED_POPULATIONS = [
    ({"size": 0}, "size", ""),
    ({"size": 100}, "segments", "125"),
    ({"demographic_base": "mars"}, "demographic_base", "usa_demographics"),
    ({"segments": [{"name": "a", "size": 1, "fragments": ["nope"]}]}, "segments.0.fragments.0", "health_conscious"),
    ({"segments": [{"name": "a", "size": -1}]}, "segments.0.size", ""),
    ({"sise": 3}, "sise", "is not a field"),
]
REFUSED_INTERVENTIONS = [
    ({"variants": []}, "variants", ""),
    ({"variants": [{**VARIANT, "content": "  "}]}, "variants.0.content", ""),
    ({"variants": [VARIANT, VARIANT]}, "variants", "more than once"),
    ({"success_metrics": ["open_rat"]}, "success_metrics.0", "open_rate"),
    ({"success_metrics": [{"name": "x", "type": "ordinal", "question": "?"}]}, "success_metrics.0", "scale"),
    ({"type": "magic"}, "type", "marketing_intervention"),
]


@pytest.mark.parametrize(
    ("path", "body", "field", "says"),
    [("agent-populations", {**POPULATION, **change}, field, says) for change, field, says in REFUSED_POPULATIONS]
    + [("interventions", {**INTERVENTION, **change}, field, says) for change, field, says in REFUSED_INTERVENTIONS],
)
def test_what_is_wrong_is_refused_by_field_and_nothing_is_stored(
    url: str, path: str, body: dict[str, Any], field: str, says: str
) -> None:
    before = HTTP.get(f"{url}/{path}/list").json()
    answer = HTTP.post(f"{url}/{path}/create", json=body)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert any(error["field"].startswith(field) for error in answer.json()["errors"]), answer.text
    assert says in answer.text
    assert HTTP.get(f"{url}/{path}/list").json() == before


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff\xfe", b'"text"', b""])
def test_a_body_that_is_no_json_object_is_refused(url: str, content: bytes) -> None:
    answer = HTTP.post(f"{url}/agent-populations/create", content=content, headers={"content-type": "application/json"})
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_oversized_body_is_refused(url: str) -> None:
    body = {**INTERVENTION, "name": "x" * 2_000_000}
    answer = HTTP.post(f"{url}/interventions/create", json=body)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_broadcast_asks_everybody_and_its_answers_are_analysed(url: str) -> None:
    population = HTTP.post(f"{url}/agent-populations/create", json={**POPULATION, "seed": 3}).json()["id"]
    created = HTTP.post(f"{url}/simulations/create", json={"name": "Panel", "population_id": population, "seed": 3})
    simulation_id = created.json()["id"]
    question = {"name": "would_try", "type": "binary", "question": "Would you try it?"}
    body = {"simulation_id": simulation_id, "content": "A vegetable box, every week.", "metrics": [question]}
    for _ in range(100):
        answer = HTTP.post(f"{url}/communications/broadcast", json=body)
        if answer.status_code != 409:
            break
    assert answer.status_code == 202, answer.text
    assert answer.json()["recipients"] == 200
    deadline = time.monotonic() + 60
    while HTTP.get(f"{url}/simulations/{simulation_id}/status").json()["progress"]["answered"] < 200:
        assert time.monotonic() < deadline, "not everybody answered in time"
        time.sleep(0.05)
    HTTP.delete(f"{url}/simulations/{simulation_id}/end")
    assert wait_for(url, simulation_id)["state"] == "completed"
    (estimate,) = HTTP.get(f"{url}/results/{simulation_id}/aggregate").json()["analysis"]["estimates"]
    assert (estimate["metric"], estimate["arm"], estimate["n"]) == ("would_try", "all", 200)


def test_a_quality_card_is_made_of_each_simulation(url: str, simulation: dict[str, Any]) -> None:
    card = HTTP.get(f"{url}/validation/{simulation['id']}/metrics").json()
    checks = {check["name"]: check["status"] for check in card["checks"]}
    assert set(checks.values()) <= {"pass", "warn", "fail", "not_enough_data"}
    assert card["answered"] == 125


def test_what_does_not_exist_is_not_found(url: str) -> None:
    for path in (
        "/simulations/sim_x/status",
        "/simulations/sim_x/stream",
        "/agent-populations/pop_x/segments",
        "/interventions/int_x/results",
        "/communications/sim_x/history",
        "/results/sim_x/aggregate",
        "/validation/sim_x/metrics",
        "/nonsense",
    ):
        answer = HTTP.get(f"{url}{path}")
        assert answer.status_code == 404, path
        assert answer.headers["content-type"] == "application/problem+json", path


def test_the_first_page_opens_and_the_api_is_described(url: str) -> None:
    root = HTTP.get(f"{url}/")
    assert (root.status_code, root.headers["location"]) == (307, "/ui/")
    page = HTTP.get(f"{url}/ui/")
    assert page.status_code == (200 if BUILT.exists() else 503)
    assert (
        "script-src" in page.headers["content-security-policy"]
        or "default-src 'self'" in page.headers["content-security-policy"]
    )
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    assert "/interventions/{intervention_id}/execute" in HTTP.get(f"{url}/openapi.json").json()["paths"]


@pytest.mark.parametrize(
    ("metric", "field", "says"),
    [
        ({"type": "numeric", "scale": [0, 1e308]}, "success_metrics.0.scale", "1,000,000,000"),
        ({"type": "ordinal", "scale": [0.2, 0.8]}, "success_metrics.0.scale", "whole"),
        ({"type": "ordinal", "scale": [0, 1000]}, "success_metrics.0.scale", "101"),
        ({"type": "choice", "options": ["one"]}, "success_metrics.0.options", "two"),
        ({"type": "mood"}, "success_metrics.0.type", "binary"),
    ],
)
def test_a_metric_that_cannot_be_asked_is_refused_by_its_field(
    url: str, metric: dict[str, Any], field: str, says: str
) -> None:
    body = {**INTERVENTION, "success_metrics": [{"name": "own", "question": "How?", **metric}]}
    answer = HTTP.post(f"{url}/interventions/create", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert says in answer.text


@pytest.mark.parametrize("scale", ["[0, 1e400]", "[-Infinity, Infinity]", "[NaN, 1]"])
def test_a_scale_without_end_is_refused(url: str, scale: str) -> None:
    metric = {"name": "own", "question": "How?", "type": "numeric", "scale": "SCALE"}
    body = json.dumps({**INTERVENTION, "success_metrics": [metric]}).replace('"SCALE"', scale)
    answer = HTTP.post(f"{url}/interventions/create", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("size", [True, "20", 20.5])
def test_a_size_that_is_no_whole_number_is_refused(url: str, size: object) -> None:
    answer = HTTP.post(f"{url}/agent-populations/create", json={**POPULATION, "size": size})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "size"


def test_a_model_that_nobody_offers_is_refused_with_those_that_are_offered(url: str) -> None:
    made = HTTP.post(f"{url}/interventions/create", json=INTERVENTION)
    people = HTTP.post(f"{url}/agent-populations/create", json=POPULATION)
    execution = {"population_id": people.json()["id"], "model": "gpt-nowhere"}
    answer = HTTP.post(f"{url}/interventions/{made.json()['id']}/execute", json=execution)
    assert answer.status_code == 422
    [problem] = answer.json()["errors"]
    assert (problem["field"], "offline" in problem["allowed"]) == ("model", True)


@pytest.mark.parametrize(
    "headers", [{"host": "[::1"}, {"host": "evil.com@127.0.0.1"}, {"host": "2130706433"}, {"origin": "http://[x"}]
)
def test_a_request_that_names_another_place_is_refused(url: str, headers: dict[str, str]) -> None:
    answer = HTTP.post(f"{url}/interventions/create", json=INTERVENTION, headers=headers)
    assert answer.status_code in {403, 421}
