"""Whatever is asked of the offline model, and in whatever form, the reply is valid by the response schema."""

import json

import jsonschema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.contracts.instruments import Instrument, MetricType
from libs.minds.schema import turn_schema
from libs.minds.turn import read_turn
from services.models.domain.offline.turn import read_instruments, reply

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=12), children, max_size=4),
    max_leaves=12,
)
LABELS = st.text(min_size=1, max_size=20)
ENDS = st.floats(-1e9, 1e9, allow_nan=False)


@st.composite
def instruments(draw):
    """Metrics of one study; a requirement may be wrong, or none, or close a circle."""
    names = draw(st.lists(LABELS, min_size=1, max_size=5, unique=True))
    made = []
    for name in names:
        kind = draw(st.sampled_from(list(MetricType)))
        has_scale = kind in {MetricType.ORDINAL, MetricType.NUMERIC}
        low, high = sorted((draw(ENDS), draw(ENDS)))
        if kind is MetricType.ORDINAL:
            low, high = float(int(low)), float(int(low) + draw(st.integers(0, 200)))
        is_short = kind is MetricType.ORDINAL and high - low <= 20
        forms = [None, "distribution"] if is_short or kind in {MetricType.BINARY, MetricType.CHOICE} else [None]
        has_options = kind in {MetricType.CHOICE, MetricType.RANKING}
        made.append(
            Instrument(
                name=name,
                type=kind,
                question=draw(st.text(max_size=60)),
                minimum=low if has_scale else None,
                maximum=high if has_scale else None,
                options=tuple(draw(st.lists(LABELS, min_size=2, max_size=6, unique=True))) if has_options else (),
                requires=draw(st.none() | st.sampled_from([*names, "somewhere else"])),
                role="secondary",
                elicitation=draw(st.sampled_from([*forms, "ssr"] if is_short else forms)),
            )
        )
    return tuple(made)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(instruments(), JSON, JSON, st.text(max_size=10))
def test_a_turn_is_valid_whatever_the_metrics_the_person_and_the_stimulus(asked, persona, stimulus, key):
    schema = turn_schema(asked)
    content = json.dumps(reply(persona, stimulus, asked, schema, key))
    jsonschema.validate(json.loads(content), schema)
    turn = read_turn(content, asked, "here")
    assert turn.reasoning
    assert turn.confidence is not None


STRICT = st.recursive(
    st.sampled_from(
        [
            {"type": "string"},
            {"type": "boolean"},
            {"type": "null"},
            {"type": "integer", "minimum": 3, "maximum": 9},
            {"type": "number", "minimum": -2.5, "maximum": 2.5},
            {"type": "string", "enum": ["a", "b"]},
            {"type": ["integer", "null"]},
            {"const": 7},
            {"$ref": "#/$defs/thing"},
        ]
    ),
    lambda children: (
        st.dictionaries(
            st.sampled_from(["actions", "answers", "confidence", "mental_state", "x", "y"]), children, max_size=4
        ).map(
            lambda parts: {
                "type": "object",
                "properties": parts,
                "required": list(parts),
                "additionalProperties": False,
            }
        )
        | children.map(lambda child: {"type": "array", "items": child, "minItems": 2})
        | st.lists(children, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches})
    ),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(["actions", "answers", "confidence", "mental_state", "x"]), STRICT, max_size=4))
def test_any_other_schema_of_the_strict_subset_is_kept_too(parts):
    schema = {
        "type": "object",
        "properties": parts,
        "required": list(parts),
        "$defs": {"thing": {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}},
    }
    content = reply({}, "Hello", (), schema, "key")
    if parts:  # without any, the whole turn is given
        jsonschema.validate(json.loads(json.dumps(content)), schema)


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["properties", "type", "anyOf", "enum", "$defs", "required"]), JSON, max_size=4))
def test_a_schema_that_is_none_does_no_harm(schema):
    json.dumps(reply({}, "Hello", (), schema, "key"))


@settings(max_examples=100, deadline=None)
@given(JSON)
def test_questions_that_are_none_are_left_out(questions):
    assert all(isinstance(instrument, Instrument) for instrument in read_instruments(questions))


def test_a_schema_that_refers_to_itself_ends():
    schema = {
        "type": "object",
        "properties": {"tree": {"$ref": "#/$defs/node"}},
        "$defs": {
            "node": {
                "type": "object",
                "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/node"}, "minItems": 9}},
            }
        },
    }
    assert len(json.dumps(reply({}, "Hello", (), schema, "key"))) < 200_000
