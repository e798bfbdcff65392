"""What a protocol will ask is counted before there is anybody to be asked."""

import pytest
from pydantic import TypeAdapter

from libs.contracts.base import JsonObject
from libs.contracts.dialogue import Request
from services.communication.domain.forecasts import planned

REQUEST: TypeAdapter[Request] = TypeAdapter(Request)
SURVEY: JsonObject = {"content": "Oat milk costs 2.49.", "metrics": ["purchase_intent"]}
TALK: JsonObject = {"topic": "Breakfast", "prompts": ["", "And on Sundays?"], "groups": 2, "group_size": 6}
INTERVIEWS: JsonObject = {"topic": "Breakfast", "kind": "interview", "interviewer_id": "agent_0001", "groups": 3}
INTERVIEWS |= {"rounds": 2}
JOURNEY: JsonObject = {
    "touchpoints": [
        {"name": "welcome", "content": "Half price", "metrics": ["open_rate"]},
        {"name": "reminder", "content": "Still hungry?", "condition": {"metric": "open_rate", "value": False}},
    ]
}


def turns(*requests: JsonObject, people: int = 100, **segments: int) -> list[int]:
    """Of each step."""
    return [one.turns for one in planned([REQUEST.validate_python(one) for one in requests], people, segments, 1)]


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (SURVEY, [100]),
        (SURVEY | {"target_segments": ["parents"]}, [30]),
        (SURVEY | {"agent_ids": ["agent_0001", "agent_0002"]}, [2]),
        (TALK, [12, 12]),
        (TALK | {"metrics": ["trust"]}, [12, 12, 12]),
        (TALK | {"group_size": 60}, [100, 100]),
        (INTERVIEWS, [3, 3, 3, 3]),
        (JOURNEY, [100, 100]),
    ],
    ids=[
        "everybody",
        "a segment",
        "named people",
        "groups",
        "and a question",
        "all there are",
        "interviews",
        "contacts",
    ],
)
def test_the_turns_of_a_step_are_those_of_whom_it_is_for(request_: JsonObject, expected: list[int]) -> None:
    assert turns(request_, parents=30) == expected


def test_prompts_carry_what_was_heard_in_the_group_and_what_was_said_before() -> None:
    found = planned([REQUEST.validate_python(one) for one in (SURVEY, TALK, SURVEY)], 100, {}, 1)
    assert [one.earlier for one in found] == [0, 1, 7, 13]


def test_who_talks_in_turn_waits_for_each_other() -> None:
    both = [TALK, TALK | {"turn_taking": "simultaneous"}]
    found = planned([REQUEST.validate_python(one) for one in both], 100, {}, 1)
    assert [one.one_by_one for one in found] == [6, 6, 1, 1]
