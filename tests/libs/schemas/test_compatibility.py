"""What may change in a published schema, and what may not."""

import pytest

from libs.schemas.compatibility import breaking_changes

OLD = {
    "properties": {
        "id": {"type": "string", "title": "Id"},
        "state": {"enum": ["a", "b"]},
        "size": {"type": "integer", "minimum": 1},
        "inner": {"$ref": "#/$defs/Inner"},
        "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    },
    "required": ["id", "size"],
    "$defs": {
        "Inner": {"properties": {"x": {"type": "number"}, "again": {"$ref": "#/$defs/Inner"}}, "required": ["x"]}
    },
}


def changed(**properties: object) -> dict[str, object]:
    return {**OLD, "properties": {**OLD["properties"], **properties}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "new",
    [
        OLD,
        {**OLD, "description": "better words", "title": "New"},
        changed(extra={"type": "string"}),
        changed(id={"type": "string", "description": "said better"}),
    ],
)
def test_words_and_optional_properties_may_be_added(new: dict[str, object]) -> None:
    assert breaking_changes(OLD, new) == []


@pytest.mark.parametrize(
    ("new", "found"),
    [
        ({**OLD, "required": ["id", "size", "state"]}, "the message: property 'state' became required"),
        ({**OLD, "required": ["id"]}, "the message: property 'size' is not required any more"),
        (changed(id={"type": "integer"}), "id: type changed from 'string' to 'integer'"),
        (changed(state={"enum": ["a", "b", "c"]}), "state: enum changed from ['a', 'b'] to ['a', 'b', 'c']"),
        (changed(size={"type": "integer", "minimum": 2}), "size: minimum changed from 1 to 2"),
        (changed(maybe={"anyOf": [{"type": "integer"}, {"type": "null"}]}), "type changed from 'string' to 'integer'"),
        (
            {**OLD, "$defs": {"Inner": {"properties": {"again": {"$ref": "#/$defs/Inner"}}, "required": []}}},
            "inner: property 'x' was removed",
        ),
    ],
)
def test_everything_else_is_named_as_breaking(new: dict[str, object], found: str) -> None:
    assert any(found in change for change in breaking_changes(OLD, new))


def test_a_removed_property_is_breaking() -> None:
    new = {**OLD, "properties": {"id": OLD["properties"]["id"]}}  # type: ignore[index]
    assert "the message: property 'size' was removed" in breaking_changes(OLD, new)
