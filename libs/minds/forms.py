"""Forms of replies, within the strict subset of JSON Schema that every structured-output engine accepts."""

from collections.abc import Sequence

from libs.contracts.base import JsonObject

TEXT: JsonObject = {"type": "string"}
TEXTS: JsonObject = {"type": "array", "items": TEXT}
FLAG: JsonObject = {"type": "boolean"}
NUMBER: JsonObject = {"type": "number"}


def closed(**properties: JsonObject) -> JsonObject:
    """An object with these properties, all of them and no others."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def many(item: JsonObject) -> JsonObject:
    """A list of them."""
    return {"type": "array", "items": item}


def or_null(form: JsonObject) -> JsonObject:
    """It, or nothing."""
    return {"anyOf": [form, {"type": "null"}]}


def one_of(values: Sequence[str]) -> JsonObject:
    """One of these words."""
    return {"type": "string", "enum": list(values)}
