"""Comparisons, baselines and the ledger over HTTP, on both stores."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import numpy as np
import pytest

from libs.contracts.comparisons import Value
from libs.contracts.validation import CalibrationChanged
from services.validation.app import create_app
from services.validation.settings import Settings
from tests.support.apps import running
from tests.support.peer import peer

RATING = {"name": "rating", "type": "ordinal", "scale": [1, 5]}
RATINGS: list[Value] = [1] * 30 + [2] * 50 + [3] * 60 + [4] * 40 + [5] * 20
FORM = {"verdict", "distances", "equivalence", "variance_ratio", "noise_ceiling", "floors", "segments", "reasons"}
COMPARE = "/validation/empirical-compare"
BASELINES = "/validation/historical-baseline"


@pytest.fixture
async def client(database_url: str, nats_url: str) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(Settings(database_url=database_url, nats_url=nats_url))
    async with running("validation", app) as made:
        yield made


async def post(client: httpx.AsyncClient, path: str, body: object, status: int = 200) -> Any:
    answer = await client.post(path, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def spec(human: object, simulated: object, **more: object) -> dict[str, object]:
    return {"metric": RATING, "empirical": human, "simulated": simulated, **more}


def past_comparisons(simulator: str, studies: int, bias: float) -> str:
    draw, buffer = np.random.default_rng(studies), io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(
        ["study", "question", "simulator", "human_mean", "human_sd", "simulated_mean", "simulated_sd", "simulated_n"]
    )
    for study in range(studies):
        for outcome in range(3):
            mean = draw.normal(4, 1)
            writer.writerow([f"s{study}", f"q{outcome}", simulator, mean, 1.0, mean + draw.normal(bias, 0.2), 0.5, 200])
    return buffer.getvalue()


async def test_the_answer_has_the_form_of_the_issue_and_is_kept(client: httpx.AsyncClient) -> None:
    body = spec({"values": RATINGS}, {"values": [3] * 200, "simulator": "my-model"}, margin=0.4, study="ratings 2025")
    made = await post(client, COMPARE, body)
    assert {
        "verdict",
        "distances",
        "equivalence",
        "variance_ratio",
        "noise_ceiling",
        "floors",
        "segments",
        "reasons",
    } <= (made.keys())
    assert made["verdict"] == "fail"
    assert made["equivalence"]["margin"] == 0.4
    assert (await client.get(f"/validation/comparisons/{made['id']}")).json() == made
    listed = (await client.get("/validation/comparisons")).json()["items"]
    assert [(one["id"], one["verdict"]) for one in listed] == [(made["id"], "fail")]
    [entry] = (await client.get("/validation/ledger", params={"simulator": "my-model"})).json()["items"]
    assert (entry["study"], entry["outcome"], entry["origin"]) == ("ratings 2025", "rating", "comparison")
    assert entry["human_mean"] == made["human"]["mean"]


async def test_the_same_comparison_is_kept_twice_and_counts_once(client: httpx.AsyncClient) -> None:
    body = spec({"values": RATINGS}, {"values": RATINGS[::-1], "simulator": "my-model"})
    first, second = await post(client, COMPARE, body), await post(client, COMPARE, body)
    assert (first["ledger_entries"], second["ledger_entries"]) == (1, 0)
    assert len((await client.get("/validation/comparisons", params={"limit": 1})).json()["items"]) == 1
    assert len((await client.get("/validation/ledger")).json()["items"]) == 1


REFUSED: list[tuple[dict[str, object], str]] = [
    ({"metric": {"name": "rating", "type": "stars"}}, "metric.type"),
    ({"metric": {"name": "rating", "type": "ordinal"}}, "metric.scale"),
    ({"empirical": {}}, "empirical.values"),
    ({"empirical": {"values": [1], "baseline_id": "bas_1"}}, "empirical.values"),
    ({"empirical": {"values": ["a", "b"]}}, "empirical.values"),
    ({"empirical": {"csv": "stars\n4\n"}}, "empirical.column"),
    ({"empirical": {"csv": "rating,segment\n4\n"}}, "empirical.csv"),
    ({"empirical": {"values": [1, 2], "segments": ["a"]}}, "empirical.segments"),
    ({"simulated": {"values": [7, 8]}}, "simulated.values"),
    ({"simulated": {"values": [1], "arm": "a"}}, "simulated.arm"),
    ({"margin": 0}, "margin"),
    ({"margins": 1}, "margins"),
]


async def test_what_cannot_be_compared_is_refused_by_name(client: httpx.AsyncClient) -> None:
    for changes, field in REFUSED:
        problem = await post(client, COMPARE, {**spec({"values": RATINGS}, {"values": RATINGS}), **changes}, 422)
        assert field in {error["field"] for error in problem["errors"]}, problem


async def test_a_csv_is_read_by_its_columns(client: httpx.AsyncClient) -> None:
    text = "\ufeffperson;how many stars;region\n" + "".join(f"{n};{n % 5 + 1};{'NS'[n % 2]}\n" for n in range(120))
    human = {"csv": text, "column": "how many stars", "segment_column": "region"}
    simulated = {"values": [n % 5 + 1 for n in range(100)], "segments": ["NS"[n % 2] for n in range(100)]}
    made = await post(client, COMPARE, spec(human, simulated))
    assert (made["human"]["n"], [one["segment"] for one in made["segments"]]) == (120, ["N", "S"])
    ranks = "A,B,C\n1,2,3\n3,1,2\n1,1,2\n,,\n"
    ranking = {"name": "order", "type": "ranking", "scale": ["A", "B", "C"]}
    ranked = spec({"csv": ranks, "column": {"A": "A", "B": "B", "C": "C"}}, {"values": ["A > B > C", "B > C > A"]})
    made = await post(client, COMPARE, {**ranked, "metric": ranking})
    assert (made["human"]["n"], made["human"]["missing"], made["human"]["unrecognised"]["count"]) == (2, 1, 1)
    assert made["score"] == 1


async def test_baselines_are_kept_with_their_source_and_compared_with(client: httpx.AsyncClient) -> None:
    text = "stars,brand,region\n" + "".join(f"{n % 5 + 1},{'AB'[n % 2]},{'NS'[n % 2]}\n" for n in range(200))
    body = {
        "name": "Panel of 2025",
        "metrics": [RATING, {"name": "brand", "type": "choice", "scale": ["A", "B"]}],
        "csv": text,
        "columns": {"rating": "stars"},
        "segment_column": "region",
        "source": "our own panel, wave 3",
        "licence": "internal",
    }
    made = await post(client, BASELINES, body, 201)
    assert (made["people"], made["segments"], made["source"]) == (200, {"N": 100, "S": 100}, "our own panel, wave 3")
    assert [(metric["name"], metric["answered"]) for metric in made["metrics"]] == [("rating", 200), ("brand", 200)]
    assert (await client.get(made["links"]["self"])).json() == made
    assert (await client.get(BASELINES)).json()["items"] == [made]

    simulated = {"values": [n % 5 + 1 for n in range(200)], "simulator": "my-model"}
    compared = await post(client, COMPARE, spec({"baseline_id": made["id"]}, simulated))
    assert (compared["score"], compared["study"], compared["human"]["n"]) == (1, "Panel of 2025", 200)
    otherwise = {**spec({"baseline_id": made["id"]}, simulated), "metric": {**RATING, "scale": [1, 7]}}
    problem = await post(client, COMPARE, otherwise, 422)
    assert '"scale":[1.0,5.0]' in problem["errors"][0]["allowed"][0]
    unknown = {**spec({"baseline_id": made["id"]}, simulated), "metric": {**RATING, "name": "stars"}}
    assert (await post(client, COMPARE, unknown, 422))["errors"][0]["allowed"] == ["rating", "brand"]

    assert (await client.delete(made["links"]["self"])).status_code == 204
    assert (await client.get(made["links"]["self"])).status_code == 404
    assert (await client.delete(made["links"]["self"])).status_code == 404
    assert (await post(client, COMPARE, spec({"baseline_id": made["id"]}, simulated), 404))["status"] == 404
    assert (await client.get(f"/validation/comparisons/{compared['id']}")).json()["baseline_id"] == made["id"]


async def test_a_baseline_as_json_and_one_that_is_none(client: httpx.AsyncClient) -> None:
    good = {
        "name": "n",
        "source": "s",
        "metrics": [RATING],
        "answers": {"rating": [1, 2, None]},
        "segments": ["a", "a", "b"],
    }
    made = await post(client, BASELINES, good, 201)
    assert (made["people"], made["metrics"][0]["missing"], made["segments"]) == (3, 1, {"a": 2, "b": 1})
    for change in (
        {"answers": {"rating": ["x"]}, "segments": None},
        {"answers": {"other": [1, 2, 3]}},
        {"csv": "rating\n1\n"},
        {"source": ""},
        {"metrics": [RATING, RATING]},
    ):
        assert (await post(client, BASELINES, {**good, **change}, 422))["status"] == 422


async def test_enough_past_comparisons_of_ones_own_replace_what_is_shipped(
    client: httpx.AsyncClient, nats_url: str
) -> None:
    before = (await client.get("/validation/calibration", params={"simulator": "my-model"})).json()
    assert [(one["source"], one["variant"]) for one in before["items"]] == [("borrowed", before["borrowed"])]
    columns = {"outcome": "question"}
    few = {"csv": past_comparisons("my-model", 4, 0.3), "columns": columns, "source": "archive"}
    assert (await post(client, "/validation/ledger", few, 201))["calibrations"][0]["source"] == "borrowed"
    many = {"csv": past_comparisons("my-model", 14, 0.3), "columns": columns, "source": "archive"}
    made = await post(client, "/validation/ledger", many, 201)
    assert (made["added"], made["simulators"]) == (42, ["my-model"])
    [own] = made["calibrations"]
    assert (own["source"], own["is_enough"], own["bias"]["studies"]) == ("own", True, 14)
    assert own["bias"]["centre"] == pytest.approx(0.3, abs=0.1)
    assert own["left_out"]["held"] > 0.85
    assert own["effects"] is None
    assert (await post(client, "/validation/ledger", many, 201))["added"] == 0
    async with peer(nats_url) as others:
        told = (await others.published(CalibrationChanged, 2))[-1]
    assert (told.simulator, told.is_enough, told.bias.studies) == ("my-model", True, 14)


async def test_a_ledger_file_with_a_fault_is_refused_with_its_row(client: httpx.AsyncClient) -> None:
    good = past_comparisons("m", 2, 0).replace("question", "outcome")
    for text, said in (
        (good.replace("simulated_sd", "sd"), "no column 'simulated_sd'"),
        (good + "s9,q,m,four,1,4,1,200\n", "row 8: human_mean is 'four'"),
        (good + "s9,q,,4,1,4,1,200\n", "row 8 has no simulator"),
        (good + "s9,q,m,4,-1,4,1,200\n", "row 8: human_sd is '-1', not a number from 0 to 1,000,000,000"),
    ):
        problem = await post(client, "/validation/ledger", {"csv": text, "source": "x"}, 422)
        assert said in problem["detail"]


async def test_everything_known_of_simulators_is_shown_with_plots(client: httpx.AsyncClient) -> None:
    body = {"csv": past_comparisons("<b>mine</b>", 3, 0.1), "columns": {"outcome": "question"}, "source": "archive"}
    await post(client, "/validation/ledger", body, 201)
    found = (await client.get("/validation/calibration")).json()
    names = [one["simulator"] for one in found["items"]]
    assert names[0] == "<b>mine</b>"
    assert len(names) == 16
    assert {"source", "licence", "url", "borrowed"} <= found.keys()
    page = (await client.get(found["links"]["page"])).text
    assert "An interval that wide is the message" in page
    assert "<b>mine</b>" not in page
    for plot in ("bias", "effects", "coverage"):
        drawn = await client.get(found["links"][plot])
        assert drawn.headers["content-type"] == "image/svg+xml"
        assert "persona_summary" in drawn.text
    assert (await client.get("/validation/calibration/none.svg")).status_code == 404
    mine = await client.get("/validation/calibration.html", params={"simulator": "<b>mine</b>"})
    assert "Past comparisons" in mine.text
