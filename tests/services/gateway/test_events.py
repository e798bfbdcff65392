"""Events from outside over HTTP: both modes of CloudEvents, what is refused, and that a second one changes nothing."""

import json
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator

from libs.contracts.intervention import InterventionRequested
from tests.services.gateway.conftest import Stage

TYPE = InterventionRequested.contract.type
DATA = {"request_id": "crm-1", "action": "execute", "intervention_id": "int_1"}
HEADERS = {"ce-specversion": "1.0", "ce-id": "e1", "ce-source": "/crm", "ce-type": TYPE}
DEEP = b"[" * 100_000


async def test_an_event_in_binary_mode_is_put_on_the_bus_once(stage: Stage) -> None:
    first, second = [await stage.client.post("/events", json=DATA, headers=HEADERS) for _ in range(2)]
    assert (first.status_code, first.json()) == (202, {"id": "e1", "type": TYPE, "is_duplicate": False})
    assert second.json()["is_duplicate"]
    [sent] = await stage.peer.published(InterventionRequested, 1)
    assert (sent.request_id, sent.action, sent.intervention) == ("crm-1", "execute", None)


async def test_an_event_in_structured_mode_is_the_same(stage: Stage) -> None:
    document = {"specversion": "1.0", "id": "e1", "source": "/crm", "type": TYPE, "data": DATA}
    answer = await stage.client.post(
        "/events", content=json.dumps(document), headers={"content-type": "application/cloudevents+json"}
    )
    assert answer.status_code == 202, answer.text
    other = await stage.client.post("/events", json=DATA, headers=HEADERS | {"ce-source": "/shop"})
    assert not other.json()["is_duplicate"], "ids are those of their source"


@pytest.mark.parametrize(
    ("data", "headers", "field"),
    [
        (DATA, {"ce-specversion": "0.3"}, "specversion"),
        (DATA, {"ce-id": ""}, "id"),
        (DATA, {"ce-type": "rehearsal.intervention.plan-frozen.v1"}, "type"),
        (DATA | {"action": "delete"}, {}, "data.action"),
        (DATA | {"request_id": "a.b"}, {}, "data.request_id"),
        (DATA | {"interventoin": {}}, {}, "data.interventoin"),
        ([], {}, "body"),
        (DEEP, {}, "body"),
    ],
)
async def test_what_is_no_such_event_is_refused_by_field(
    gateway: httpx.AsyncClient, data: Any, headers: dict[str, str], field: str
) -> None:
    content = data if isinstance(data, bytes) else json.dumps(data)
    answer = await gateway.post("/events", content=content, headers=HEADERS | headers)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_without_a_bus_it_is_said_to_come_back(gateway: httpx.AsyncClient) -> None:
    answer = await gateway.post("/events", json=DATA, headers=HEADERS)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")


async def test_the_description_of_the_api_says_what_an_event_is(gateway: httpx.AsyncClient) -> None:
    described = (await gateway.get("/openapi.json")).json()
    operation = described["paths"]["/events"]["post"]
    assert {one["name"] for one in operation["parameters"]} >= HEADERS.keys()
    alone, structured = (
        Draft202012Validator(
            {**operation["requestBody"]["content"][kind]["schema"], "components": described["components"]}
        )
        for kind in ("application/json", "application/cloudevents+json")
    )
    envelope = {"specversion": "1.0", "id": "e1", "source": "/crm", "type": TYPE, "data": DATA}
    assert alone.is_valid(DATA)
    assert structured.is_valid(envelope)
    assert not structured.is_valid(envelope | {"type": "rehearsal.intervention.plan-frozen.v1"})
    assert not alone.is_valid(DATA | {"action": "delete"})
    assert not alone.is_valid(DATA | {"action": "create", "intervention": {"name": 7}})
