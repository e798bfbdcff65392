"""A prompt shows a persona flat and once, and nothing of it is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.contracts.base import JsonObject
from libs.minds.big_five import BIG_FIVE
from libs.minds.blocks import canonical
from libs.minds.persona import MAX_PERSONA, SHORT_NAMES, persona_of, read_traits, write_traits
from libs.minds.rules import PLATFORM_TEXT
from tests.libs.minds.examples import agent


def shown(persona: JsonObject, traits: dict[str, float] | None = None, segment: str | None = None) -> JsonObject:
    return persona_of(agent(segment=segment).model_copy(update={"persona": persona, "traits": traits or {}}))


def words(value: object) -> list[str]:
    if isinstance(value, dict):
        return [word for part in value.values() for word in words(part)]
    if isinstance(value, list):
        return [word for part in value for word in words(part)]
    return str(value).replace(";", "").replace(",", "").split()


def test_every_text_of_a_persona_is_shown() -> None:
    person = agent().model_copy(update={"traits": {"trust": 0.2}})
    block = persona_of(person)
    assert sorted([*words(person.persona), "families", "trust+20"]) == sorted(words(block))


def test_fields_of_tinytroupes_shape_are_flat_and_short() -> None:
    block = persona_of(agent())
    assert block["character"] == "You are patient, and short with people who waste your time. You plan your spending."
    assert block["likes"] == "a tidy desk; fresh food; clear monthly costs"
    assert (block["job"], block["employer"], block["work"]) == ("Nurse", "a hospital", "You work night shifts.")
    assert (block["people"], block["segment"]) == ("Nina, your spouse", "families")
    assert not block.keys() & {
        "personality",
        "preferences",
        "behaviors",
        "occupation",
        "long_term_goals",
        "relationships",
    }


def test_what_is_empty_is_left_out() -> None:
    empty = {"style": "", "skills": [], "health": None, "preferences": {"likes": ["", None]}}
    assert shown(empty | {"age": 0, "children": False}) == {"age": 0, "children": False}


def test_fields_nobody_knows_stay_as_they_are_and_come_before_ours() -> None:
    own: JsonObject = {"preferences": {"likes": ["tea"], "seat": "window"}, "job": {"a": [1]}, "segment": "mine"}
    own |= {"occupation": {"title": "Nurse"}}
    assert shown(own, segment="families") == {
        "likes": "tea",
        "preferences": {"seat": "window"},
        "job": {"a": [1]},
        "segment": "mine",
        "occupation": {"title": "Nurse"},
    }


def test_relationships_that_say_more_are_shown_whole() -> None:
    people = [{"Name": "Lia", "Description": "your boss"}, {"name": "Bo", "since": 1999}]
    assert shown({"relationships": people})["people"] == ["Lia, your boss", {"name": "Bo", "since": 1999}]


def test_traits_stand_in_hundredths_by_short_names_that_the_rules_explain() -> None:
    traits = {"trust": -0.254, "openness": 0.5, "tech_affinity": 1.0, "coffee lover": 0.3, "risk": 7.0}
    assert shown({}, traits)["traits"] == "O+50 tech+100 coffee_lover+30 risk+100 trust-25"
    assert all(f"{short}" in PLATFORM_TEXT for short in SHORT_NAMES.values())


def test_a_level_in_words_is_left_out_where_a_trait_says_it_in_numbers() -> None:
    persona = {"personality": {"big_five": {"openness": "High.", "neuroticism": "Low. You sleep well."}}}
    assert shown(persona)["big_five"] == {"openness": "High.", "neuroticism": "Low. You sleep well."}
    assert shown(persona, {"trust": 0.1})["big_five"] == {"openness": "High.", "neuroticism": "Low. You sleep well."}
    assert shown(persona, dict.fromkeys(BIG_FIVE, 0.1))["big_five"] == {"neuroticism": "Low. You sleep well."}
    assert "big_five" not in shown({"big_five": {"openness": "Very high"}}, {"openness": 0.9})


def test_a_trait_of_a_persona_file_stays_when_the_agent_has_none() -> None:
    assert shown({"traits": {"bold": 0.5}})["traits"] == {"bold": 0.5}


@given(st.dictionaries(st.sampled_from([*SHORT_NAMES, "trust", "tradition", "early_riser", "x9"]), st.floats(-1, 1)))
def test_traits_come_back_to_the_hundredth(traits: dict[str, float]) -> None:
    assert read_traits(write_traits(traits)) == pytest.approx(traits, abs=0.00501)


@given(st.text(max_size=40))
def test_any_text_is_read_as_traits_or_left_out(text: str) -> None:
    assert all(isinstance(value, float) for value in read_traits(text).values())


def test_a_persona_file_of_six_kilobytes_is_shown_whole() -> None:
    facts = [f"Fact {number}: {'word ' * 20}".strip() for number in range(60)]
    block = shown({"name": "Lia", "other_facts": facts})
    assert 6_000 <= len(canonical(block)) <= MAX_PERSONA
    assert block["facts"] == facts


@pytest.mark.parametrize(
    "persona",
    [
        {"name": "Lia", "facts": ["x" * 5_000] * 90},
        {"name": "Lia", **{f"field {number}": "y" * 900 for number in range(400)}},
        {"name": "Lia", "deep": {"a": {"b": ["z" * 90_000]}}},
    ],
)
def test_a_persona_beyond_the_limit_is_cut_to_it(persona: JsonObject) -> None:
    block = shown(persona)
    assert len(canonical(block)) <= MAX_PERSONA
    assert block["name"] == "Lia"
