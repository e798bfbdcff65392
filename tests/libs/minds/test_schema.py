"""The schema accepts exactly what an instrument allows and stays within the strict subset."""

from collections.abc import Iterator

import pytest
from jsonschema import Draft202012Validator

from libs.contracts.base import JsonObject
from libs.contracts.instruments import MetricType
from libs.minds.schema import turn_schema
from tests.libs.minds.examples import EVERY, FUNNEL, instrument

KEYWORDS = {"type", "properties", "required", "additionalProperties", "items", "enum", "anyOf", "description"}
GOOD: JsonObject = {
    "open_rate": True,
    "click_through": None,
    "purchase_intent": 7,
    "price": 12.5,
    "brand": "Acme",
    "order": ["taste", "price", "look"],
    "why": "It is cheap.",
}


def turn(answers: JsonObject) -> JsonObject:
    state = {"goals": "sleep", "attention": "the phone", "emotions": "calm", "sentiment": 0.1}
    action = {"type": "THINK", "content": "Not again.", "target": ""}
    return {"actions": [action], "mental_state": state, "answers": answers, "confidence": 0.7}


def schemas(schema: JsonObject) -> Iterator[JsonObject]:
    yield schema
    for inner in [*schema.get("properties", {}).values(), *schema.get("anyOf", [])]:
        yield from schemas(inner)
    if "items" in schema:
        yield from schemas(schema["items"])


def test_the_schema_is_within_the_strict_subset() -> None:
    schema = turn_schema(EVERY)
    Draft202012Validator.check_schema(schema)
    for part in schemas(schema):
        assert part.keys() <= KEYWORDS
        if part.get("type") == "object":
            assert part["additionalProperties"] is False
            assert part["required"] == list(part["properties"])


def test_a_complete_turn_is_valid() -> None:
    Draft202012Validator(turn_schema(EVERY)).validate(turn(GOOD))


@pytest.mark.parametrize(
    "wrong",
    [
        {"open_rate": None},
        {"open_rate": "yes"},
        {"click_through": 1},
        {"purchase_intent": 11},
        {"purchase_intent": 6.5},
        {"brand": "acme"},
        {"order": ["taste", "price", "smell"]},
        {"why": 3},
        {"unasked": True},
    ],
)
def test_an_answer_of_the_wrong_kind_is_invalid(wrong: JsonObject) -> None:
    assert not Draft202012Validator(turn_schema(EVERY)).is_valid(turn(GOOD | wrong))


def test_a_turn_without_questions_has_no_answers() -> None:
    validator = Draft202012Validator(turn_schema(()))
    assert validator.is_valid(turn({}))
    assert not validator.is_valid(turn({"open_rate": True}))


def test_a_long_scale_is_described_instead_of_listed() -> None:
    schema = turn_schema((instrument("hours", MetricType.ORDINAL, scale=(0, 168)),))
    answer = schema["properties"]["answers"]["properties"]["hours"]
    assert answer == {"type": "integer", "description": "from 0 to 168"}


def test_the_schema_of_a_tuple_is_built_once() -> None:
    assert turn_schema(FUNNEL) is turn_schema(tuple(FUNNEL))
