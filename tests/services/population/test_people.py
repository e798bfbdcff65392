"""Laws of drawing people from a specification."""

import json
from collections import Counter
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.contracts.errors import InvalidError
from libs.contracts.people import Agent
from libs.contracts.specs import PopulationSpec
from services.population.domain.library import load_library
from services.population.domain.names import NamePool, check_apart
from services.population.domain.people import Design
from services.population.domain.phrases import load_phrases
from services.population.domain.traits import BIG_FIVE, load_trait_model
from tests.services.population.persona_shape import SHAPE, shape

LIBRARY = load_library()
EXAMPLE = json.loads((Path(__file__).parents[2] / "support" / "requirements_example.json").read_text())["population"]
WORDS = (
    "",
    "women",
    "married with children",
    "18-30 years old",
    "tech-savvy, skeptical",
    "retired or homemakers",
    "tall",
)
FRAGMENTS = sorted(set(LIBRARY.fragments) - {"night_owl"})


def design(seed: int = 1, **changes: Any) -> Design:
    return Design(PopulationSpec.model_validate(EXAMPLE | changes), seed, LIBRARY)


def drawn(made: Design) -> list[Agent]:
    return made.people(1, made.size)


@cache
def example() -> tuple[Agent, ...]:
    return tuple(drawn(design()))


def plain(name: str, size: int) -> Design:
    return design(demographic_base=name, size=size, segments=[])


def dump(people: list[Agent]) -> bytes:
    return orjson.dumps([agent.model_dump() for agent in people])


def test_the_example_draws_its_segments_and_the_rest() -> None:
    people = example()
    assert [agent.agent_id for agent in people[:2]] == ["agent_0001", "agent_0002"]
    assert [agent.index for agent in people] == list(range(1, 201))
    assert Counter(agent.segment for agent in people) == {"young_professionals": 50, "families": 75, None: 75}


def test_everybody_in_the_example_is_what_the_particularities_say() -> None:
    for agent in example():
        profile = agent.demographic_profile
        if agent.segment == "young_professionals":
            assert 25 <= agent.age <= 35
            assert profile["income_band"] in ("$150,000 to $199,999", "$200,000 or more")
            assert agent.traits["tech_affinity"] >= 0.4
        if agent.segment == "families":
            assert profile["marital_status"] == "married"
            assert profile["children"] in ("1", "2", "3 or more")
            children = [each for each in agent.persona["relationships"] if "child" in each["description"]]
            assert len(children) == int(str(profile["children"])[0])


def test_fragments_show_in_traits_and_in_words() -> None:
    people = example()
    segments = {name: [agent for agent in people if agent.segment == name] for name in ("young_professionals", None)}
    mean = {name: sum(agent.traits["time_pressure"] for agent in some) / len(some) for name, some in segments.items()}
    assert mean["young_professionals"] > mean[None] + 0.3
    assert all("short messages" in a.persona["preferences"]["likes"] for a in segments["young_professionals"])


def test_a_person_depends_on_specification_seed_and_place_alone() -> None:
    whole = drawn(design(seed=7))
    blocks = design(seed=7)
    assert dump(whole) == dump([*blocks.people(1, 3), *blocks.people(4, 130), *blocks.people(134, 500)])
    assert design(seed=7).person(177) == whole[176]
    assert dump(drawn(design(seed=8))) != dump(whole)


def test_people_stay_the_same_from_version_to_version() -> None:
    """Replaying old studies rests on this: when it fails, old populations can no longer be drawn again."""
    agent = design(seed=1).person(1)
    assert (agent.name, agent.age, agent.demographic_profile["region"]) == ("Ron Townsend", 25, "Midwest")
    assert agent.traits["openness"] == 0.122


@pytest.mark.parametrize("name", sorted(LIBRARY.templates))
def test_no_two_people_share_a_name(name: str) -> None:
    made = plain(name, 1_000)
    names = [agent.name for agent in drawn(made)]
    assert len(set(names)) == len(names)


def test_names_stay_apart_when_there_are_fewer_names_than_people() -> None:
    pool = NamePool(female=("Ada", "Bea", "Cat"), male=("Don",), family=("Fox", "Gray"))
    names = [pool.full_name("female", place, 40, 12345) for place in range(40)]
    assert len(set(names)) == 40


def test_pools_that_could_give_one_name_twice_are_refused() -> None:
    one = NamePool(female=("Ada",), male=("Don",), family=("Fox",))
    other = NamePool(female=("Ada", "Bea"), male=("Eli",), family={"female": ("Fox",), "male": ("Foxman",)})
    with pytest.raises(ValueError, match="Ada Fox is possible in one and in other"):
        check_apart({"one": one, "other": other})


def test_names_fit_gender_and_country() -> None:
    for agent in drawn(plain("eu_demographics", 400)):
        home = LIBRARY.templates["eu_demographics"].places[str(agent.demographic_profile["region"])]
        pool = plain("eu_demographics", 1).base.names[home.names]
        first, last = agent.name.split(" ", 1)
        gender = str(agent.demographic_profile["gender"])
        assert first in (pool.female if gender == "female" else pool.male)
        assert last.split(" ")[-1] in pool.families("female" if gender == "female" else "male")
        assert agent.persona["nationality"] == home.nationality


