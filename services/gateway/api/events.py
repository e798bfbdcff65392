"""`POST /events`: the HTTP binding of CloudEvents, for systems outside that have no account at the message bus.

Binary mode (attributes as `ce-…` headers, the body is the data) and structured mode (`application/cloudevents+json`).
What the data asks for is judged by the service that obeys it: a bad one is answered by a rejected event, never silence.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, ValidationError

from libs.contracts.base import JsonObject, MessageData
from libs.contracts.envelope import Envelope
from libs.contracts.errors import FieldError, InvalidError
from libs.contracts.registry import FROM_OUTSIDE
from libs.http import Tenant
from libs.http.problems import field_errors
from services.gateway.api.forwarding import Service
from services.gateway.api.incoming import MAX_ATTRIBUTE, STRUCTURED
from services.gateway.api.incoming import request as described_request

router = APIRouter(tags=["events"])
MAX_BYTES = 1_048_576


class AcceptedView(BaseModel):
    """An event that is on the bus. `is_duplicate`: it was there already, and nothing happens a second time."""

    id: str
    type: str
    is_duplicate: bool


@router.post("/events", status_code=202, openapi_extra=described_request())
async def receive_event(request: Request, service: Service, tenant: Tenant) -> AcceptedView:
    """Publish an event of an outside system: `rehearsal.gateway.intervention-requested.v1`."""
    body = await request.body()
    if len(body) > MAX_BYTES:
        raise InvalidError("body", f"is larger than {MAX_BYTES} bytes")
    attributes, document = _parsed(request.headers, body)
    kinds = {kind.contract.type: kind for kind in FROM_OUTSIDE}
    kind = kinds.get(attributes["type"])
    if kind is None:
        raise InvalidError("type", f"{attributes['type']!r} cannot be sent from outside", list(kinds))
    try:
        data = kind.model_validate(_known(kind, document))
    except ValidationError as error:
        found = [FieldError(f"data.{one.field}", one.message, one.allowed) for one in field_errors(error, document)]
        raise InvalidError(found[0].field, found[0].message, found[0].allowed) from error
    envelope = Envelope(
        id=attributes["id"],
        source=attributes["source"],
        type=kind.contract.type,
        time=datetime.now(UTC),
        subject=data.key,
        dataschema=kind.contract.schema_name,
        correlationid=attributes["id"],
        causationid=None,
        tenant=tenant,
    )
    return AcceptedView(id=envelope.id, type=envelope.type, is_duplicate=await service.publish(envelope, data))


def _known(kind: type[MessageData], document: JsonObject) -> JsonObject:
    """The document; what it misspells is refused."""
    unknown = sorted(set(document) - set(kind.model_fields))
    if unknown:
        raise InvalidError(f"data.{unknown[0]}", "is not a field of this event", list(kind.model_fields))
    return document


def _parsed(headers: Mapping[str, str], body: bytes) -> tuple[dict[str, str], JsonObject]:
    """The attributes and the data of an event in either mode."""
    document = _json(body)
    if headers.get("content-type", "").split(";")[0].strip() == STRUCTURED:
        attributes, data = document, document.get("data")
    else:
        attributes = {name.removeprefix("ce-"): value for name, value in headers.items() if name.startswith("ce-")}
        data = document
    if not isinstance(data, dict):
        raise InvalidError("data", "must be an object")
    if attributes.get("specversion") != "1.0":
        raise InvalidError("specversion", "is needed, as ce-specversion or in the event", ["1.0"])
    found = {}
    for name in ("id", "source", "type"):
        value = attributes.get(name)
        if not isinstance(value, str) or not 1 <= len(value) <= MAX_ATTRIBUTE or not value.isprintable():
            raise InvalidError(name, f"is needed: a text of at most {MAX_ATTRIBUTE} characters")
        found[name] = value
    return found, data


def _json(body: bytes) -> JsonObject:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidError("body", "is not valid JSON") from error
    if not isinstance(document, dict):
        raise InvalidError("body", "must be a JSON object")
    return document
