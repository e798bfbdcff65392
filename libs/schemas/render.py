"""What schemas/ must contain, as `{path from the root: text}`. Rendering twice gives the same bytes."""

import json
from typing import Any

import yaml

from libs.contracts import subjects
from libs.contracts.base import JsonObject, MessageData
from libs.contracts.demographics import Template
from libs.contracts.experiments import StudySpec
from libs.contracts.registry import MESSAGES

EVENTS = "schemas/events"
DIALECT = "https://json-schema.org/draft/2020-12/schema"
STREAMS = {"evt": "EVENTS", "cmd": "COMMANDS"}
KINDS = {"evt": "event", "cmd": "command"}
HEADERS = {
    "ce-specversion": "CloudEvents version, always 1.0.",
    "ce-id": "Unique with ce-source; the same when a message is sent again.",
    "ce-source": "/services/<service>",
    "ce-type": "rehearsal.<service>.<message>.v<major>",
    "ce-time": "When it was made, ISO 8601 in UTC.",
    "ce-subject": "The id that the subject is keyed by.",
    "ce-dataschema": "File of the payload's schema under schemas/events/.",
    "ce-correlationid": "The same for everything that one request caused.",
    "ce-causationid": "ce-id of the message that caused this one; absent on the first of a flow.",
    "ce-tenant": "Tenant the message belongs to.",
    "ce-partitionkey": "What the message is spread over streams by, where there are several; absent on most.",
    "traceparent": "W3C trace context; absent when nothing is traced.",
    "Nats-Msg-Id": "Equal to ce-id: JetStream drops a second publication.",
}
OPTIONAL_HEADERS = {"ce-causationid", "ce-partitionkey", "traceparent"}


def render() -> dict[str, str]:
    """Every generated file of schemas/, by its path."""
    files = {f"{EVENTS}/{message.contract.schema_name}": _json(event_schema(message)) for message in MESSAGES}
    files["schemas/template.schema.json"] = _json({"$schema": DIALECT, **Template.model_json_schema()})
    files["schemas/study.schema.json"] = _json({"$schema": DIALECT, **StudySpec.model_json_schema()})
    files["schemas/catalog.yaml"] = _yaml({"messages": [_catalog_entry(message) for message in MESSAGES]})
    files["schemas/asyncapi.yaml"] = _yaml(_asyncapi())
    return files


def event_schema(message: type[MessageData]) -> JsonObject:
    """JSON Schema of a message's payload."""
    return {"$schema": DIALECT, "$id": message.contract.schema_name, **message.model_json_schema()}


def example_name(message: type[MessageData]) -> str:
    """The hand-written example of a message, inside schemas/examples/."""
    return f"{message.contract.name}.v{message.contract.version}.json"


def _catalog_entry(message: type[MessageData]) -> JsonObject:
    contract = message.contract
    return {
        "type": contract.type,
        "kind": KINDS[contract.kind],
        "owner": contract.service,
        "consumers": sorted(contract.consumers),
        "subject": subjects.template(contract),
        "stream": STREAMS[contract.kind],
        "schema": f"events/{contract.schema_name}",
        "example": f"examples/{example_name(message)}",
        "description": description(message),
    }


def _asyncapi() -> JsonObject:
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Rehearsal messages",
            "version": "1",
            "description": "CloudEvents 1.0 in binary mode over NATS JetStream. Generated; do not edit.",
        },
        "defaultContentType": "application/json",
        "channels": {_channel(message): _asyncapi_channel(message) for message in MESSAGES},
        "operations": dict(operation for message in MESSAGES for operation in _operations(message)),
        "components": {
            "messageTraits": {"cloudEvent": {"headers": _header_schema(), "correlationId": _CORRELATION}},
        },
    }


_CORRELATION = {"location": "$message.header#/ce-correlationid"}


def _header_schema() -> JsonObject:
    properties = {name: {"type": "string", "description": text} for name, text in HEADERS.items()}
    return {"type": "object", "properties": properties, "required": sorted(HEADERS.keys() - OPTIONAL_HEADERS)}


def _channel(message: type[MessageData]) -> str:
    return f"{message.contract.service}.{message.contract.name}.v{message.contract.version}"


def _asyncapi_channel(message: type[MessageData]) -> JsonObject:
    contract = message.contract
    address = f"rehearsal.{contract.kind}.{{tenant}}.{contract.service}.{contract.name}.v{contract.version}.{{key}}"
    return {
        "address": address,
        "description": description(message),
        "parameters": {"tenant": {"description": "Tenant."}, "key": {"description": f"The {contract.key}."}},
        "messages": {
            contract.name: {
                "name": contract.type,
                "summary": description(message),
                "contentType": "application/json",
                "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
                "payload": {"$ref": f"./events/{contract.schema_name}"},
            }
        },
    }


def _operations(message: type[MessageData]) -> list[tuple[str, JsonObject]]:
    channel = _channel(message)
    channel_ref = {"$ref": f"#/channels/{channel.replace('/', '~1')}"}
    sent = [(f"{message.contract.name}-sent", {"action": "send", "channel": channel_ref})]
    received = [
        (f"{consumer}-receives-{message.contract.name}", {"action": "receive", "channel": channel_ref})
        for consumer in sorted(message.contract.consumers)
    ]
    return sent + received


def description(message: type[MessageData]) -> str:
    """What a message says: its docstring as one line."""
    return " ".join((message.__doc__ or "").split())


def _json(document: JsonObject) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _yaml(document: Any) -> str:
    return "# Generated by `make schemas`; do not edit.\n" + yaml.safe_dump(
        document, sort_keys=False, allow_unicode=True, width=110
    )