def test_a_persona_has_tinytroupes_shape_and_is_small() -> None:
    for agent in example():
        assert shape(agent.persona) >= SHAPE
        assert set(agent.persona["personality"]["big_five"]) == set(BIG_FIVE)
        assert (agent.persona["name"], agent.persona["age"]) == (agent.name, agent.age)
        assert len(orjson.dumps(agent.persona)) <= 2_500


def test_words_and_numbers_of_a_person_agree() -> None:
    for agent in drawn(plain("usa_demographics", 300)):
        said = agent.persona["personality"]["traits"]
        assert "You take your time." not in said or agent.traits["time_pressure"] < 0
        assert "You worry easily." not in said or agent.traits["neuroticism"] > 0
        is_retired = agent.demographic_profile["employment"] == "retired"
        assert agent.persona["occupation"]["title"].startswith("Retired") == is_retired
        is_ill = agent.demographic_profile["employment"] == "unable to work"
        assert ("long-term illness" in agent.persona["health"]) == is_ill


@pytest.mark.parametrize("value", [-1.0, 0.0, 1.0])
def test_a_person_of_any_traits_has_something_to_say(value: float) -> None:
    traits = dict.fromkeys(load_trait_model().traits, value)
    profile = drawn(plain("usa_demographics", 1))[0].demographic_profile
    for part in ("style", "health", "morning", "evening", "traits", "beliefs", "long_term_goals"):
        found = load_phrases().choose(part, 2, traits, {k: str(v) for k, v in profile.items()}, Random(1))
        assert 1 <= len(found) == len(set(found)) <= 2


def test_people_are_not_copies_of_each_other() -> None:
    people = drawn(plain("uk_demographics", 500))
    bodies = {orjson.dumps({**a.persona, "name": "", "residence": "", "relationships": []}) for a in people}
    assert len(bodies) == 500


def test_traits_are_known_and_within_bounds() -> None:
    known = set(load_trait_model().traits)
    for agent in drawn(plain("usa_demographics", 300)):
        assert set(agent.traits) == known
        assert all(-1 <= value <= 1 for value in agent.traits.values())


def test_traits_move_with_attributes() -> None:
    people = drawn(plain("usa_demographics", 800))

    def mean(trait: str, **having: str) -> float:
        some = [a.traits[trait] for a in people if all(a.demographic_profile[k] == v for k, v in having.items())]
        return sum(some) / len(some)

    assert mean("tech_affinity", age_band="18-24") > mean("tech_affinity", age_band="75+") + 0.4
    assert mean("price_sensitivity", income_band="under $25,000") > mean(
        "price_sensitivity", income_band="$200,000 or more"
    )
    assert mean("family_orientation", children="2") > mean("family_orientation", children="none") + 0.2


def segment(**changes: Any) -> dict[str, Any]:
    return {"name": "a", "size": 1} | changes


@pytest.mark.parametrize(
    ("changes", "field", "allowed"),
    [
        ({"demographic_base": "mars"}, "demographic_base", sorted(LIBRARY.templates)),
        (
            {"segments": [segment(fragments=["tech_savvy", "x"])]},
            "segments.0.fragments.1",
            sorted(LIBRARY.fragments),
        ),
        (
            {"segments": [segment(), segment(name="b", fragments=["early_bird", "night_owl"])]},
            "segments.1.fragments.1",
            [],
        ),
        ({"segments": [segment(particularities="12-15 years old")]}, "segments.0.particularities", ["18-95"]),
    ],
)
def test_what_cannot_be_drawn_is_refused_by_field(changes: dict[str, Any], field: str, allowed: list[str]) -> None:
    with pytest.raises(InvalidError) as error:
        design(**changes)
    [problem] = error.value.errors
    assert (problem.field, list(problem.allowed)) == (field, allowed)


SEGMENTS = st.lists(
    st.fixed_dictionaries(
        {
            "size": st.integers(1, 20),
            "particularities": st.sampled_from(WORDS),
            "fragments": st.lists(st.sampled_from(FRAGMENTS), max_size=4),
        }
    ),
    max_size=4,
)


@given(SEGMENTS, st.integers(0, 20), st.sampled_from(sorted(LIBRARY.templates)), st.integers(0, 2**31 - 1))
@settings(deadline=None, max_examples=25)
def test_any_specification_draws_exactly_who_was_asked_for(
    segments: list[dict[str, Any]], rest: int, base: str, seed: int
) -> None:
    named = [{**each, "name": f"s{place}"} for place, each in enumerate(segments)]
    size = max(1, rest + sum(each["size"] for each in segments))
    made = design(seed, demographic_base=base, size=size, segments=named)
    people = drawn(made)
    sizes = {each["name"]: each["size"] for each in named}
    sizes |= {None: size - sum(sizes.values())} if size > sum(sizes.values()) else {}
    assert Counter(agent.segment for agent in people) == sizes
    assert len({agent.name for agent in people}) == size
    assert made.person(size) == people[-1]
    words = {each["name"]: each["particularities"] for each in named}
    for agent in people:
        assert_satisfies(agent, words.get(agent.segment or "", ""))


def assert_satisfies(agent: Agent, words: str) -> None:
    profile, traits = agent.demographic_profile, agent.traits
    assert "women" not in words or profile["gender"] == "female"
    assert "married" not in words or (profile["marital_status"] == "married" and profile["children"] != "none")
    assert "18-30" not in words or 18 <= agent.age <= 30
    assert "savvy" not in words or (traits["tech_affinity"] >= 0.4 and traits["trust"] <= -0.4)
    assert "retired" not in words or profile["employment"] in ("retired", "homemaker")
