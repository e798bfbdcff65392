"""Merging two pieces of persona by the rules of TinyTroupe's `merge_dicts`: the one way a fragment gets into a persona.

What is null is replaced, objects are merged, lists are joined and lose what repeats, equal scalars stay. All else is a
conflict that is reported, never settled by order: two different scalars, or two types (an integer and a float are two,
and so are a value and a null that a fragment would put in its place). Two items of a list are one when they are the
same JSON: TinyTroupe also takes 1, 1.0 and true for the same, and fails on an object that holds a list.
"""

from collections.abc import Mapping, Sequence

from libs.contracts.base import JsonObject
from libs.minds.blocks import canonical
from libs.minds.text import shown


class MergeConflictError(ValueError):
    """Two pieces of persona set one place differently; the message names the place and both values."""

    def __init__(self, path: str, first: object, second: object, reason: str) -> None:
        super().__init__(f"persona.{path} cannot be both {shown(first)} and {shown(second)}{reason}")
        self.path, self.first, self.second = path, first, second


def merge(first: Mapping[str, object], second: Mapping[str, object], path: str = "") -> JsonObject:
    """Both pieces as one; neither is changed. Raises `MergeConflictError` where they contradict each other."""
    merged = dict(first)
    for key, added in second.items():
        place = f"{path}.{key}" if path else key
        present = merged.get(key)
        if present is None:
            merged[key] = added
        elif isinstance(present, dict) and isinstance(added, dict):
            merged[key] = merge(present, added, place)
        elif isinstance(present, list) and isinstance(added, list):
            merged[key] = _without_repeats([*present, *added])
        elif type(present) is not type(added):
            kinds = f": {_kind(present)} and {_kind(added)} do not merge"
            raise MergeConflictError(place, present, added, kinds)
        elif present != added:
            raise MergeConflictError(place, present, added, "")
    return merged


def _without_repeats(items: Sequence[object]) -> list[object]:
    """Each item once, where it stands first."""
    found: dict[str, object] = {}
    for item in items:
        found.setdefault(canonical(item), item)
    return list(found.values())


def _kind(value: object) -> str:
    """The type as JSON calls it; an integer apart from other numbers."""
    names = {dict: "object", list: "array", str: "string", bool: "boolean", int: "integer", float: "number"}
    return names.get(type(value), "null")
