"""Whose calls they are: the models service believes signed identities only, and books to the tenant they name."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from sqlalchemy import select

from libs.contracts.identity import Identity, Role, working_for
from libs.db import EVERY_TENANT, Database
from libs.http import Badge, Signer, new_key_pair
from libs.models import BudgetSpentError, ModelsClient, ModelsError
from services.models.app import create_app
from services.models.settings import Settings
from services.models.tables import accounts, cache_hits, calls
from tests.services.models.batches import batch
from tests.support.apps import running

GATEWAY, COMMUNICATION = new_key_pair(), new_key_pair()
BADGE = Badge("communication", COMMUNICATION[0], "models")


@pytest.fixture
async def client(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    keys = {"communication": COMMUNICATION[1]}
    settings = Settings(database_url=database_url, identity_keys=GATEWAY[1], service_keys=keys)
    async with running("models", create_app(settings)) as client:
        yield client


@asynccontextmanager
async def asking(badge: Badge | None = BADGE) -> AsyncIterator[ModelsClient]:
    models = ModelsClient("local://models", silence_s=30, badge=badge)
    await models.start()
    try:
        yield models
    finally:
        await models.stop()


async def take(models: ModelsClient, tenant: str, count: int, simulation_id: str = "sim_1") -> int:
    """How many turns are answered in the work of this tenant."""
    with working_for(tenant):
        return len([one async for one in models.turns(batch(count, simulation_id=simulation_id))])


async def booked(database_url: str) -> dict[str, tuple[int, int, int]]:
    """Calls in the ledger, calls on the tenant's account and calls got for nothing, by tenant."""
    found: dict[str, list[int]] = {}
    database = Database(database_url)
    try:
        async with database.read(tenant=EVERY_TENANT) as tx:
            for row in await tx.execute(select(calls.c.tenant)):
                found.setdefault(row.tenant, [0, 0, 0])[0] += 1
            for row in await tx.execute(select(accounts).where(accounts.c.simulation_id == "")):
                found.setdefault(row.tenant, [0, 0, 0])[1] += row.spent_calls
            for row in await tx.execute(select(cache_hits)):
                found.setdefault(row.tenant, [0, 0, 0])[2] += row.calls
    finally:
        await database.close()
    return {tenant: (one[0], one[1], one[2]) for tenant, one in found.items()}


async def test_each_call_is_booked_to_the_tenant_in_whose_work_it_is_made(
    client: httpx.AsyncClient, database_url: str
) -> None:
    """Two tenants ask at once, with the same client, the same simulation id and the same questions."""
    async with asking() as models:
        answered = await asyncio.gather(*(take(models, tenant, 5) for tenant in ("acme", "globex") * 3))
        assert await take(models, "globex", 5, "sim_2") == 5
    assert answered == [5] * 6
    assert await booked(database_url) == {"acme": (5, 5, 0), "globex": (5, 5, 5)}


async def test_the_budget_of_one_tenant_holds_up_no_other(client: httpx.AsyncClient) -> None:
    operator = Identity(tenant="acme", subject="key:1", role=Role.OPERATOR)
    capped = await client.put("/v1/budgets", json={"calls": 2}, headers=Signer(GATEWAY[0]).headers(operator))
    assert capped.status_code == 200
    async with asking() as models:
        assert await take(models, "globex", 5) == 5
        with pytest.raises(BudgetSpentError):
            await take(models, "acme", 5)
        with working_for("globex"):
            assert len(await models.names()) > 0


async def test_nobody_unknown_is_answered(client: httpx.AsyncClient, database_url: str) -> None:
    strange = Badge("communication", new_key_pair()[0], "models")
    for badge in (None, strange):
        async with asking(badge) as models:
            with pytest.raises(ModelsError, match="identity"):
                await take(models, "acme", 2)
    for path in ("/v1/models", "/v1/usage?simulation_id=sim_1", "/v1/budgets", "/v1/jobs", "/v1/load"):
        assert (await client.get(path, headers={"x-tenant": "acme"})).status_code == 401
    assert await booked(database_url) == {}
