"""What a change of a JSON Schema breaks for those who still read the old one.

The rule (Nakadi's compatible mode): a published schema only grows by optional properties. Descriptions and titles are
free. Everything else needs a new major version beside the old one.
"""

from libs.contracts.base import JsonObject

_FREE = {"description", "title", "$id", "$schema", "default", "examples", "$defs", "properties", "required"}


def breaking_changes(old: JsonObject, new: JsonObject) -> list[str]:
    """Sentences that say what is incompatible; empty when the new schema may replace the old one."""
    return _compare(old, new, old, new, "", set())


def _compare(
    old: JsonObject, new: JsonObject, old_root: JsonObject, new_root: JsonObject, path: str, seen: set[tuple[str, str]]
) -> list[str]:
    pair = (old.get("$ref", ""), new.get("$ref", ""))
    if all(pair):
        if pair in seen:
            return []
        seen = seen | {pair}
    old, new = _resolve(old, old_root), _resolve(new, new_root)
    where = path or "the message"
    found = []
    old_properties, new_properties = old.get("properties", {}), new.get("properties", {})
    old_required, new_required = set(old.get("required", [])), set(new.get("required", []))
    for name in old_properties:
        if name not in new_properties:
            found.append(f"{where}: property {name!r} was removed")
    for name in sorted((new_required - old_required) & set(new_properties)):
        found.append(f"{where}: property {name!r} became required")
    for name in sorted((old_required - new_required) & set(new_properties)):
        found.append(f"{where}: property {name!r} is not required any more")
    for name in sorted(set(old_properties) & set(new_properties)):
        child = f"{path}.{name}".lstrip(".")
        found += _compare(old_properties[name], new_properties[name], old_root, new_root, child, seen)
    for keyword in sorted((set(old) | set(new)) - _FREE):
        found += _compare_keyword(keyword, old.get(keyword), new.get(keyword), old_root, new_root, where, seen)
    return found


def _compare_keyword(
    keyword: str,
    old: object,
    new: object,
    old_root: JsonObject,
    new_root: JsonObject,
    where: str,
    seen: set[tuple[str, str]],
) -> list[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        return _compare(old, new, old_root, new_root, f"{where}[{keyword}]", seen)
    if _are_schemas(old) and _are_schemas(new) and len(old) == len(new):  # type: ignore[arg-type]
        found = []
        for place, (before, after) in enumerate(zip(old, new, strict=True)):  # type: ignore[call-overload]
            found += _compare(before, after, old_root, new_root, f"{where}[{keyword}/{place}]", seen)
        return found
    return [] if old == new else [f"{where}: {keyword} changed from {old!r} to {new!r}"]


def _are_schemas(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _resolve(schema: JsonObject, root: JsonObject) -> JsonObject:
    while "$ref" in schema:
        target: JsonObject = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema
