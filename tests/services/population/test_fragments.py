"""The library of fragments: files in TinyTroupe's shape, each with the traits it moves."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from libs.contracts.specs import PopulationSpec
from services.population.domain.fragments import FOLDER, load_fragments, parts_of
from services.population.domain.library import load_library
from services.population.domain.people import Design
from services.population.domain.traits import load_trait_model

TRAITS = load_trait_model().traits
OWN = {"type": "Fragment", "category": "behavioural", "description": "x", "traits": {}, "persona": {}}


def write(folder: Path, **changes: object) -> Path:
    (folder / "mine.fragment.json").write_text(json.dumps(OWN | changes))
    return folder


def test_the_library_has_the_fragments_of_the_requirements_and_more() -> None:
    fragments = load_fragments(TRAITS)
    assert len(fragments) >= 16
    assert {
        "health_conscious", "tech_savvy", "price_sensitive", "environmental_aware", "time_constrained", "loving_parent",
        "budget_conscious",
    } <= set(fragments)  # fmt: skip
    assert {fragment.category for fragment in fragments.values()} == {"professional", "cultural", "behavioural"}
    for name, fragment in fragments.items():
        assert fragment.traits, f"{name} moves no trait"
        assert fragment.persona, f"{name} says nothing"


def test_a_fragment_file_is_a_tinytroupe_fragment() -> None:
    for path in FOLDER.glob("*.json"):
        content = json.loads(path.read_text("utf-8"))
        assert path.name.endswith(".fragment.json")
        assert content["type"] == "Fragment"
        assert isinstance(content["persona"], dict)


def test_a_fragment_of_ones_own_is_found_by_its_file_name(tmp_path: Path) -> None:
    [(name, fragment)] = load_fragments(TRAITS, write(tmp_path, traits={"trust": -0.5})).items()
    assert (name, fragment.traits) == ("mine", {"trust": -0.5})


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"traits": {"charm": 0.5}}, "'charm' is no known trait"),
        ({"persona": {"age": 5}}, "'age' is drawn"),
        ({"traits": {"trust": 1.5}}, "less than or equal to 1"),
        ({"traits": {"trust": "NaN"}}, "finite number"),
        ({"category": "magical"}, "'professional', 'cultural' or 'behavioural'"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_fragment_that_is_wrong_does_not_load(tmp_path: Path, changes: dict[str, object], complaint: str) -> None:
    with pytest.raises((ValueError, ValidationError), match=complaint):
        load_fragments(TRAITS, write(tmp_path, **changes))


def test_where_a_fragment_speaks_the_person_says_one_thing_less_and_at_least_one() -> None:
    segment = {"name": "careful", "size": 30, "fragments": ["budget_conscious"]}
    spec = {"name": "x", "demographic_base": "usa_demographics", "size": 60, "segments": [segment], "seed": 1}
    people = Design(PopulationSpec.model_validate(spec), 1, load_library()).people(1, 60)
    told = load_library().fragments["budget_conscious"].persona
    for person in people:
        own = 1 if person.segment else 2
        from_fragment = len(told["preferences"]["likes"]) if person.segment else 0
        assert own <= len(person.persona["preferences"]["likes"]) <= own + from_fragment
        assert len(person.persona["beliefs"]) >= 1


def test_the_parts_of_a_fragment_are_its_lists_wherever_they_stand() -> None:
    assert parts_of({"beliefs": ["a"], "preferences": {"likes": ["b"], "seat": "c"}, "style": None}) == {
        "beliefs",
        "likes",
    }
