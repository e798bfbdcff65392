"""Reduction: which events there are, what rules make of them, and the forms that tables come in."""

import csv
import io
from typing import Any

import pytest
from pydantic import TypeAdapter

from libs.contracts.errors import InvalidError
from libs.contracts.orchestrator import StepStarted
from libs.contracts.protocol import Step, Stimulus
from libs.contracts.tools import ReductionRule
from services.results.domain.reduction import Cell, Reduction, events_of
from tests.services.results import build
from tests.services.results.scene import Scene, campaign, created, frozen, story

RULES = TypeAdapter(list[ReductionRule])
PLAN = build.plan(("a", "b"), [build.instrument("bought")], {"a": 1, "b": 1})
STUDY = build.study(PLAN)


def rows(turns: list[Any], *rules: dict[str, Any]) -> list[dict[str, Cell]]:
    reduction = Reduction(RULES.validate_python(list(rules)))
    return [dict(zip(reduction.columns, row, strict=True)) for row in reduction.rows(STUDY, turns)]


def test_a_turn_is_what_was_met_thought_said_and_each_answer_in_this_order() -> None:
    turn = build.turn(1, "a", {"bought": True, "ranks": ("x", "y")})
    events = [(event["kind"], event["content"]) for event in events_of(STUDY, turn)]
    assert events == [
        ("stimulus", "Content of a"),
        ("think", "I thought about it."),
        ("talk", "Maybe."),
        ("answer", True),
        ("answer", ("x", "y")),
    ]
    busy = build.turn(
        1,
        "a",
        {},
        actions=(
            {"type": "THINK", "content": "Hm.", "target": None},
            {"type": "TALK", "content": "Hello.", "target": "Bo"},
            {"type": "REACH_OUT", "content": "", "target": "Carla"},
            {"type": "WRITE_DOCUMENT", "content": "{}", "target": None},
        ),
    )
    assert [(event["kind"], event["target"], event["tool"]) for event in events_of(STUDY, busy)][1:] == [
        ("think", None, None),
        ("talk", "Bo", None),
        ("reach_out", "Carla", None),
        ("tool", None, "write_document"),
    ]
    failed = [event["kind"] for event in events_of(STUDY, build.turn(2, "b", None))]
    assert failed == ["stimulus", "failure"]


def test_each_event_that_fits_a_rule_is_a_row_with_the_columns_of_all_rules() -> None:
    turns = [build.turn(1, "a", {"bought": True}), build.turn(2, "b", None)]
    found = rows(
        turns,
        {"kind": "talk", "columns": {"who": "name", "said": "content"}},
        {"kind": "failure", "columns": {"who": "name", "problem": "content"}},
    )
    assert found == [
        {"who": "Bo Lindqvist", "said": "Maybe.", "problem": None},
        {"who": "Carla Moretti", "said": None, "problem": "the model gave no valid answer"},
    ]


def test_columns_are_changed_by_named_functions_and_replacements_and_by_nothing_else() -> None:
    turn = build.turn(1, "a", {"bought": True, "rank": ("x", "y")}, response="Well. I would pay 12.50 at most.")
    found = rows(
        [turn],
        {
            "kind": "talk",
            "columns": {
                "price": {"field": "content", "apply": ["number"]},
                "words": {"field": "content", "apply": ["words"]},
                "start": {"field": "content", "apply": ["first_sentence", "lower"]},
                "buys": {"field": "answers.bought", "values": {"true": "yes", "false": "no"}},
                "pets": {"field": "profile.pets", "default": 0},
                "age": "profile.age",
                "ranked": {"field": "answers.rank", "apply": ["length"]},
            },
        },
    )
    assert found == [{"price": 12.5, "words": 7, "start": "well.", "buys": "yes", "pets": 0, "age": 34, "ranked": 2}]


