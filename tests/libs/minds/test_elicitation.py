"""Stated probabilities are read tolerantly, drawn from reproducibly, and kept."""

import json
from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from libs.contracts.base import JsonObject
from libs.contracts.instruments import Instrument, MetricType
from libs.minds.blocks import read_blocks
from libs.minds.elicitation import draw, read_distribution
from libs.minds.prompt import turn_prompt
from libs.minds.scales import values_of
from libs.minds.schema import turn_schema
from libs.minds.turn import TurnError, read_turn
from tests.libs.minds.examples import BRAND, CLICK, EMAIL, INTENT, OPEN, agent, instrument


def stated(metric: Instrument) -> Instrument:
    return metric.model_copy(update={"elicitation": "distribution"})


MAY_OPEN, MAY_CHOOSE = stated(OPEN), stated(BRAND)
MOOD = stated(instrument("mood", MetricType.ORDINAL, scale=(1, 3)))


@pytest.mark.parametrize(
    ("metric", "written", "read"),
    [
        (MOOD, {"1": 0.2, "2": 0.3, "3": 0.5}, {"1": 0.2, "2": 0.3, "3": 0.5}),
        (MOOD, {"3.0": 50, "1": "20", "2": 30}, {"1": 0.2, "2": 0.3, "3": 0.5}),
        (MOOD, {"1": "20%", "2": "30 %", "3": "50%"}, {"1": 0.2, "2": 0.3, "3": 0.5}),
        (MOOD, {"2": 0.6, "3": 0.4}, {"1": 0.0, "2": 0.6, "3": 0.4}),
        (MOOD, [0.2, 0.3, 0.5], {"1": 0.2, "2": 0.3, "3": 0.5}),
        (MOOD, {"1": 0.3, "2": 0.3, "3": 0.35}, {"1": 0.315789474, "2": 0.315789474, "3": 0.368421053}),
        (MAY_OPEN, {"yes": 0.25, "No": 0.75}, {"true": 0.25, "false": 0.75}),
        (MAY_OPEN, 0.25, {"true": 0.25, "false": 0.75}),
        (MAY_OPEN, "25%", {"true": 0.25, "false": 0.75}),
        (MAY_CHOOSE, {" zenith ": 0.4, "Acme": 0.6}, {"Acme": 0.6, "Zenith": 0.4}),
    ],
)
def test_probabilities_are_read_in_the_order_of_the_study(
    metric: Instrument, written: object, read: dict[str, float]
) -> None:
    found = read_distribution(metric, written)
    assert list(found.items()) == list(read.items())


@pytest.mark.parametrize(
    ("metric", "written", "reason"),
    [
        (MOOD, {"1": 0.2, "2": 0.3}, "mood: the probabilities add up to 0.5, not to 1"),
        (MOOD, {"1": 0.9, "2": 0.9, "3": 0.9}, "mood: the probabilities add up to 2.7, not to 1"),
        (MOOD, {"1": -0.2, "2": 0.7, "3": 0.5}, "mood: -0.2 is no probability"),
        (MOOD, {"1": "low", "2": 0.5, "3": 0.5}, "mood: 'low' is no probability"),
        (MOOD, {"4": 1.0}, "mood: '4' is not one of 1, 2, 3"),
        (MOOD, 2, "mood: 2 gives no probability for each of 1, 2, 3"),
        (MAY_CHOOSE, {"Nadir": 1}, "brand: 'Nadir' is not one of Acme, Zenith"),
        (MAY_OPEN, "perhaps", "open_rate: 'perhaps' gives no probability for each of true, false"),
        (MOOD, {}, "mood: the probabilities add up to 0, not to 1"),
    ],
)
def test_what_is_no_distribution_fails_the_turn_and_says_why(metric: Instrument, written: object, reason: str) -> None:
    with pytest.raises(TurnError) as caught:
        read_turn(json.dumps({"answers": {metric.name: written}}), (metric,), "here")
    assert caught.value.reason == reason


