"""Nobody is nearly somebody else: names, near-duplicates and distinct personas of large populations."""

from functools import cache
from itertools import combinations

import pytest

from libs.contracts.people import Agent
from libs.contracts.specs import PopulationSpec
from services.population.domain.library import load_library
from services.population.domain.likeness import likeness, statements
from services.population.domain.names import Gender, load_names
from services.population.domain.people import Design


def design(size: int, **segment: object) -> Design:
    segments = [{"name": "a", "size": size, **segment}] if segment else []
    spec = {"name": "x", "demographic_base": "usa_demographics", "size": size, "segments": segments}
    return Design(PopulationSpec.model_validate(spec), 1, load_library())


@cache
def ten_thousand() -> tuple[Agent, ...]:
    return tuple(design(10_000).people(1, 10_000))


def test_under_one_in_a_hundred_of_ten_thousand_people_has_a_near_duplicate() -> None:
    found = likeness(ten_thousand(), among=1_500)
    assert found.near_duplicates < 0.01
    assert found.most_alike < 0.7


def test_so_it_is_in_the_narrowest_segment_with_fragments() -> None:
    words, fragments = "25-35 years old, high income, tech-savvy", ["health_conscious", "time_constrained"]
    people = design(800, particularities=words, fragments=fragments).people(1, 800)
    assert likeness(people).near_duplicates < 0.01


def test_ten_thousand_people_are_composed_in_thousands_of_ways() -> None:
    people = ten_thousand()
    assert len({statements(agent) for agent in people}) == 10_000
    assert len({str(agent.persona["preferences"]) for agent in people}) > 5_000
    assert len({str(agent.persona["occupation"]) for agent in people}) > 500


def test_no_two_of_a_hundred_thousand_people_share_a_name() -> None:
    pool = load_names()["american"]
    keys: dict[Gender, int] = {"female": 1, "male": 2}
    for gender, key in keys.items():
        assert len({pool.full_name(gender, place, 100_000, key) for place in range(50_000)}) == 50_000
    assert not set(pool.female) & set(pool.male)


def test_names_of_ten_thousand_people_are_all_different() -> None:
    assert len({agent.name for agent in ten_thousand()}) == 10_000


def person(place: int, *said: str) -> Agent:
    return Agent(
        agent_id=f"agent_{place}",
        index=place,
        name=str(place),
        age=30,
        segment=None,
        demographic_profile={},
        traits={},
        persona={"name": str(place), "age": 30 + place, "beliefs": list(said)},
    )


def test_copies_are_found_whatever_their_names_and_ages() -> None:
    letters = "abcdefghijklmnopqrst"
    people = [person(1, *letters), person(2, *letters), person(3, *letters[:-1], "z"), person(4, *"ABCDEFGHIJ")]
    found = likeness(people)
    assert (found.people, found.near_duplicates, found.most_alike) == (4, 0.75, 1.0)


@pytest.mark.parametrize("alike", [0.5, 0.6, 0.7])
def test_no_near_duplicate_is_missed(alike: float) -> None:
    words, fragments = "25-35 years old, high income, tech-savvy", ["health_conscious", "time_constrained"]
    people = design(120, particularities=words, fragments=fragments).people(1, 120)
    said = {agent.index: statements(agent) for agent in people}
    pairs = [
        pair for pair in combinations(said, 2)
        if len(said[pair[0]] & said[pair[1]]) >= alike * len(said[pair[0]] | said[pair[1]])
    ]  # fmt: skip
    expected = len({place for pair in pairs for place in pair}) / 120
    assert likeness(people, alike=alike).near_duplicates == pytest.approx(expected)
