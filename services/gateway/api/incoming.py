"""What `POST /events` takes, as schemas: the event alone (binary mode) or in its envelope (structured mode).

An event carries the bodies of other requests as objects, which the service that obeys it checks. Here they are
described as what they are, so that who writes an event need not look them up.
"""

from collections.abc import Mapping

from fastapi.openapi.models import Schema
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from libs.contracts.base import JsonObject
from libs.contracts.experiments import ExecutionSpec, InterventionSpec
from libs.contracts.registry import FROM_OUTSIDE

STRUCTURED = "application/cloudevents+json"
MAX_ATTRIBUTE = 200
CARRIED: dict[str, type[BaseModel]] = {"intervention": InterventionSpec, "execution": ExecutionSpec}
_REFERENCE = "#/components/schemas/{model}"
_ATTRIBUTES: dict[str, JsonObject] = {
    "specversion": {"type": "string", "const": "1.0"},
    "id": {"type": "string", "description": "Of the event: sent again with the same one, nothing happens."},
    "source": {"type": "string", "description": "Who sends it."},
    "type": {"type": "string", "enum": [kind.contract.type for kind in FROM_OUTSIDE]},
}


def request() -> JsonObject:
    """The body and the headers of the operation."""
    alone = {"oneOf": [_reference(kind) for kind in FROM_OUTSIDE]}
    envelope = {
        "type": "object",
        "required": [*_ATTRIBUTES, "data"],
        "properties": {**{name: _limited(schema) for name, schema in _ATTRIBUTES.items()}, "data": alone},
    }
    return {
        "parameters": [
            {
                "name": f"ce-{name}",
                "in": "header",
                "required": False,
                "description": "Binary mode, where all four are needed.",
                "schema": _limited(schema),
            }
            for name, schema in _ATTRIBUTES.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": alone}, STRUCTURED: {"schema": envelope}},
        },
    }


def event_schemas() -> dict[str, JsonObject]:
    """The schemas that `request` refers to, by name."""
    kinds: list[type[BaseModel]] = [*FROM_OUTSIDE, *CARRIED.values()]
    _, made = models_json_schema([(kind, "validation") for kind in kinds], ref_template=_REFERENCE)
    schemas: dict[str, JsonObject] = made["$defs"]
    for kind in FROM_OUTSIDE:
        own = schemas[kind.__name__]
        nullable = {name for name, field in own["properties"].items() if {"type": "null"} in field.get("anyOf", ())}
        own["required"] = [name for name in own.get("required", ()) if name not in nullable]
        for name, body in CARRIED.items():
            if name in own["properties"]:
                own["properties"][name]["anyOf"] = [_reference(body), {"type": "null"}]
    return schemas


def as_of_endpoints(schemas: Mapping[str, JsonObject]) -> dict[str, JsonObject]:
    """Written as FastAPI writes those of endpoints, so that the same is recognised as the same."""
    return {
        name: Schema.model_validate(schema).model_dump(mode="json", by_alias=True, exclude_none=True)
        for name, schema in schemas.items()
    }


def _reference(kind: type[BaseModel]) -> JsonObject:
    return {"$ref": _REFERENCE.format(model=kind.__name__)}


def _limited(schema: JsonObject) -> JsonObject:
    return {"minLength": 1, "maxLength": MAX_ATTRIBUTE, **schema}
