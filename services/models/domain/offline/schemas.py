"""Any JSON Schema of the strict subset, filled: what the offline model answers where no known field asks for it.

`fits` says whether a value is valid, `fill` makes one that is. Keywords outside the subset are ignored by both. Schemas
are untrusted: depth and size of what is made are limited.
"""

from collections.abc import Mapping

from libs.contracts.base import JsonObject
from services.models.domain.offline.noise import Noise

MAX_DEPTH = 12
MAX_VALUES = 2_000
DEFAULT_INTEGERS = (1, 7)
DEFAULT_NUMBERS = (0.0, 1.0)
_REFERENCE = "#/$defs/"
_JSON_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list, tuple),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def properties_of(schema: object) -> JsonObject:
    """The properties of an object schema; none for anything else."""
    found = schema.get("properties") if isinstance(schema, dict) else None
    return found if isinstance(found, dict) else {}


def types_of(schema: JsonObject) -> list[str]:
    """Type names of a schema; every type when it names none."""
    given = schema.get("type")
    if isinstance(given, str):
        return [given]
    if isinstance(given, list):
        return [name for name in given if isinstance(name, str)]
    return ["object"] if properties_of(schema) else list(_JSON_TYPES)


def branches_of(schema: JsonObject) -> list[object]:
    """The branches of a union; none when it is not one."""
    branches = schema.get("anyOf", schema.get("oneOf"))
    return branches if isinstance(branches, list) else []


class Form:
    """A response schema, with the definitions its parts may refer to (`#/$defs/…`)."""

    def __init__(self, schema: JsonObject) -> None:
        definitions = schema.get("$defs")
        self._definitions = definitions if isinstance(definitions, dict) else {}
        self._values_left = MAX_VALUES

    def resolve(self, schema: object) -> JsonObject:
        """The schema itself, or the one it refers to; an unknown reference and a schema that is none allow anything."""
        for _ in range(MAX_DEPTH):
            if not isinstance(schema, dict):
                break
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                return schema
            schema = self._definitions.get(reference.removeprefix(_REFERENCE))
        return {}

    def fits(self, value: object, part: object, depth: int = 0) -> bool:
        """Whether a value is valid: type, const, enum, anyOf, numeric limits, items, properties."""
        schema = self.resolve(part)
        if not schema or depth > MAX_DEPTH:
            return True
        if branches := branches_of(schema):
            return any(self.fits(value, branch, depth + 1) for branch in branches)
        if "const" in schema and value != schema["const"]:
            return False
        if isinstance(allowed := schema.get("enum"), list) and value not in allowed:
            return False
        if not any(_is_of_type(value, name) for name in types_of(schema)):
            return False
        if isinstance(value, dict):
            return self._fits_object(value, schema, depth)
        if isinstance(value, list | tuple):
            return all(self.fits(item, schema.get("items"), depth + 1) for item in value)
        return not _is_number(value) or _within(value, schema)

    def _fits_object(self, value: JsonObject, schema: JsonObject, depth: int) -> bool:
        properties = properties_of(schema)
        required = schema.get("required")
        if isinstance(required, list) and not all(name in value for name in required):
            return False
        if schema.get("additionalProperties") is False and not value.keys() <= properties.keys():
            return False
        return all(self.fits(part, properties.get(name), depth + 1) for name, part in value.items())

    def fill(self, part: object, noise: Noise, text: str, path: str, depth: int = 0) -> object:
        """A value that is valid by the schema; free texts say `text`, the rest is drawn. Null beyond the limits."""
        schema = self.resolve(part)
        self._values_left -= 1
        if not schema or depth > MAX_DEPTH or self._values_left < 0:
            return None
        if branches := branches_of(schema):
            chosen = next((branch for branch in branches if types_of(self.resolve(branch)) != ["null"]), branches[0])
            return self.fill(chosen, noise, text, path, depth + 1)
        if "const" in schema:
            return schema["const"]
        if isinstance(options := schema.get("enum"), list) and options:
            return noise.pick(options, path)
        kind = next((name for name in types_of(schema) if name != "null"), "null")
        if kind == "object":
            parts = properties_of(schema)
            return {name: self.fill(wanted, noise, text, f"{path}.{name}", depth + 1) for name, wanted in parts.items()}
        if kind == "array":
            count = int(min(MAX_VALUES, number_of(schema, "minItems", 1)))
            return [self.fill(schema.get("items"), noise, text, f"{path}.{i}", depth + 1) for i in range(count)]
        return _scalar(kind, schema, noise.uniform(path), text)


def number_of(schema: JsonObject, keyword: str, default: float) -> float:
    """A numeric keyword; the default when it is missing or no number of reasonable size."""
    value = schema.get(keyword)
    return value if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e15 else default


def _scalar(kind: str, schema: JsonObject, uniform: float, text: str) -> object:
    match kind:
        case "string":
            return text
        case "boolean":
            return uniform < 0.5
        case "integer":
            low = int(number_of(schema, "minimum", DEFAULT_INTEGERS[0]))
            high = int(number_of(schema, "maximum", low + DEFAULT_INTEGERS[1] - DEFAULT_INTEGERS[0]))
            return low + int(uniform * (max(low, high) - low + 1))
        case "number":
            start = number_of(schema, "minimum", DEFAULT_NUMBERS[0])
            end = number_of(schema, "maximum", max(start, DEFAULT_NUMBERS[1]))
            return start + round(uniform, 3) * (max(start, end) - start)
    return None


def _is_of_type(value: object, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    if name == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _JSON_TYPES.get(name, ()))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _within(value: object, schema: JsonObject) -> bool:
    number = value if isinstance(value, int | float) else 0.0
    return number_of(schema, "minimum", number) <= number <= number_of(schema, "maximum", number)