def test_answers_are_drawn_as_often_as_their_probabilities_say() -> None:
    distribution = {"1": 0.2, "2": 0.3, "3": 0.5}
    drawn = Counter(draw(MOOD, distribution, f"7/main/step/1/arm/agent_{index:04d}") for index in range(6_000))
    chi_square = sum((drawn[float(value)] - 6_000 * p) ** 2 / (6_000 * p) for value, p in distribution.items())
    assert chi_square < 13.8  # 0.999 of chi-square with 2 degrees of freedom


def test_a_draw_depends_on_place_and_metric_and_not_on_what_else_is_asked() -> None:
    reply = json.dumps({"answers": {"mood": [0.2, 0.3, 0.5], "brand": {"Acme": 0.5, "Zenith": 0.5}}})
    for number in range(50):
        both = read_turn(reply, (MOOD, MAY_CHOOSE), f"place {number}")
        assert both.answers["mood"] == read_turn(reply, (MOOD,), f"place {number}").answers["mood"]
        assert both.answers == read_turn(reply, (MOOD, MAY_CHOOSE), f"place {number}").answers
    halves = {"true": 0.5, "false": 0.5}
    other = MAY_OPEN.model_copy(update={"name": "other"})
    same = [draw(MAY_OPEN, halves, f"{n}") == draw(other, halves, f"{n}") for n in range(2_000)]
    assert 900 < sum(same) < 1_100


def test_the_stated_probabilities_are_kept_with_the_turn() -> None:
    turn = read_turn('{"answers": {"mood": {"1": 20, "2": 30, "3": 50}}}', (MOOD,), "here")
    assert turn.distributions == {"mood": {"1": 0.2, "2": 0.3, "3": 0.5}}
    assert turn.answers["mood"] in (1.0, 2.0, 3.0)


def test_below_a_drawn_no_nothing_was_reached() -> None:
    asked = (MAY_OPEN, CLICK)
    reached = read_turn('{"answers": {"open_rate": 1.0, "click_through": true}}', asked, "here")
    left = read_turn('{"answers": {"open_rate": 0.0, "click_through": true}}', asked, "here")
    assert (reached.answers["click_through"], left.answers["click_through"]) == (True, None)


@pytest.mark.parametrize("metric", [MAY_OPEN, MAY_CHOOSE, MOOD, stated(INTENT)])
def test_the_schema_wants_a_probability_for_each_value(metric: Instrument) -> None:
    schema = turn_schema((metric,))["properties"]["answers"]
    Draft202012Validator.check_schema(schema)
    even: JsonObject = dict.fromkeys(values_of(metric), 1 / len(values_of(metric)))
    assert Draft202012Validator(schema).is_valid({metric.name: even})
    assert not Draft202012Validator(schema).is_valid({metric.name: {**even, "other": 0}})
    assert read_distribution(metric, even) == pytest.approx(even)


def test_the_question_says_how_it_is_to_be_answered_and_a_direct_one_does_not() -> None:
    shared, _ = turn_prompt(EMAIL, (MAY_OPEN, CLICK), agent())
    first, second = read_blocks(shared)["questions"]
    assert (first["elicitation"], "elicitation" in second) == ("distribution", False)


WEIGHTS = st.lists(st.integers(0, 1_000), min_size=10, max_size=10).filter(any)


@given(WEIGHTS, st.text(max_size=9))
def test_any_distribution_is_read_as_it_was_and_gives_a_possible_answer(weights: list[int], place: str) -> None:
    distribution = {str(step): weight / sum(weights) for step, weight in enumerate(weights, start=1)}
    read = read_distribution(stated(INTENT), distribution)
    assert read == pytest.approx(distribution, abs=1e-8)
    drawn = draw(INTENT, read, place)
    assert isinstance(drawn, float)
    assert read[str(int(drawn))] > 0


@given(
    st.recursive(st.none() | st.floats() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=5)
    | st.dictionaries(st.sampled_from(["1", "2", "3", "yes"]), st.floats() | st.text(max_size=4))
)
def test_anything_is_a_distribution_or_an_error(written: object) -> None:
    with suppress(ValueError):
        assert sum(read_distribution(MOOD, written).values()) == pytest.approx(1.0)
