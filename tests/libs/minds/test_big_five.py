"""The Big Five in the ways people write them down."""

import pytest

from libs.minds.big_five import big_five, level
from tests.support.people_files import JON, MIRA


def test_a_person_of_tinytroupe_states_them_in_words() -> None:
    expected = {
        "openness": 0.6, "conscientiousness": 0.9, "extraversion": -0.6, "agreeableness": 0.0, "neuroticism": -0.6,
    }  # fmt: skip
    assert big_five(MIRA["persona"]) == expected


def test_numbers_are_read_on_the_first_scale_they_fit() -> None:
    assert big_five(JON["persona"]) == {"openness": -0.5, "extraversion": 1.0, "agreeableness": 0.5}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (0.25, 0.25), (-1, -1.0), (1, 1.0), (3, 0.0), (5.5, 0.0), (10, 1.0), (75, 0.5), (-3, -1.0), (100, 1.0),
        ("VERY LOW", -0.9), ("Average.", 0.0), ("somewhat", None), (True, None), (101, None), (float("nan"), None),
        ([1], None), (None, None),
    ],
)  # fmt: skip
def test_a_level_is_a_number_or_not_stated(value: object, number: float | None) -> None:
    assert level(value) == number


def test_opposites_count_with_the_other_sign_and_strangers_not_at_all() -> None:
    stated = {"Emotional stability": "high", "introversion": 0.5, "charm": 1, "Openness ": "low"}
    assert big_five({"big_five": stated}) == {"neuroticism": -0.6, "extraversion": -0.5, "openness": -0.6}


@pytest.mark.parametrize("persona", [{}, {"personality": "calm"}, {"personality": {"big_five": ["high"]}}])
def test_a_persona_that_states_none_has_none(persona: dict[str, object]) -> None:
    assert big_five(persona) == {}
