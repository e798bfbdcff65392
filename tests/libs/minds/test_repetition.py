"""Saying the same again ends with the first time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.minds.repetition import likeness, without_repeats
from libs.minds.turn import Action, MentalState, Turn

STATE = MentalState("", "", "", None)


def told(*actions: tuple[str, str, str]) -> list[tuple[str, str, str]]:
    turn = Turn(tuple(Action(kind, content, target) for kind, target, content in actions), STATE, {}, None)
    return [(action.type, action.target, action.content) for action in without_repeats(turn).actions]


THINK, DONE = ("THINK", "", "Well."), ("DONE", "", "")
SAID = ("TALK", "Ann", "I would rather wait until spring, honestly.")


@pytest.mark.parametrize(
    "again",
    [
        SAID,
        ("TALK", "ann", "I would rather wait until spring, honestly!"),
        ("TALK", "Ann", "Honestly, I would rather wait until spring."),
    ],
)
def test_the_same_words_to_the_same_person_are_said_once(again: tuple[str, str, str]) -> None:
    assert told(THINK, SAID, again, DONE) == [THINK, SAID, DONE]


@pytest.mark.parametrize(
    "other",
    [
        ("TALK", "Bob", SAID[2]),
        ("TALK", "", SAID[2]),
        ("THINK", "Ann", SAID[2]),
        ("TALK", "Ann", "I would rather wait until autumn, and then buy two of them."),
    ],
)
def test_another_person_another_kind_or_other_words_are_no_repetition(other: tuple[str, str, str]) -> None:
    assert told(SAID, other) == [SAID, other]


def test_long_texts_about_different_things_are_not_alike_though_their_letters_are() -> None:
    one = "The morning train was late again and nobody in the carriage seemed to mind it very much at all. " * 4
    other = "My neighbour keeps bees, sells honey on the market and never tells anyone what it really costs. " * 4
    assert likeness(one, other) < 0.2


def test_tools_may_be_used_alike_twice() -> None:
    uses = [("ADD_ITEM", "", "milk"), ("ADD_ITEM", "", "milk")]
    assert told(*uses) == uses


@given(st.text(max_size=40), st.text(max_size=40))
def test_likeness_is_symmetric_within_bounds_and_one_for_equal_texts(one: str, other: str) -> None:
    assert 0.0 <= likeness(one, other) == likeness(other, one) <= 1.0
    assert likeness(one, one) == 1.0
