"""Quotas: set by the operator, shown to their tenant, and held where something more would begin."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from libs.contracts import subjects
from libs.contracts.envelope import DEFAULT_TENANT, seal
from libs.contracts.identity import Identity, Role
from services.gateway.domain.quotas import QuotaError
from tests.services.gateway.access import ACME, GLOBEX, Doors, doors
from tests.services.orchestrator.parts import CREATED
from tests.support.apps import eventually
from tests.support.peer import peer

CREATE = {"name": "Panel", "population_id": CREATED.population_id}


@pytest.fixture
async def gate(database_url: str, nats_url: str, tmp_path: Path) -> AsyncIterator[Doors]:
    async with doors(database_url, nats_url, tmp_path) as opened:
        yield opened


async def set_quota(gate: Doors, tenant: str = ACME, **quota: Any) -> httpx.Response:
    return await gate.ask("PUT", f"/tenants/{tenant}/quota", gate.first[DEFAULT_TENANT], json=quota)


async def shown(gate: Doors, tenant: str = ACME) -> dict[str, Any]:
    answer = await gate.ask("GET", f"/tenants/{tenant}/quota", gate.first[tenant])
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_the_operator_sets_what_the_tenant_sees(gate: Doors) -> None:
    before = await shown(gate)
    assert set(before["quota"].values()) == {None}
    given = {"usd_per_month": 12.5, "calls_per_month": 1_000, "running_simulations": 3, "people": 20}
    assert (await set_quota(gate, **given)).json() == await shown(gate)
    after = await shown(gate)
    assert after["quota"] == given
    assert (
        after["used"]
        == before["used"]
        == {"month": before["used"]["month"], "usd": 0.0, "calls": 0, "running_simulations": 0, "people": 1}
    )
    entries = (await gate.ask("GET", "/audit", gate.first[DEFAULT_TENANT])).json()["items"]
    assert [entry["path"] for entry in entries if entry["method"] == "PUT"] == [f"/tenants/{ACME}/quota"]


async def test_nobody_raises_their_own_or_sees_that_of_others(gate: Doors) -> None:
    own = await gate.ask("PUT", f"/tenants/{ACME}/quota", gate.first[ACME], json={})
    assert own.status_code == 403
    assert "the operator" in own.json()["detail"]
    for method, body in (("GET", None), ("PUT", {})):
        assert (await gate.ask(method, f"/tenants/{GLOBEX}/quota", gate.first[ACME], json=body)).status_code == 404
    viewer = await gate.key(Role.OPERATOR)
    assert (await gate.ask("GET", f"/tenants/{ACME}/quota", viewer)).status_code == 403
    wrong = await set_quota(gate, people=0, simulations=3)
    assert {error["field"] for error in wrong.json()["errors"]} == {"people", "simulations"}
    for field, number in (("usd_per_month", "5"), ("calls_per_month", True), ("people", "7")):
        odd = await set_quota(gate, **{field: number})
        assert (odd.status_code, odd.json()["errors"][0]["field"]) == (422, field)


async def test_a_tenant_has_as_many_people_as_it_may(gate: Doors) -> None:
    await set_quota(gate, people=2)
    await gate.key(Role.VIEWER)
    refused = await gate.ask("POST", "/keys", gate.first[ACME], json={"name": "one too many"})
    assert refused.status_code == 402
    assert refused.json()["title"] == "The quota is used up"
    assert refused.json()["errors"] == [{"field": "people", "message": "is used up: 2", "allowed": []}]
    quotas = gate.app.state.quotas
    with pytest.raises(QuotaError):
        await quotas.welcome(Identity(tenant=ACME, subject="oidc:ben", role=Role.VIEWER))
    assert (await shown(gate))["used"]["people"] == 2
    newest = (await gate.ask("GET", "/keys", gate.first[ACME])).json()["items"][0]
    await gate.ask("DELETE", f"/keys/{newest['id']}", gate.first[ACME])
    for _ in range(2):
        await quotas.welcome(Identity(tenant=ACME, subject="oidc:ben", role=Role.VIEWER))
    assert (await shown(gate))["used"]["people"] == 2
    assert await gate.key(Role.VIEWER, GLOBEX)


async def test_of_two_simulations_begun_at_once_one_takes_the_last_place(gate: Doors, nats_url: str) -> None:
    await announce(gate, nats_url)
    await set_quota(gate, running_simulations=1)
    made = await asyncio.gather(*(gate.ask("POST", "/simulations/create", gate.first[ACME], json=CREATE) for _ in "ab"))
    accepted, refused = sorted(made, key=lambda answer: answer.status_code)
    assert (accepted.status_code, refused.status_code) == (201, 429)
    assert refused.headers["retry-after"] == "15"
    assert refused.json()["errors"][0]["field"] == "running_simulations"
    key = {"idempotency-key": "again"}
    assert (
        await gate.ask("POST", "/simulations/create", gate.first[ACME], json=CREATE, headers=key)
    ).status_code == 429
    ended = await gate.ask("DELETE", f"/simulations/{accepted.json()['id']}/end", gate.first[ACME])
    assert ended.is_success
    again = await gate.ask("POST", "/simulations/create", gate.first[ACME], json=CREATE, headers=key)
    assert again.status_code == 201


async def test_a_request_for_several_simulations_takes_as_many_places(gate: Doors) -> None:
    await set_quota(gate, running_simulations=4)
    asked = "/interventions/int_1/robustness"
    for seeds, status in (([1, 2, 3, 4], 503), ([1, 2, 3, 4, 5], 402)):  # 503: let in; intervention is down
        answer = await gate.ask("POST", asked, gate.first[ACME], json={"seeds": seeds})
        assert answer.status_code == status, answer.text
    assert answer.json()["errors"][0]["field"] == "running_simulations"


async def test_nothing_begins_when_the_budget_of_the_month_is_spent(gate: Doors, nats_url: str) -> None:
    await announce(gate, nats_url)
    await set_quota(gate, calls_per_month=0)
    refused = await gate.ask("POST", "/simulations/create", gate.first[ACME], json=CREATE)
    assert refused.status_code == 402
    assert refused.json()["errors"][0]["field"] == "calls_per_month"
    await set_quota(gate)
    assert (await gate.ask("POST", "/simulations/create", gate.first[ACME], json=CREATE)).status_code == 201


async def announce(gate: Doors, nats_url: str) -> None:
    """Let the orchestrator know of a population of the tenant."""
    async with peer(nats_url) as others:
        envelope = seal(CREATED, source="population", tenant=ACME)
        subject = subjects.concrete(CREATED.contract, ACME, CREATED.key)
        await others._js.publish(subject, CREATED.model_dump_json().encode(), headers=envelope.headers())

    async def is_known() -> bool:
        probe = await gate.ask("POST", "/simulations/create", gate.first[ACME], json=CREATE)
        if probe.status_code != 201:
            return False
        ended = await gate.ask("DELETE", f"/simulations/{probe.json()['id']}/end", gate.first[ACME])
        return ended.is_success

    await eventually(is_known)
