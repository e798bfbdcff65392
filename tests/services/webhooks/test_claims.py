"""Who sends a notification: one process at a time, and another one when that has died."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from libs.db import EVERY_TENANT, Database
from services.webhooks.domain.webhook import Notification, NotificationState, Webhook
from services.webhooks.store import NotificationStore, WebhookStore

MIGRATIONS = Path(__file__).parents[3] / "services" / "webhooks" / "migrations"
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
LEASE = timedelta(seconds=30)


def webhook(identity: str, *, is_active: bool = True) -> Webhook:
    return Webhook(identity, "shop", "https://shop.example/", ["population-failed"], is_active, 1, None, "me", NOW)


def notification(identity: str, of: str, due_at: datetime = NOW) -> Notification:
    state = NotificationState.WAITING
    return Notification(identity, of, f"e-{identity}", "population-failed", "c", "{}", state, 0, 3, NOW, due_at)


async def owing(database: Database, tenant: str, *webhooks: Webhook, each: int) -> None:
    async with database.write(tenant=tenant) as tx:
        for one in webhooks:
            await WebhookStore().add(tx, one)
            numbers = range(each)
            owed = [notification(f"{one.webhook_id}-{n}", one.webhook_id, NOW - timedelta(seconds=n)) for n in numbers]
            await NotificationStore().add(tx, owed)


async def claimed(database: Database, at: datetime, most: int = 100, each: int = 100, but: str = "") -> list[str]:
    async with database.write(tenant=EVERY_TENANT) as tx:
        found = await NotificationStore().claim(tx, at, LEASE, most, each, [but] if but else [])
    return [f"{tenant}/{one.notification_id}" for tenant, one in found]


async def test_a_notification_is_claimed_by_one_at_a_time_and_again_when_that_one_has_died(database_url: str) -> None:
    database = Database(database_url)
    await database.migrate(MIGRATIONS)
    await owing(database, "acme", webhook("a"), each=9)
    taken = await asyncio.gather(*(claimed(database, NOW, most=3) for _ in range(6)))
    found = [one for some in taken for one in some]
    found += await claimed(database, NOW)  # those whom several wanted at once
    assert sorted(found) == [f"acme/a-{n}" for n in range(9)]
    assert await claimed(database, NOW + LEASE / 2) == []
    assert len(await claimed(database, NOW + LEASE)) == 9
    await database.close()


async def test_every_webhook_of_every_tenant_gets_a_few_and_the_oldest_first(database_url: str) -> None:
    database = Database(database_url)
    await database.migrate(MIGRATIONS)
    await owing(database, "acme", webhook("a"), webhook("silent", is_active=False), each=5)
    await owing(database, "globex", webhook("b"), webhook("full"), each=5)
    found = await claimed(database, NOW, each=2, but="full")
    assert sorted(found) == ["acme/a-3", "acme/a-4", "globex/b-3", "globex/b-4"]
    async with database.read(tenant=EVERY_TENANT) as tx:
        assert await NotificationStore().next_due(tx, ["full"]) == NOW - timedelta(seconds=2)
    await database.close()