def test_where_keeps_events_with_one_of_the_values_and_true_is_not_one() -> None:
    turns = [build.turn(1, "a", {"bought": True}), build.turn(2, "b", {"bought": False, "score": 1.0})]
    is_bought = {"kind": "answer", "where": {"metric": "bought"}, "columns": {"value": "content"}}
    assert rows(turns, is_bought) == [{"value": True}, {"value": False}]
    ones = {"kind": "answer", "where": {"content": [1, "x"]}, "columns": {"metric": "metric", "arm": "arm"}}
    assert rows(turns, ones) == [{"metric": "score", "arm": "b"}]


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"kind": "talk", "columns": {"x": "__class__"}}, "rules.0.columns.x"),
        ({"kind": "talk", "columns": {"x": "profile."}}, "rules.0.columns.x"),
        ({"kind": "talk", "columns": {"x": "name"}, "where": {"wage": 1}}, "rules.0.where.wage"),
    ],
)
def test_a_field_that_no_event_has_is_refused_with_those_that_there_are(rule: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        rows([], rule)
    [problem] = refused.value.errors
    assert problem.field == field
    assert "content" in problem.allowed


ANSWERS = {
    "kind": "answer",
    "where": {"metric": "open_rate"},
    "columns": {"agent": "agent_id", "arm": "arm", "opened": "content"},
}


async def reduce(scene: Scene, **spec: Any) -> Any:
    answer = await scene.client.post("/results/reduce", json={"simulation_id": "sim_1", "rules": [ANSWERS], **spec})
    assert answer.status_code == 200, answer.text
    return answer


async def test_a_simulation_becomes_a_data_frame_in_every_form(scene: Scene) -> None:
    plan, turns = campaign()
    await scene.publish(*story(turns, plan))
    await scene.completed()
    records = (await reduce(scene)).json()
    assert records["columns"] == ["agent", "arm", "opened"]
    assert [record["agent"] for record in records["records"]] == sorted(turn.agent_id for turn in turns)
    split = (await reduce(scene, format="split")).json()
    assert split["columns"] == records["columns"]
    assert split["index"] == list(range(125))
    assert split["data"] == [[record[name] for name in split["columns"]] for record in records["records"]]
    answer = await reduce(scene, format="csv", segment="families", arm="rational_appeal")
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert {row["arm"] for row in table} == {"rational_appeal"}
    assert {row["opened"] for row in table} == {"true", "false"}
    assert len(table) == sum(turn.segment == "families" and turn.arm == "rational_appeal" for turn in turns)
    assert 'filename="rehearsal-sim_1-rows.csv"' in answer.headers["content-disposition"]


async def test_what_an_interactive_simulation_was_shown_is_there_too(scene: Scene) -> None:
    shown = Stimulus(content="A new tariff.", channel="sms", timing="evening")
    step = Step(kind="deliver", step_id="deliver", round=1, stimuli={"all": shown}, instruments=())
    started = StepStarted(simulation_id="sim_1", step=step, planned={"all": 1})
    await scene.publish(created(None), started, *build.recorded([build.turn(1, "all", {})]))
    await scene.counted(1)
    rule = {"kind": "stimulus", "columns": {"shown": "content", "by": "channel"}}
    found = (await reduce(scene, rules=[rule])).json()
    assert found["records"] == [{"shown": "A new tariff.", "by": "sms"}]


async def test_nothing_that_fits_is_an_empty_table_and_an_unknown_simulation_a_problem(quick_scene: Scene) -> None:
    plan, _ = campaign()
    await quick_scene.publish(created(plan), frozen(plan))
    await quick_scene.counted(0)
    assert (await reduce(quick_scene)).json() == {"columns": ["agent", "arm", "opened"], "records": []}
    assert (await reduce(quick_scene, format="csv")).text == "agent,arm,opened\r\n"
    missing = await quick_scene.client.post("/results/reduce", json={"simulation_id": "sim_none", "rules": [ANSWERS]})
    assert missing.status_code == 404
    wrong = await quick_scene.client.post("/results/reduce", json={"simulation_id": "sim_1", "rules": []})
    assert [one["field"] for one in wrong.json()["errors"]] == ["rules"]
