"""Words are rated by their likeness to the anchors of a scale."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.anchors import ANCHOR_STEPS, ANCHORS
from libs.contracts.instruments import Instrument, MetricType
from libs.minds.schema import turn_schema
from libs.minds.ssr import anchors_of, rated, rating, texts_to_rate
from libs.minds.turn import TurnError, read_turn
from tests.libs.minds.examples import OPEN, instrument

SETS = (("no", "perhaps", "yes"), ("never", "sometimes", "always"))
SAID = "I well might."


def in_words(scale: tuple[int, int] = (1, 3), **changes: object) -> Instrument:
    metric = instrument("intent", MetricType.ORDINAL, scale=scale)
    return metric.model_copy(update={"elicitation": "ssr", "anchors": SETS, **changes})


def vector(degrees: float) -> tuple[float, float]:
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))


EMBEDDINGS = {
    SAID: vector(0),
    "no": vector(90), "perhaps": vector(60), "yes": vector(0),
    "never": vector(120), "sometimes": vector(90), "always": vector(60),
}  # fmt: skip


def test_a_rating_is_the_likeness_above_the_least_averaged_over_the_sets() -> None:
    """Equation of Maier et al. 2025: cosines (0, .5, 1) and (-.5, 0, .5) both give (0, 1/3, 2/3)."""
    assert rating(in_words(), SAID, EMBEDDINGS) == pytest.approx({"1": 0, "2": 1 / 3, "3": 2 / 3})
    mixed = {**EMBEDDINGS, "sometimes": vector(60), "always": vector(60)}
    assert rating(in_words(), SAID, mixed) == pytest.approx({"1": 0, "2": 5 / 12, "3": 7 / 12})


def test_words_that_are_like_every_anchor_say_nothing() -> None:
    flat = dict.fromkeys(EMBEDDINGS, vector(30))
    assert rating(in_words(), SAID, flat) == pytest.approx({"1": 1 / 3, "2": 1 / 3, "3": 1 / 3})


def test_between_the_anchors_of_a_longer_scale_likeness_lies_on_a_line() -> None:
    found = rating(in_words((1, 5), anchors=SETS[:1]), SAID, EMBEDDINGS)
    assert found == pytest.approx({"1": 0.0, "2": 0.1, "3": 0.2, "4": 0.3, "5": 0.4})
    short = rating(in_words((0, 1), anchors=SETS[:1]), SAID, EMBEDDINGS)
    assert short == pytest.approx({"0": 0.0, "1": 1.0})


def test_a_question_in_words_is_null_until_it_is_rated() -> None:
    metric = in_words()
    turn = read_turn(json.dumps({"answers": {"intent": SAID}}), (metric,), "here")
    assert (turn.answers, turn.statements) == ({"intent": None}, {"intent": SAID})
    assert texts_to_rate(turn, (metric,)) == (SAID, *SETS[0], *SETS[1])
    assert anchors_of(turn, (metric,)) == (*SETS[0], *SETS[1])
    done = rated(turn, (metric,), EMBEDDINGS, "here")
    assert done.distributions == {"intent": {"1": 0.0, "2": 0.333333333, "3": 0.666666667}}
    assert done.answers["intent"] in (2.0, 3.0)
    assert done == rated(turn, (metric,), EMBEDDINGS, "here")


def test_the_answers_drawn_from_a_rating_follow_it() -> None:
    metric = in_words()
    turn = read_turn(json.dumps({"answers": {"intent": SAID}}), (metric,), "here")
    threes = sum(rated(turn, (metric,), EMBEDDINGS, f"{place}").answers["intent"] == 3 for place in range(3_000))
    assert abs(threes / 3_000 - 2 / 3) < 3.3 * math.sqrt(2 / 9 / 3_000)


def test_what_was_not_reached_is_not_rated() -> None:
    asked = (OPEN, in_words(requires="open_rate"))
    turn = read_turn(json.dumps({"answers": {"open_rate": False, "intent": SAID}}), asked, "here")
    assert texts_to_rate(turn, asked) == ()
    assert rated(turn, asked, {}, "here").answers == {"open_rate": False, "intent": None}


@pytest.mark.parametrize("missing", [SAID, "always", "other length"])
def test_without_embeddings_the_turn_fails_and_says_why(missing: str) -> None:
    known: dict[str, tuple[float, ...]] = {text: found for text, found in EMBEDDINGS.items() if text != missing}
    if missing == "other length":
        known[SAID] = (1.0,)
    with pytest.raises(TurnError, match="intent: the words cannot be rated without embeddings"):
        rating(in_words(), SAID, known)


def test_an_answer_that_cannot_be_rated_is_missing_with_the_reason_and_the_others_stay() -> None:
    asked = (OPEN, in_words())
    turn = read_turn(json.dumps({"answers": {"open_rate": True, "intent": SAID}}), asked, "here")
    done = rated(turn, asked, {}, "here")
    assert done.answers == {"open_rate": True}
    assert done.unrated["intent"].startswith("intent: the words cannot be rated without embeddings")
    alone = read_turn(json.dumps({"answers": {"intent": SAID}}), (in_words(),), "here")
    with pytest.raises(TurnError, match="intent: the words cannot be rated"):
        rated(alone, (in_words(),), {}, "here")


@pytest.mark.parametrize("written", ["", None, ["yes"]])
def test_an_answer_without_words_fails_the_turn(written: object) -> None:
    with pytest.raises(TurnError, match="intent: no answer"):
        read_turn(json.dumps({"answers": {"intent": written}}), (in_words(),), "here")


def test_the_schema_wants_words() -> None:
    answers = turn_schema((in_words(),))["properties"]["answers"]["properties"]
    assert answers["intent"] == {"type": "string"}


def test_every_family_of_anchors_says_five_steps_in_several_different_ways() -> None:
    for name, sets in ANCHORS.items():
        assert len(sets) >= 3, name
        assert {len(statements) for statements in sets} == {ANCHOR_STEPS}, name
        everything = [statement for statements in sets for statement in statements]
        assert len(set(everything)) == len(everything), name


@given(st.lists(st.tuples(*[st.floats(-1, 1)] * 3), min_size=7, max_size=7), st.integers(1, 20))
def test_any_embeddings_give_probabilities(vectors: list[tuple[float, ...]], steps: int) -> None:
    embeddings = dict(zip(EMBEDDINGS, vectors, strict=True))
    found = rating(in_words((0, steps)), SAID, embeddings)
    assert sum(found.values()) == pytest.approx(1.0)
    assert min(found.values()) >= 0
