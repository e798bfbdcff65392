"""The audit log: every write and every refusal, in a chain that shows whatever was done to it."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from libs.contracts.audit import AuditEntry, Chain
from libs.contracts.identity import Role
from libs.db import EVERY_TENANT, Database
from services.gateway.domain.keys import new_secret
from services.gateway.tables import audit
from tests.services.gateway.access import ACME, GLOBEX, Doors, doors


@pytest.fixture
async def gate(database_url: str, nats_url: str, tmp_path: Path) -> AsyncIterator[Doors]:
    async with doors(database_url, nats_url, tmp_path) as opened:
        yield opened


async def log_of(gate: Doors, tenant: str = ACME) -> dict[str, Any]:
    page: dict[str, Any] = (await gate.ask("GET", "/audit?limit=500", gate.first[tenant])).json()
    return page


def checked(items: list[dict[str, Any]]) -> Chain:
    chain = Chain()
    chain.follow(AuditEntry.model_validate(item) for item in items)
    return chain


async def test_writes_and_refusals_are_noted_and_reads_are_not(gate: Doors) -> None:
    viewer = await gate.key(Role.VIEWER)
    await gate.ask("GET", "/simulations/list", viewer)
    await gate.ask("DELETE", "/simulations/sim_1/end", viewer, headers={"x-correlation-id": "story-7"})
    items = (await log_of(gate))["items"]
    assert [(i["method"], i["path"], i["status"]) for i in items] == [
        ("POST", "/keys", 201),
        ("DELETE", "/simulations/sim_1/end", 403),
    ]
    assert items[1]["role"] == "viewer"
    assert items[1]["subject"].startswith("key:")
    assert items[1]["correlation_id"] == "story-7"


async def test_the_log_can_be_read_from_its_newest_entry(gate: Doors) -> None:
    for _ in range(3):
        await gate.key(Role.VIEWER)
    oldest = [entry["sequence"] for entry in (await log_of(gate))["items"]]
    found: list[int] = []
    asked = "/audit?order=desc&limit=2"
    while asked:
        page = (await gate.ask("GET", asked, gate.first[ACME])).json()
        found += [entry["sequence"] for entry in page["items"]]
        asked = page["next_cursor"] and f"/audit?order=desc&limit=2&cursor={page['next_cursor']}"
    assert found == oldest[::-1] != oldest


async def test_a_tenant_sees_its_own_log(gate: Doors) -> None:
    await gate.key(Role.VIEWER, ACME)
    assert (await log_of(gate, GLOBEX))["items"] == []


async def test_attempts_of_nobody_are_in_the_operators_log(gate: Doors, database_url: str) -> None:
    await gate.ask("GET", "/simulations/list", new_secret())
    database = Database(database_url)
    async with database.read(tenant="default") as tx:
        rows = (await tx.execute(audit.select())).all()
    await database.close()
    assert [(row.tenant, row.subject, row.status) for row in rows] == [("default", "nobody", 401)]


async def test_no_query_body_or_key_is_in_the_log(gate: Doors) -> None:
    secret = await gate.key(Role.VIEWER)
    await gate.ask("DELETE", "/simulations/sim_1/end?token=hidden", secret)
    await gate.ask("POST", "/simulations/create", secret, json={"name": "hidden"})
    text = str(await log_of(gate))
    assert "/simulations/sim_1/end" in text
    assert secret not in text
    assert "hidden" not in text


async def test_the_chain_holds_and_ends_in_the_head(gate: Doors) -> None:
    for _ in range(5):
        await gate.key(Role.VIEWER)
    log = await log_of(gate)
    chain = checked(log["items"])
    assert chain.fault is None
    assert (chain.length, chain.head) == (log["length"], log["head"]) == (5, log["items"][-1]["hash"])


async def test_a_change_of_any_field_breaks_the_chain(gate: Doors) -> None:
    for _ in range(3):
        await gate.key(Role.VIEWER)
    first, second, third = (await log_of(gate))["items"]
    for field in AuditEntry.model_fields:
        value = second[field]
        other = value + 1 if isinstance(value, int) else "2020-01-01T00:00:00Z" if field == "at" else value + "x"
        assert checked([first, second | {field: other}, third]).fault is not None, field
    assert checked([first, second, third]).fault is None


async def test_an_entry_that_is_left_out_breaks_the_chain(gate: Doors) -> None:
    for _ in range(3):
        await gate.key(Role.VIEWER)
    first, second, third = (await log_of(gate))["items"]
    assert checked([second, third]).fault is not None
    assert checked([first, third]).fault is not None


async def test_the_store_itself_refuses_to_change_or_delete_an_entry(gate: Doors, database_url: str) -> None:
    await gate.key(Role.VIEWER)
    database = Database(database_url)
    for statement in ("UPDATE audit SET status = 200", "DELETE FROM audit"):
        with pytest.raises(DBAPIError, match="append-only"):
            async with database.write(tenant=EVERY_TENANT) as tx:
                await tx.execute(text(statement))
    await database.close()
