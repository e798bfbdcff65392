"""Fitting a value to a schema: form is forgiven, substance is named."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.minds.schema import EACH_ONCE
from services.models.domain.coercion import fit
from tests.services.models.stub import example

RANKING = {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}, "description": EACH_ONCE}
NOTE = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}


@pytest.mark.parametrize(
    ("schema", "value", "fitted"),
    [
        ({"type": "integer"}, "7", 7),
        ({"type": "integer"}, 7.0, 7),
        ({"type": "integer", "maximum": 10}, "7/10", 7),
        ({"type": "number"}, "0.5", 0.5),
        ({"type": "boolean"}, "Yes.", True),
        ({"type": "boolean"}, 0, False),
        ({"enum": ["THINK", "REACH_OUT"]}, "reach out", "REACH_OUT"),
        ({"enum": ["yes", "no"]}, " YES ", "yes"),
        ({"enum": [1, 2, 3]}, "2", 2),
        ({"enum": [True, False]}, "no", False),
        ({"enum": ["a", None]}, "none", None),
        ({"const": "turn"}, "Turn", "turn"),
        ({"type": "string"}, None, ""),
        ({"type": "string"}, 3, "3"),
        ({"type": "string"}, ["happy", "calm"], "happy, calm"),
        ({"type": ["string", "null"]}, None, None),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "null", None),
        ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, "true", True),
        ({"anyOf": [{"type": "boolean"}, {"type": "null"}]}, "", None),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "", ""),
        ({"type": "array", "items": {"enum": ["a", "b"]}}, "B > A", ["b", "a"]),
        ({"type": "array", "items": NOTE}, {"text": "x"}, [{"text": "x"}]),
        ({"type": "array", "items": {"type": "integer"}}, '["1", 2]', [1, 2]),
        (RANKING, "B > A", ["b", "a"]),
        (NOTE, '{"text": "x"}', {"text": "x"}),
        (NOTE, {"Text": "x"}, {"text": "x"}),
        (NOTE, {"text": "x", "more": 1}, {"text": "x", "more": 1}),
        ({"type": "object", "properties": {"a": {"type": "string", "default": "z"}}}, {}, {"a": "z"}),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {}, {}),
        ({"type": "object", "properties": {"a": {"type": ["string", "null"]}}, "required": ["a"]}, {}, {"a": None}),
        ({"$ref": "#/$defs/note", "$defs": {"note": NOTE}}, {"text": 1}, {"text": "1"}),
        ({"allOf": [{"$ref": "#/$defs/note"}], "$defs": {"note": NOTE}}, {"text": 1}, {"text": "1"}),
        (
            {"type": "object", "properties": {"note": NOTE}, "required": ["note"]},
            {"text": "x"},
            {"note": {"text": "x"}},
        ),
        ({}, {"anything": 1}, {"anything": 1}),
        ({"$ref": "#/nowhere"}, 3, 3),
    ],
)
def test_form_is_forgiven(schema, value, fitted):
    found = fit(value, schema)
    assert found.problems == ()
    assert found.value == fitted
    assert type(found.value) is type(fitted)


@pytest.mark.parametrize(
    ("schema", "value", "problem"),
    [
        ({"type": "integer"}, "seven", "the reply: 'seven' is not a whole number"),
        ({"type": "integer"}, 7.5, "is not a whole number"),
        ({"type": "integer", "maximum": 5}, "7/10", "is not a whole number"),
        ({"type": "number", "minimum": 0, "maximum": 1}, 1.2, "1.2 is off its scale"),
        ({"type": "number"}, float("nan"), "is not a number"),
        ({"type": "boolean"}, "maybe", "'maybe' is neither true nor false"),
        ({"type": "boolean"}, 2, "is neither true nor false"),
        ({"enum": ["a", "b"]}, "c", "'c' is not one of 'a', 'b'"),
        ({"enum": ["Yes", "YES"]}, "yes", "is not one of"),
        ({"enum": [1, 2]}, True, "True is not one of 1, 2"),
        ({"type": "string"}, {"a": 1}, "is not a text"),
        ({"type": "array"}, None, "is not a list"),
        (RANKING, ["b", "b"], "the reply: does not hold each of 'a', 'b' once"),
        (RANKING, ["b"], "does not hold each of 'a', 'b' once"),
        (RANKING, ["a", "b", "a"], "does not hold each of 'a', 'b' once"),
        (RANKING, ["b", "c"], "'c' is not one of 'a', 'b'"),
        (NOTE, 3, "is not an object"),
        (NOTE, {}, "text: is missing"),
        ({"type": "array", "items": NOTE}, [{}, {"text": "x"}], "[0].text: is missing"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "many", "'many' is not a whole number"),
    ],
)
def test_substance_is_named_with_its_place(schema, value, problem):
    assert problem in fit(value, schema).problems[0]


def test_a_schema_that_never_ends_is_given_up():
    endless: dict[str, Any] = {"anyOf": [{"$ref": "#"}, {"type": "array", "items": {"$ref": "#"}}]}
    value: Any = "x"
    for _ in range(200):
        value = [value]
    assert fit(value, endless).problems


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
LEAVES = st.sampled_from(
    [{"type": "string"}, {"type": "integer"}, {"type": "boolean"}, {"enum": ["a", "b"]}, {"type": ["number", "null"]}]
)
SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(lambda items: {"type": "array", "items": items}, inner)
        | st.builds(lambda parts: {"anyOf": parts}, st.lists(inner, min_size=1, max_size=3))
        | st.builds(
            lambda parts: {"type": "object", "properties": parts, "required": list(parts)},
            st.dictionaries(st.sampled_from(["one", "two", "three"]), inner, max_size=3),
        )
    ),
    max_leaves=6,
)


@given(JSON, JSON)
def test_nothing_raises_whatever_the_value_and_the_schema(value, schema):
    fit(value, schema if isinstance(schema, dict) else {"type": "object", "properties": schema})


@given(SCHEMAS.filter(lambda schema: not isinstance(schema.get("type"), list)))
def test_a_value_that_fits_is_left_as_it_is(schema):
    value = json.loads(json.dumps(example(_plain(schema))))
    assert fit(value, schema).value == value
    assert fit(value, schema).problems == ()


@given(JSON, SCHEMAS)
def test_what_was_made_to_fit_fits(value, schema):
    found = fit(value, schema)
    if not found.problems:
        again = fit(found.value, schema)
        assert (again.value, again.problems) == (found.value, ())


def _plain(schema):
    """The schema with one type where it names two."""
    return json.loads(json.dumps(schema).replace('["number", "null"]', '"number"'))
