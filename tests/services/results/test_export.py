"""JSON and CSV: byte-equal, formula-safe, and never without the evidence."""

import csv
import io
import json
import random
from dataclasses import replace
from hashlib import sha256

import pytest

from services.results.domain.canonical import canonical_json, canonical_number
from services.results.service.files.lines import CsvRows
from tests.services.results import build
from tests.services.results.told import Told, file_of, findings, to_json


def to_csv(found: Told) -> bytes:
    return file_of(CsvRows, found)


def rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def test_a_row_is_a_response_and_a_column_a_metric() -> None:
    study, turns = build.campaign(failures=1)
    found = rows(to_csv(findings(study, turns)))
    assert len(found) == 125
    failed, second = found[:2]
    assert (failed["status"], failed["open_rate"], failed["failure"]) == (
        "failed",
        "",
        "the model gave no valid answer",
    )
    assert second["open_rate"] in {"true", "false"}
    assert float(second["purchase_intent"]) == turns[1].answers["purchase_intent"]
    assert second["profile.region"] == turns[1].demographic_profile["region"]
    assert second["segment"] == "young_professionals"


def test_no_row_and_no_document_travels_without_its_evidence() -> None:
    found = findings(*build.campaign())
    for row in rows(to_csv(found)):
        assert (row["simulated"], row["evidence_grade"], row["effective_n"]) == ("true", "C", "0")
        assert "nothing about real people" in row["caveat"]
    content = json.loads(to_json(found))["content"]
    assert content["evidence"]["grade"] == "C"
    assert "none by a person" in content["notice"]
    for number in content["analysis"]["estimates"] + content["analysis"]["comparisons"]:
        assert {"grade", "effective_n", "caveat"} <= set(number["evidence"])


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_a_text_that_a_spreadsheet_would_run_is_defused_in_every_column(start: str) -> None:
    evil = f'{start}cmd|"/C calc"!A0'
    asked = [build.instrument(evil, "text"), build.instrument("pick", "choice", options=(evil, "b"))]
    study = build.study(build.plan((evil, "b"), asked, {evil: 1, "b": 0}))
    answers = {evil: evil, "pick": evil}
    fields = dict.fromkeys(("name", "segment", "response", "reasoning", "step_id"), evil)
    turn = build.turn(1, evil, answers, demographic_profile={evil: evil}, model=evil, **fields)
    table = list(csv.reader(io.StringIO(to_csv(findings(study, [turn])).decode(), newline="")))
    cells = [cell for line in table for cell in line if "calc" in cell]
    assert len(cells) >= 10
    assert all(cell.startswith(("'", "profile.")) for cell in cells)


def test_numbers_stay_numbers_also_below_zero() -> None:
    study, turns = build.campaign()
    turns[0] = replace(turns[0], sentiment=-0.5, demographic_profile={"balance": -12, "share": -0.25})
    first = rows(to_csv(findings(study, turns)))[0]
    assert (first["sentiment"], first["profile.balance"], first["profile.share"]) == ("-0.5", "-12", "-0.25")


def test_a_metric_named_like_a_column_gets_a_column_of_its_own() -> None:
    study = build.study(build.plan(("a",), [build.instrument("status")], {"a": 1}))
    [row] = rows(to_csv(findings(study, [build.turn(1, "a", {"status": True})])))
    assert (row["status"], row["metric.status"]) == ("answered", "true")


def test_a_ranking_is_one_cell_and_a_text_with_commas_and_lines_survives() -> None:
    order = build.instrument("order", "ranking", options=("x", "y"))
    study = build.study(build.plan(("a",), [order], {"a": 1}))
    said = 'One, "two",\nthree; ünïcödé 🙂'
    [row] = rows(to_csv(findings(study, [build.turn(1, "a", {"order": ["y", "x"]}, response=said)])))  # type: ignore[dict-item]
    assert (row["order"], row["response"]) == ("y > x", said)


def test_arrival_order_ids_and_times_change_no_byte_of_csv_and_content() -> None:
    study, turns = build.campaign(failures=2)
    moved = [
        replace(
            turn, turn_id=f"x{i}", responded_at=build.START, usage=turn.usage.model_copy(update={"cached_calls": 1})
        )
        for i, turn in enumerate(turns)
    ]
    random.Random(5).shuffle(moved)
    assert study.plan is not None
    again = replace(
        study,
        simulation_id="sim_2",
        population_id="pop_2",
        intervention_id="int_2",
        plan_hash="00" * 32,
        created_at=build.START.replace(year=2027),
        plan=study.plan.model_copy(
            update={
                "intervention_id": "int_2",
                "frozen_at": build.START.replace(year=2027),
                "planned_n": dict(reversed(study.plan.planned_n.items())),
            }
        ),
    )
    one, two = findings(study, turns), findings(again, moved)
    assert to_csv(one) == to_csv(two)
    first, second = json.loads(to_json(one)), json.loads(to_json(two))
    assert first["content"] == second["content"]
    assert first["content_sha256"] == second["content_sha256"]


def test_other_names_for_the_arms_change_the_names_alone() -> None:
    study, turns = build.campaign()
    names = {"emotional_appeal": "zz", "rational_appeal": "aa"}
    assert study.plan is not None
    plan = study.plan.model_copy(
        update={
            "arms": tuple(arm.model_copy(update={"name": names[arm.name]}) for arm in study.plan.arms),
            "planned_n": {names[arm]: n for arm, n in study.plan.planned_n.items()},
        }
    )
    renamed = to_csv(findings(replace(study, plan=plan), [replace(turn, arm=names[turn.arm]) for turn in turns]))
    for name, new in names.items():
        renamed = renamed.replace(f",{new},".encode(), f",{name},".encode())
    assert renamed == to_csv(findings(study, turns))


@pytest.mark.parametrize("at_once", [1, 7, 1_000])
def test_the_document_that_is_written_a_few_responses_at_a_time_is_plain_indented_json(at_once: int) -> None:
    for found in (findings(*build.campaign(failures=2)), findings(build.campaign()[0], [], "running")):
        body = to_json(found, at_once=at_once)
        document = json.loads(body)
        assert body == json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"
        assert list(document["content"]) == sorted(document["content"])
        assert [one["agent_id"] for one in document["content"]["responses"]] == [turn.agent_id for turn in found.turns]
        assert document["run"]["usage"]["calls"] == len(found.turns)


def test_the_hash_is_that_of_the_content_as_the_documentation_says() -> None:
    document = json.loads(to_json(findings(*build.campaign()), at_once=7))
    text = json.dumps(document["content"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert document["content_sha256"] == sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.1 + 0.2, 0.3),
        (7.0, 7),
        (-0.0, 0),
        (1e300, 1e300),
        (float("nan"), None),
        (float("inf"), None),
        (1 / 3, 0.333333333333),
    ],
)
def test_a_number_has_one_form(value: float, expected: float | None) -> None:
    assert canonical_number(value) == expected
    assert repr(canonical_number(value)) == repr(expected)


def test_equal_values_have_equal_bytes() -> None:
    assert canonical_json({"b": (1.0, 2), "a": {"y": 1, "x": None}}) == canonical_json(
        {"a": {"x": None, "y": 1.0}, "b": [1, 2.0]}
    )
