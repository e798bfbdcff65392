"""What a protocol will ask is counted before there is anybody to be asked."""

import pytest
from pydantic import TypeAdapter

from libs.contracts.base import JsonObject
from libs.contracts.dialogue import Request
from libs.contracts.errors import DomainError
from libs.contracts.ids import agent_id
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
CONDITION = "touchpoints.1.condition"
NAMED: JsonObject = {"topic": "Breakfast"}
PEOPLE_65 = [agent_id(index) for index in range(1, 66)]


def asked_of(condition: JsonObject) -> JsonObject:
    """The journey, its second contact only for some."""
    welcome, reminder = JOURNEY["touchpoints"]
    return {"touchpoints": [welcome, reminder | {"condition": condition}]}


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


@pytest.mark.parametrize(
    ("request_", "people", "field", "says"),
    [
        (TALK | {"groups": 4, "group_size": 2}, 7, "groups", "needs at least 2 in a group; 7 can take part"),
        (TALK | {"groups": 1}, 1, "groups", "1 can take part"),
        (NAMED | {"agent_ids": ["agent_0001"]}, 9, "agent_ids", "at least 2 in a group"),
        (NAMED | {"agent_ids": PEOPLE_65}, 65, "groups", "65 is too large"),
        (INTERVIEWS, 1, "groups", "at least 1 in a group; 0 can take part"),
        (INTERVIEWS | {"interviewer_id": "agent_0010"}, 9, "interviewer_id", "no agent 'agent_0010'"),
        (SURVEY | {"agent_ids": ["agent_0009", "agent_0010"]}, 9, "agent_ids.1", "no agent 'agent_0010'"),
        (SURVEY | {"target_segments": ["parents", "teens"]}, 9, "target_segments.1", "no segment 'teens'"),
        (SURVEY | {"broadcast_if_no_target": True}, 201, "broadcast_if_no_target", "at most 200"),
        (asked_of({"metric": "trust", "value": 3}), 9, f"{CONDITION}.metric", "nothing earlier asks 'trust'"),
        (asked_of({"metric": "open_rate", "value": "blue"}), 9, f"{CONDITION}.value", "true or false"),
    ],
)
def test_what_a_request_of_so_few_people_would_be_refused_for_is_known_before_there_are_any(
    request_: JsonObject, people: int, field: str, says: str
) -> None:
    with pytest.raises(DomainError) as caught:
        turns(request_, people=people, parents=3)
    [error] = caught.value.errors
    assert error.field == f"protocol.0.{field}"
    assert says in error.message


def test_every_request_tells_what_is_wrong_with_it() -> None:
    with pytest.raises(DomainError) as caught:
        turns(TALK | {"groups": 60}, SURVEY, SURVEY | {"agent_ids": ["tom"]})
    assert [error.field for error in caught.value.errors] == ["protocol.0.groups", "protocol.2.agent_ids.0"]


def test_a_condition_may_be_about_what_an_earlier_request_asked() -> None:
    later = asked_of({"metric": "purchase_intent", "operator": "at_least", "value": 4})
    assert turns(SURVEY, later, people=9) == [9, 9, 9]
    with pytest.raises(DomainError, match="nothing earlier asks 'purchase_intent'"):
        turns(later, SURVEY, people=9)
