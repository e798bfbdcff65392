"""Any JSON Schema of the strict subset, filled: what the offline model answers where no known field asks for it.

`fits` says whether a value is valid, `fill` makes one that is. Keywords outside the subset are ignored by both.
"""

from collections.abc import Mapping, Sequence

from libs.contracts.base import JsonObject
from services.models.domain.offline.noise import Noise

MAX_DEPTH = 12
DEFAULT_INTEGERS = (1, 7)
DEFAULT_NUMBERS = (0.0, 1.0)
_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (Mapping,),
    "array": (list, tuple),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def properties_of(schema: object) -> Mapping[str, object]:
    """The properties of an object schema; none for anything else."""
    found = schema.get("properties") if isinstance(schema, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def fits(value: object, schema: object) -> bool:
    """Whether a value is valid: type, const, enum, anyOf, numeric limits, items, properties."""
    if not isinstance(schema, Mapping):
        return True
    branches = schema.get("anyOf", schema.get("oneOf"))
    if isinstance(branches, Sequence):
        return any(fits(value, branch) for branch in branches)
    if "const" in schema and value != schema["const"]:
        return False
    if isinstance(allowed := schema.get("enum"), Sequence) and value not in allowed:
        return False
    if not any(_is_of_type(value, name) for name in _types(schema)):
        return False
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum", value), schema.get("maximum", value)
        return bool(low <= value <= high)
    if isinstance(value, list | tuple):
        return all(fits(item, schema.get("items")) for item in value)
    if isinstance(value, Mapping):
        properties = properties_of(schema)
        required = schema.get("required", ())
        return all(name in value for name in required) and all(
            fits(part, properties.get(name)) for name, part in value.items()
        )
    return True


def fill(schema: object, noise: Noise, text: str, path: str = "$", depth: int = 0) -> object:
    """A value that is valid by the schema; free texts say `text`, the rest is drawn."""
    if not isinstance(schema, Mapping) or depth > MAX_DEPTH:
        return None
    branches = schema.get("anyOf", schema.get("oneOf"))
    if isinstance(branches, Sequence) and branches:
        chosen = next((branch for branch in branches if _types(branch) != ["null"]), branches[0])
        return fill(chosen, noise, text, path, depth + 1)
    if "const" in schema:
        return schema["const"]
    if isinstance(options := schema.get("enum"), Sequence) and options:
        return noise.pick(options, path)
    kind = next((name for name in _types(schema) if name != "null"), "null")
    if kind == "object":
        return _fill_object(schema, noise, text, path, depth)
    if kind == "array":
        count = _limit(schema.get("minItems"), 1)
        return [fill(schema.get("items"), noise, text, f"{path}[{i}]", depth + 1) for i in range(count)]
    return _fill_scalar(kind, schema, noise, text, path)


def _fill_object(schema: JsonObject | Mapping[str, object], noise: Noise, text: str, path: str, depth: int) -> object:
    properties = properties_of(schema)
    return {name: fill(part, noise, text, f"{path}.{name}", depth + 1) for name, part in properties.items()}


def _fill_scalar(kind: str, schema: Mapping[str, object], noise: Noise, text: str, path: str) -> object:
    uniform = noise.uniform(path)
    match kind:
        case "boolean":
            return uniform < 0.5
        case "integer":
            low, high = _limit(schema.get("minimum"), DEFAULT_INTEGERS[0]), schema.get("maximum")
            top = _limit(high, low + DEFAULT_INTEGERS[1] - DEFAULT_INTEGERS[0])
            return low + int(uniform * (max(low, top) - low + 1))
        case "number":
            start = schema.get("minimum", DEFAULT_NUMBERS[0])
            end = schema.get("maximum", DEFAULT_NUMBERS[1])
            if not (isinstance(start, int | float) and isinstance(end, int | float)):
                start, end = DEFAULT_NUMBERS
            return start + round(uniform, 3) * (max(start, end) - start)
        case "string":
            return text
    return None


def _types(schema: object) -> list[str]:
    """Type names of a schema; every type when it names none."""
    given = schema.get("type") if isinstance(schema, Mapping) else None
    if isinstance(given, str):
        return [given]
    if isinstance(given, Sequence):
        return [name for name in given if isinstance(name, str)]
    return ["object"] if properties_of(schema) else list(_JSON_TYPES)


def _is_of_type(value: object, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _JSON_TYPES.get(name, ()))


def _limit(value: object, default: int) -> int:
    return int(value) if isinstance(value, int | float) and abs(value) < 1e15 else default
