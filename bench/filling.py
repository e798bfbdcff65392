"""A JSON Schema filled with a valid value: what the stub endpoint answers. The same seed gives the same value."""

import random
import re
from functools import lru_cache
from typing import Any

_ENDS = re.compile(r"from (-?\d+(?:\.\d+)?)(?: to (-?\d+(?:\.\d+)?))?|to (-?\d+(?:\.\d+)?)")
_WORDS = (
    "a walk",
    "in the rain",
    "with",
    "the last",
    "of the bread",
    "and",
    "nothing much",
    "to say",
    "about prices",
    "today",
)
DEPTH, ITEMS = 12, 2


def fill(schema: dict[str, Any], seed: int) -> Any:
    """A value of the schema: objects complete, lists of two items, or of every option once."""
    return _value(schema, schema.get("$defs", {}), random.Random(seed), 0)


def _value(schema: dict[str, Any], definitions: dict[str, Any], chance: random.Random, depth: int) -> Any:
    if "$ref" in schema:
        schema = definitions.get(schema["$ref"].rsplit("/", 1)[-1], {})
    if "const" in schema:
        return schema["const"]
    if options := schema.get("enum"):
        return chance.choice(options)
    if branches := schema.get("anyOf", schema.get("oneOf")):
        return _value(branches[0], definitions, chance, depth + 1)
    kind = schema.get("type", "object")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties", {}) if depth < DEPTH else {}
        return {name: _value(part, definitions, chance, depth + 1) for name, part in properties.items()}
    if kind == "array":
        return _items(schema, definitions, chance, depth)
    return _scalar(kind, schema, chance)


def _items(schema: dict[str, Any], definitions: dict[str, Any], chance: random.Random, depth: int) -> list[Any]:
    items = schema.get("items", {})
    if options := items.get("enum"):
        return chance.sample(options, len(options))
    count = max(schema.get("minItems", 0), min(ITEMS, schema.get("maxItems", ITEMS)))
    return [_value(items, definitions, chance, depth + 1) for _ in range(count if depth < DEPTH else 0)]


def _scalar(kind: str, schema: dict[str, Any], chance: random.Random) -> Any:
    if kind == "boolean":
        return chance.random() < 0.5
    if kind == "null":
        return None
    if kind == "string":
        return " ".join(chance.choices(_WORDS, k=8))
    lowest, highest = _ends(schema.get("description", ""))
    lowest = schema.get("minimum", 0.0 if lowest is None else lowest)
    highest = schema.get("maximum", lowest + 1 if highest is None else highest)
    if kind == "integer":
        return chance.randint(int(lowest), int(highest))
    return round(chance.uniform(lowest, highest), 3)


@lru_cache(maxsize=1_000)
def _ends(description: str) -> tuple[float | None, float | None]:
    """The ends of a scale that is described: "from 1 to 7"."""
    stated = _ENDS.search(description)
    lowest, highest = (float(end) if end else None for end in (stated.groups()[:2] if stated else (None, None)))
    return lowest, highest
