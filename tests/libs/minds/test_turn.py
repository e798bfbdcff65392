"""What models really send is read; what is no answer is refused with a reason."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.base import JsonObject
from libs.contracts.instruments import Instrument, MetricType
from libs.minds.turn import MAX_ACTIONS, TurnError
from tests.libs.minds.examples import BRAND, CLICK, EVERY, FUNNEL, INTENT, OPEN, ORDER, PRICE, WHY, instrument, turn_of

REPLY: JsonObject = {
    "actions": [
        {"type": "THINK", "content": "Another miracle cure.", "target": ""},
        {"type": "TALK", "content": "Not for me, thanks.", "target": ""},
        {"type": "DONE", "content": "", "target": ""},
    ],
    "mental_state": {"goals": "sleep", "attention": "the phone", "emotions": "wary", "sentiment": -0.4},
    "answers": {"open_rate": True, "click_through": False, "purchase_intent": 2},
    "confidence": 0.8,
}
ANSWERS = {"open_rate": True, "click_through": False, "purchase_intent": 2.0}


def test_a_clean_reply_is_read_whole() -> None:
    turn = turn_of(json.dumps(REPLY), FUNNEL)
    assert turn.answers == ANSWERS
    assert (turn.reasoning, turn.response) == ("Another miracle cure.", "Not for me, thanks.")
    assert (turn.confidence, turn.sentiment, turn.mental_state.emotions) == (0.8, -0.4, "wary")
    assert [action.type for action in turn.actions] == ["THINK", "TALK", "DONE"]


@pytest.mark.parametrize(
    "wrap",
    [
        "```json\n{}\n```",
        "```\n{}```",
        "Sure! As this person {{honestly}}, I would say:\n\n{}\n\nLet me know.",
        "<think>They want {{\"answers\": {{\"open_rate\": false}}}} maybe.</think>\n{}",
        "\ufeff  {}  ",
    ],
)  # fmt: skip
def test_json_is_found_in_what_surrounds_it(wrap: str) -> None:
    assert turn_of(wrap.format(json.dumps(REPLY, indent=1)), FUNNEL).answers == ANSWERS


def test_a_json_string_of_json_is_read() -> None:
    assert turn_of(json.dumps(json.dumps(REPLY)), FUNNEL).answers == ANSWERS


def test_trailing_commas_and_raw_line_breaks_are_forgiven() -> None:
    text = '{"actions": [{"type": "think", "content": "one\ntwo",},], "answers": {"open_rate": false,},}'
    turn = turn_of(text, (OPEN,))
    assert turn.reasoning == "one\ntwo"
    assert turn.answers == {"open_rate": False}


@pytest.mark.parametrize(
    ("metric", "written", "read"),
    [
        (OPEN, "Yes", True),
        (OPEN, "no.", False),
        (OPEN, "TRUE", True),
        (OPEN, 0, False),
        (INTENT, "7", 7.0),
        (INTENT, "7/10", 7.0),
        (INTENT, "7 out of 10", 7.0),
        (INTENT, 7.0, 7.0),
        (PRICE, "12.50", 12.5),
        (BRAND, " acme ", "Acme"),
        (ORDER, ["Taste", "price", "look"], ("taste", "price", "look")),
        (ORDER, "taste > price > look", ("taste", "price", "look")),
        (WHY, "  It is cheap. ", "It is cheap."),
        (WHY, "nul\x00 and \ud800", "nul and ?"),
        (INTENT, {"value": 3}, 3.0),
    ],
)
def test_an_answer_in_another_form_is_understood(metric: Instrument, written: object, read: object) -> None:
    assert turn_of(json.dumps({"answers": {metric.name: written}}), (metric,)).answers == {metric.name: read}


@pytest.mark.parametrize(
    ("metric", "written", "reason"),
    [
        (OPEN, "perhaps", "open_rate: 'perhaps' is neither true nor false"),
        (OPEN, 2, "open_rate: 2 is neither true nor false"),
        (OPEN, None, "open_rate: no answer"),
        (INTENT, 11, "purchase_intent: 11 is not on the scale from 1 to 10"),
        (INTENT, 0, "purchase_intent: 0 is not on the scale from 1 to 10"),
        (INTENT, 6.5, "purchase_intent: 6.5 is not a whole number from 1 to 10"),
        (INTENT, "7/5", "purchase_intent: '7/5' is not a number"),
        (INTENT, True, "purchase_intent: True is not a number"),
        (PRICE, "cheap", "price: 'cheap' is not a number"),
        (PRICE, float("inf"), "price: inf is not a number"),
        (BRAND, "Nadir", "brand: 'Nadir' is not one of 'Acme', 'Zenith'"),
        (ORDER, ["taste", "price"], "order: ['taste', 'price'] does not rank each of the options once"),
        (ORDER, ["taste", "taste", "look"], "order: ['taste', 'taste', 'look'] does not rank each of the options once"),
        (WHY, "  ", "why: no answer"),
    ],
)
def test_an_answer_that_is_none_fails_the_turn_and_says_why(metric: Instrument, written: object, reason: str) -> None:
    with pytest.raises(TurnError) as caught:
        turn_of(json.dumps({"answers": {metric.name: written}}), (metric,))
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "reply",
    [
        {"open_rate": "yes"},
        {"answers": "yes"},
        {"answer": True},
        {"answers": [{"name": "open_rate", "answer": True}]},
        {"answers": {"Open rate": True}, "note": "extra"},
        {"answers": {"open_rate": {"answer": "Yes", "why": "…"}}},
        True,
    ],
)
def test_a_sole_answer_is_found_where_models_put_it(reply: object) -> None:
    assert turn_of(json.dumps(reply), (OPEN,)).answers == {"open_rate": True}


def test_a_metric_named_like_a_field_of_the_turn_is_not_confused_with_it() -> None:
    metric = instrument("confidence", MetricType.NUMERIC, scale=(0, 100))
    turn = turn_of('{"answers": {"confidence": 40}, "confidence": 0.5}', (metric,))
    assert (turn.answers, turn.confidence) == ({"confidence": 40.0}, 0.5)
    with pytest.raises(TurnError, match="confidence: no answer"):
        turn_of('{"answers": {}, "confidence": 0.5}', (metric,))


@pytest.mark.parametrize("instruments", [(OPEN, CLICK), (CLICK, OPEN)])
def test_no_click_without_an_open_whatever_the_model_wrote(instruments: tuple[Instrument, ...]) -> None:
    turn = turn_of('{"answers": {"open_rate": false, "click_through": "perhaps"}}', instruments)
    assert turn.answers == {"open_rate": False, "click_through": None}
    assert list(turn.answers) == [metric.name for metric in instruments]


def test_the_end_of_a_funnel_is_not_reached_when_its_middle_is_not() -> None:
    purchase = instrument("purchase", requires="click_through")
    turn = turn_of('{"answers": {"open_rate": false, "purchase": true}}', (purchase, CLICK, OPEN))
    assert turn.answers == {"purchase": None, "click_through": None, "open_rate": False}


def test_a_reached_question_needs_an_answer() -> None:
    with pytest.raises(TurnError, match="click_through: no answer"):
        turn_of('{"answers": {"open_rate": true, "click_through": null}}', (OPEN, CLICK))


@pytest.mark.parametrize("stated", [1.2, -3, "85%", None, True, "nan", [0.5]])
def test_a_confidence_out_of_range_is_unknown_not_clipped(stated: object) -> None:
    reply = REPLY | {"confidence": stated, "mental_state": {"sentiment": stated}}
    turn = turn_of(json.dumps(reply), FUNNEL)
    assert turn.confidence is None
    assert turn.sentiment is None


def test_texts_and_actions_are_capped() -> None:
    actions = [{"type": "talk", "content": "x" * 2_500}] * 30
    turn = turn_of(json.dumps({"actions": actions, "answers": {"why": "y" * 9_000}}), (WHY,))
    assert len(turn.actions) == MAX_ACTIONS
    assert len(turn.actions[0].content) == 2_000
    assert len(turn.response or "") == 2_000
    assert turn.answers["why"] == "y" * 1_999 + "…"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "the reply is empty"),
        ("I cannot help with that.", "the reply holds no JSON object"),
        ('{"answers": {"open_rate": tr', "the reply holds no JSON object"),
        ("{" * 5_000, "the reply holds no JSON object"),
        ("[" * 90_000, "the reply holds no JSON object"),
        ("x" * 200_000, "the reply is longer than 100,000 characters"),
    ],
)
def test_a_reply_without_a_turn_is_refused(content: str, reason: str) -> None:
    with pytest.raises(TurnError) as caught:
        turn_of(content, FUNNEL)
    assert caught.value.reason == reason


def test_a_reply_to_no_question_needs_an_action() -> None:
    assert turn_of(json.dumps(REPLY | {"answers": {}}), ()).response == "Not for me, thanks."
    with pytest.raises(TurnError, match="neither an action nor an answer"):
        turn_of("{}", ())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["Acme", "look"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([metric.name for metric in EVERY] + list(REPLY)), inner, max_size=6)
    ),
    max_leaves=20,
)


@given(JSON | st.builds(dict, answers=JSON, actions=JSON, mental_state=JSON, confidence=JSON))
def test_any_reply_is_either_a_valid_turn_or_a_turn_error(reply: object) -> None:
    try:
        turn = turn_of(json.dumps(reply), EVERY)
    except TurnError:
        return
    assert turn.answers.keys() == {metric.name for metric in EVERY}
    assert turn.answers["open_rate"] is True or turn.answers["click_through"] is None
    assert turn.answers["purchase_intent"] in range(1, 11)
    assert turn.answers["brand"] in BRAND.options


@given(st.text(max_size=200))
def test_any_text_is_either_a_turn_or_a_turn_error(text: str) -> None:
    with suppress(TurnError):
        assert turn_of(text, FUNNEL).answers.keys() == ANSWERS.keys()
