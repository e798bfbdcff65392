"""Erasing a tenant: nobody of it gets in any more, what is away is asked later, and only the fact stays."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from libs.contracts.envelope import DEFAULT_TENANT
from libs.contracts.identity import Role
from libs.db import EVERY_TENANT, Database
from tests.services.gateway.access import ACME, GLOBEX, Doors, doors
from tests.support.apps import eventually


@pytest.fixture
async def gate(database_url: str, nats_url: str, tmp_path: Path) -> AsyncIterator[Doors]:
    """Only the orchestrator and the models are there."""
    async with doors(database_url, nats_url, tmp_path) as opened:
        yield opened


async def test_nobody_of_an_erased_tenant_gets_in_and_only_the_fact_stays(gate: Doors) -> None:
    viewer = await gate.key(Role.VIEWER)
    asked = await gate.ask("DELETE", f"/tenants/{ACME}", gate.first[ACME])
    assert asked.status_code == 202
    assert asked.json()["state"] == "erasing"

    async def is_shut() -> bool:
        answers = [await gate.ask("GET", "/simulations/list", key) for key in (viewer, gate.first[ACME])]
        return {answer.status_code for answer in answers} == {401}

    await eventually(is_shut)
    database: Database = gate.app.state.database
    async with database.read(tenant=EVERY_TENANT) as tx:
        for table in ("audit", "audit_heads", "keys", "answers", "people", "quotas"):
            found = await tx.execute(text(f"SELECT count(*) FROM {table} WHERE tenant = 'acme'"))
            assert (table, found.scalar_one()) == (table, 0)
    log = (await gate.ask("GET", "/audit", gate.first[DEFAULT_TENANT])).json()["items"]
    told = [(entry["method"], entry["path"], entry["subject"]) for entry in log if entry["status"] == 202]
    assert told == [("DELETE", f"/tenants/{ACME}", "nobody")]
    assert (await gate.ask("GET", "/simulations/list", gate.first[GLOBEX])).status_code == 200
    state = await gate.ask("GET", f"/tenants/{ACME}/erasure", gate.first[DEFAULT_TENANT])
    assert state.json()["state"] == "erasing"  # the other services are away: nothing is claimed that is not so


async def test_asking_again_changes_nothing(gate: Doors) -> None:
    first = await gate.ask("DELETE", f"/tenants/{ACME}", gate.first[DEFAULT_TENANT])
    again = await gate.ask("DELETE", f"/tenants/{ACME}", gate.first[DEFAULT_TENANT])
    assert (first.status_code, first.json()) == (again.status_code, again.json())


async def test_nobody_erases_another_tenant_or_that_of_the_operator(gate: Doors) -> None:
    assert (await gate.ask("DELETE", f"/tenants/{GLOBEX}", gate.first[ACME])).status_code == 404
    assert (await gate.ask("DELETE", f"/tenants/{ACME}", await gate.key(Role.OPERATOR))).status_code == 403
    own = await gate.ask("DELETE", f"/tenants/{DEFAULT_TENANT}", gate.first[DEFAULT_TENANT])
    assert own.status_code == 409
    assert "is the operator's" in own.json()["detail"]
    unknown = await gate.ask("GET", f"/tenants/{GLOBEX}/erasure", gate.first[DEFAULT_TENANT])
    assert unknown.status_code == 404


async def test_no_other_audit_log_can_be_deleted(gate: Doors) -> None:
    await gate.key(Role.VIEWER, GLOBEX)
    database: Database = gate.app.state.database
    for change in (
        "DELETE FROM audit",
        "UPDATE audit SET status = 200",
        "DELETE FROM audit WHERE tenant = 'globex'",
    ):
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.write(tenant=EVERY_TENANT) as tx:
                await tx.execute(text(change))


async def test_what_services_tell_of_a_whole_tenant_they_tell_the_gateway_alone(gate: Doors) -> None:
    for path in ("/tenant/rows", "/tenant/erase"):
        assert (await gate.ask("GET", path, gate.first[DEFAULT_TENANT])).status_code == 404
