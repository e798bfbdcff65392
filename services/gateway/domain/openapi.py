"""One API description out of those of the owners.

Components of one name are shared when they are the same all the way down; otherwise each is named after its owner.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from libs.contracts.base import JsonObject

_REFERENCE = re.compile(r'"#/components/schemas/([^"]+)"')
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_FIELD_PROBLEM = {
    "type": "object",
    "required": ["field", "message", "allowed"],
    "properties": {
        "field": {"type": "string"},
        "message": {"type": "string"},
        "allowed": {"type": "array", "items": {"type": "string"}},
    },
}
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457 problem details; errors name the fields that are wrong and what is allowed.",
    "required": ["type", "title", "status", "detail", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldProblem"}},
    },
}


def merge(own: JsonObject, owners: Mapping[str, JsonObject], owner_of_prefix: Mapping[str, str]) -> JsonObject:
    """The description of the public API: `own` (of the gateway) and, of every owner, the paths it publishes."""
    described = {"gateway": own} | dict(owners)
    schemas = {owner: _schemas(document) for owner, document in described.items()}
    renamed = _conflicts(schemas)
    merged: JsonObject = {
        "openapi": own.get("openapi", "3.1.0"),
        "info": own["info"],
        "tags": [{"name": owner} for owner in described],
        "paths": {},
        "components": {"schemas": {}},
    }
    for owner, document in described.items():
        names = {name: f"{owner.capitalize()}{name}" for name in schemas[owner] if name in renamed}
        for path, operations in document.get("paths", {}).items():
            if owner == "gateway" or owner_of_prefix.get(path.split("/")[1]) == owner:
                tagged = {method: _operation(operation, owner) for method, operation in operations.items()}
                merged["paths"].setdefault(path, {}).update(_rewritten(tagged, names))
        for name, schema in schemas[owner].items():
            merged["components"]["schemas"][names.get(name, name)] = _rewritten(schema, names)
    merged["components"]["schemas"] |= {"Problem": _PROBLEM, "FieldProblem": _FIELD_PROBLEM}
    return merged


def with_schemas(document: JsonObject, schemas: Mapping[str, JsonObject]) -> JsonObject:
    """The document with schemas that its operations refer to, and FastAPI does not know of."""
    components = document.get("components", {})
    return document | {"components": components | {"schemas": dict(schemas) | components.get("schemas", {})}}


def _operation(operation: Any, owner: str) -> Any:
    """Tagged with its owner; refusals are described as what they are, not as FastAPI's default."""
    if not isinstance(operation, dict):
        return operation
    answers = {status: answer for status, answer in operation.get("responses", {}).items() if status != "422"}
    refusal = {"description": "Refused, unknown, or not possible now", "content": PROBLEM}
    return operation | {"tags": [owner], "responses": answers | {"default": refusal}}


def _schemas(document: JsonObject) -> dict[str, JsonObject]:
    schemas = document.get("components", {}).get("schemas", {})
    unused = {"HTTPValidationError", "ValidationError", "Problem", "FieldProblem"}
    return {name: schema for name, schema in schemas.items() if name not in unused}


def _conflicts(schemas: Mapping[str, Mapping[str, JsonObject]]) -> set[str]:
    """Names that mean different things to different owners, directly or through what they refer to."""
    variants: dict[str, set[str]] = {}
    for own in schemas.values():
        for name, schema in own.items():
            variants.setdefault(name, set()).add(json.dumps(schema, sort_keys=True))
    conflicts = {name for name, texts in variants.items() if len(texts) > 1}
    while True:
        dragged = {
            name for name, texts in variants.items() if name not in conflicts and conflicts & set(_references(texts))
        }
        shared = {name for name in dragged if sum(name in own for own in schemas.values()) > 1}
        if not shared:
            return conflicts
        conflicts |= shared


def _references(texts: set[str]) -> Iterator[str]:
    for text in texts:
        yield from _REFERENCE.findall(text)


def _rewritten(part: Any, names: Mapping[str, str]) -> Any:
    """The same with references to renamed components changed."""
    if not names:
        return part
    text = _REFERENCE.sub(lambda m: f'"#/components/schemas/{names.get(m[1], m[1])}"', json.dumps(part))
    return json.loads(text)
