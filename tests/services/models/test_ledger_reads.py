"""What PostgreSQL reads to find calls, in a database so new that it has no statistics: plans made then are kept."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from libs.db import Database
from services.models.domain.budgets import Amount
from services.models.domain.calls import Call, Outcome, Sampling
from services.models.store import Lease, Store
from tests.support.apps import eventually
from tests.support.migrated import postgresql_database

GROUPS, SIZE = 20, 50
READ = text("SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes WHERE relname = 'calls'")
SCANNED = text("SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables WHERE relname = 'calls'")
UPDATED = text("SELECT sum(n_tup_upd) FROM pg_stat_user_tables WHERE relname = 'calls'")


@pytest.mark.postgres
async def test_calls_are_found_by_their_keys_without_reading_the_others_of_their_tenant(postgres):
    url = postgresql_database("models", postgres, shared_by=__name__)
    database, store, now = Database(url), Store(), datetime.now(UTC)
    lease = Lease("here", "s-1", now, now + timedelta(minutes=1))
    for _ in range(GROUPS):
        calls = [Call(uuid4().hex, "m", (), (), None, Sampling(seed=1)) for _ in range(SIZE)]
        keys = [call.key for call in calls]
        async with database.write() as tx:
            await store.find_settled(tx, keys)
            await store.reserve(tx, [(call, Amount(0.0, 1, 1)) for call in calls], lease)
        async with database.write() as tx:
            await store.reservations(tx, keys)
            await store.finish(tx, [(Outcome(key, "m", "{}", None, is_answered=True), 0.0) for key in keys], now)
    await database.close()  # which has the server count what was read

    database = Database(url)

    async def number(query):
        async with database.read() as tx:
            return (await tx.execute(query)).scalar_one()

    async def is_counted():
        return await number(UPDATED) == GROUPS * SIZE

    await eventually(is_counted)
    read = await number(READ) + await number(SCANNED)
    await database.close()
    assert read <= 50 * GROUPS * SIZE  # of 500 that are there on average; a table of a few pages is read as a whole
