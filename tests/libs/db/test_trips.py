"""How transactions begin on PostgreSQL."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text

from libs.db import Database
from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.postgres
TENANT = text("SELECT current_setting('app.tenant')")


async def tenant_of(database: Database, tenant: str) -> str:
    async with database.read(tenant=tenant) as tx:
        return str((await tx.execute(TENANT)).scalar_one())


async def test_connections_that_were_ended_while_nobody_used_them_are_replaced(postgres: PostgresServer) -> None:
    database = Database(postgres.create_database())
    async with AsyncExitStack() as stack:
        for _ in range(4):
            await stack.enter_async_context(database.read())
    postgres.end_connections()
    for number in range(8):
        assert await tenant_of(database, f"t-{number}") == f"t-{number}"
    await database.close()


async def test_a_name_is_a_name_whatever_is_in_it(postgres: PostgresServer) -> None:
    database = Database(postgres.create_database())
    for name in ("acme", "o'hara", "back\\slash", "\\'; SELECT 1/0; --", "*"):
        assert await tenant_of(database, name) == name
    await database.close()


async def test_a_transaction_that_is_cancelled_as_it_begins_leaves_nothing_on_its_connection(
    postgres: PostgresServer,
) -> None:
    database = Database(postgres.create_database(), pool_size=1)
    assert await tenant_of(database, "first") == "first"
    for delay in (0, 0.0001, 0.0003, 0.001):
        task = asyncio.create_task(tenant_of(database, "cancelled"))
        await asyncio.sleep(delay)
        task.cancel()
        await asyncio.wait([task])
        async with database._writer.connect() as connection:
            found = await connection.execute(text("SELECT current_setting('app.tenant', true)"))
            assert found.scalar_one() in {None, ""}
    await database.close()


async def test_options_of_the_adapter_may_stand_in_the_url(postgres: PostgresServer) -> None:
    database = Database(postgres.create_database() + "&prepared_statement_cache_size=0")
    assert await tenant_of(database, "acme") == "acme"
    await database.close()
