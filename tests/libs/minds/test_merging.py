"""Merging pieces of persona: TinyTroupe's rules, checked against a literal retelling of them."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.minds.merging import MergeConflictError, merge
from tests.support.people_files import MIRA, THRIFTY

SCALARS = st.none() | st.integers(0, 2) | st.booleans() | st.sampled_from(["a", "b"]) | st.just(1.0)
OBJECTS = st.recursive(
    SCALARS | st.lists(st.sampled_from(["a", "b", "c"]), max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("pqr"), inner, max_size=3),
    max_leaves=6,
).filter(lambda value: isinstance(value, dict))


def told(current: dict[str, Any], additions: dict[str, Any]) -> dict[str, Any]:
    """The rules as TinyTroupe documents them, one after the other."""
    result = copy.deepcopy(current)
    for key, value in additions.items():
        if result.get(key) is None:
            result[key] = value
        elif {type(result[key]), type(value)} == {dict}:
            result[key] = told(result[key], value)
        elif {type(result[key]), type(value)} == {list}:
            joined = result[key] + value
            result[key] = [item for place, item in enumerate(joined) if item not in joined[:place]]
        elif type(result[key]) is not type(value):
            raise TypeError(key)
        elif result[key] != value:
            raise ValueError(key)
    return result


@given(OBJECTS, OBJECTS)
def test_pieces_merge_as_tinytroupe_says_or_are_refused_where_it_refuses(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    before = copy.deepcopy((first, second))
    try:
        expected = told(first, second)
    except (TypeError, ValueError):
        with pytest.raises(MergeConflictError):
            merge(first, second)
    else:
        merged = merge(first, second)
        assert merged == expected
        assert list(merged) == list(expected), "keys keep their order"
        again = merge(merged, second)
        assert merge(again, second) == again, "in the end it adds nothing"
    assert (first, second) == before, "neither piece is changed"


def test_a_fragment_adds_to_a_person() -> None:
    merged = merge(MIRA["persona"], THRIFTY["persona"])
    assert merged["preferences"]["likes"] == ["clear numbers", "early trains", "second-hand shops"]
    assert merged["preferences"]["interests"] == MIRA["persona"]["preferences"]["interests"]
    assert merged["savings_rule"] == "A tenth of everything."


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ("evening", "persona.behaviors.rhythm cannot be both 'morning' and 'evening'"),
        (["morning"], "'morning' and ['morning']: string and array do not merge"),
        ({"a": 1}, "'morning' and {'a': 1}: string and object do not merge"),
        (None, "'morning' and None: string and null do not merge"),
        (7, "'morning' and 7: string and integer do not merge"),
    ],
)
def test_a_conflict_names_its_place_and_both_values(other: object, message: str) -> None:
    with pytest.raises(MergeConflictError) as caught:
        merge({"behaviors": {"rhythm": "morning"}}, {"behaviors": {"rhythm": other}})
    assert message in str(caught.value)
    assert (caught.value.path, caught.value.first, caught.value.second) == ("behaviors.rhythm", "morning", other)


@pytest.mark.parametrize(("present", "added"), [(1, 1.0), (True, 1), (1.0, True)])
def test_numbers_of_two_kinds_are_two_types(present: object, added: object) -> None:
    with pytest.raises(MergeConflictError, match="do not merge"):
        merge({"a": present}, {"a": added})


def test_items_repeat_only_when_they_are_the_same_json() -> None:
    items = [1, 1.0, True, "1", {"a": 1, "b": [2]}, {"b": [2], "a": 1}, [], None]
    assert merge({"a": items[:3]}, {"a": items}) == {"a": [1, 1.0, True, "1", {"a": 1, "b": [2]}, [], None]}
