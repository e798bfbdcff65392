"""The only SQL of the webhooks service. Queries filter by the transaction's tenant; `claim` and `clean` sweep all."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, select, update

from libs.db import Transaction, insert_new
from services.webhooks.domain.webhook import Attempt, Notification, NotificationState, Webhook
from services.webhooks.tables import attempts, notifications, webhooks

Place = tuple[datetime, str]
WAITING, SENT, DEAD = NotificationState.WAITING, NotificationState.SENT, NotificationState.DEAD


class WebhookStore:
    """Webhooks."""

    async def add(self, tx: Transaction, webhook: Webhook) -> None:
        """Keep a new one."""
        await tx.execute(webhooks.insert(), {"tenant": tx.tenant, **asdict(webhook)})

    async def change(self, tx: Transaction, webhook: Webhook) -> None:
        """Keep it as it is now."""
        await tx.execute(update(webhooks).where(_this(tx, webhook.webhook_id)).values(**asdict(webhook)))

    async def remove(self, tx: Transaction, webhook_id: str) -> None:
        """Delete one with all that it was told."""
        owed = (notifications.c.tenant == tx.tenant) & (notifications.c.webhook_id == webhook_id)
        told = select(notifications.c.notification_id).where(owed)
        mine = (attempts.c.tenant == tx.tenant) & attempts.c.notification_id.in_(told)
        await tx.execute(delete(attempts).where(mine))
        await tx.execute(delete(notifications).where(owed))
        await tx.execute(delete(webhooks).where(_this(tx, webhook_id)))

    async def find(self, tx: Transaction, webhook_id: str, *, locked: bool = False) -> Webhook | None:
        """One of the tenant; `locked` until the transaction ends."""
        query = select(webhooks).where(_this(tx, webhook_id))
        row = (await tx.execute(query.with_for_update() if locked else query)).one_or_none()
        return _webhook(row) if row else None

    async def all(self, tx: Transaction) -> list[Webhook]:
        """Those of the tenant, oldest first; they are few."""
        query = select(webhooks).where(webhooks.c.tenant == tx.tenant)
        rows = await tx.execute(query.order_by(webhooks.c.created_at, webhooks.c.webhook_id))
        return [_webhook(row) for row in rows]


class NotificationStore:
    """Notifications and attempts."""

    async def add(self, tx: Transaction, new: Sequence[Notification]) -> None:
        """Owe these; those that are owed already stay as they are."""
        await insert_new(tx, notifications, [{"tenant": tx.tenant, **asdict(one)} for one in new])

    async def find(self, tx: Transaction, webhook_id: str, notification_id: str) -> Notification | None:
        """One of a webhook."""
        query = select(notifications).where(_that(tx, notification_id), notifications.c.webhook_id == webhook_id)
        row = (await tx.execute(query)).one_or_none()
        return _notification(row) if row else None

    async def newest(
        self, tx: Transaction, webhook_id: str, state: NotificationState | None, limit: int, after: Place | None
    ) -> list[Notification]:
        """Those of a webhook, newest first."""
        query = select(notifications).where(
            notifications.c.tenant == tx.tenant, notifications.c.webhook_id == webhook_id
        )
        if state is not None:
            query = query.where(notifications.c.state == state)
        if after is not None:
            at, identity = after
            is_older = notifications.c.created_at < at
            is_same = (notifications.c.created_at == at) & (notifications.c.notification_id < identity)
            query = query.where(is_older | is_same)
        order = notifications.c.created_at.desc(), notifications.c.notification_id.desc()
        return [_notification(row) for row in await tx.execute(query.order_by(*order).limit(limit))]

    async def counts(self, tx: Transaction) -> dict[tuple[str, str], int]:
        """How many notifications each webhook of the tenant has in each state."""
        key = notifications.c.webhook_id, notifications.c.state
        query = select(*key, func.count().label("number")).where(notifications.c.tenant == tx.tenant).group_by(*key)
        return {(row.webhook_id, row.state): row.number for row in await tx.execute(query)}

    async def replay(self, tx: Transaction, notification_id: str, tries: int, now: datetime) -> None:
        """Make one due now, with so many tries."""
        values = {"state": WAITING, "tries_left": tries, "due_at": now, "error": None}
        await tx.execute(update(notifications).where(_that(tx, notification_id)).values(**values))

    async def attempts(self, tx: Transaction, notification_id: str) -> list[Attempt]:
        """The attempts at one, oldest first."""
        mine = (attempts.c.tenant == tx.tenant) & (attempts.c.notification_id == notification_id)
        rows = await tx.execute(select(attempts).where(mine).order_by(attempts.c.number))
        return [Attempt(**_without_tenant(row)) for row in rows]

    async def claim(
        self, tx: Transaction, now: datetime, lease: timedelta, most: int, most_each: int, but: Collection[str] = ()
    ) -> list[tuple[str, Notification]]:
        """Take due notifications of every tenant, of each webhook only a few, of some none: a slow one holds up nobody.

        They are due again after the lease: whoever took them may have died. With each its tenant.
        """
        due = (notifications.c.state == WAITING) & (notifications.c.due_at <= now)
        same = notifications.c.tenant, notifications.c.webhook_id
        order = notifications.c.due_at, notifications.c.notification_id
        place = func.row_number().over(partition_by=same, order_by=order).label("place")
        queue = (
            select(notifications.c.notification_id, notifications.c.due_at, place)
            .join(webhooks, _is_told(but))
            .where(due)
            .subquery()
        )
        next_ones = select(queue.c.notification_id).where(queue.c.place <= most_each).order_by(queue.c.due_at)
        ids = list((await tx.execute(next_ones.limit(most))).scalars())
        if not ids:
            return []
        taken = update(notifications).where(notifications.c.notification_id.in_(ids), due)  # by nobody else meanwhile
        values = {"due_at": now + lease, "attempts": notifications.c.attempts + 1}
        rows = await tx.execute(taken.values(**values).returning(notifications))
        return [(row.tenant, _notification(row)) for row in rows]

    async def next_due(self, tx: Transaction, but: Collection[str] = ()) -> datetime | None:
        """When the next notification of any tenant is due; those of some webhooks do not count."""
        query = select(notifications.c.due_at).join(webhooks, _is_told(but)).where(notifications.c.state == WAITING)
        return (await tx.execute(query.order_by(notifications.c.due_at).limit(1))).scalar_one_or_none()

    async def settle(self, tx: Transaction, attempt: Attempt, **values: Any) -> None:
        """Write down an attempt and what it made of its notification, if that is still there."""
        own = _that(tx, attempt.notification_id)
        if (await tx.execute(update(notifications).where(own).values(**values))).rowcount:
            await insert_new(tx, attempts, [{"tenant": tx.tenant, **asdict(attempt)}])

    async def clean(self, tx: Transaction, before: datetime) -> None:
        """Delete what every tenant's log has from before a time; what waits stays."""
        old = (notifications.c.state != WAITING) & (notifications.c.created_at < before)
        told = select(notifications.c.notification_id).where(old)
        await tx.execute(delete(attempts).where(attempts.c.notification_id.in_(told)))
        await tx.execute(delete(notifications).where(old))


def _is_told(but: Collection[str]) -> Any:
    """A notification's webhook, if it may be told something now."""
    same = (webhooks.c.tenant == notifications.c.tenant) & (webhooks.c.webhook_id == notifications.c.webhook_id)
    return same & webhooks.c.is_active & webhooks.c.webhook_id.not_in(sorted(but))


def _this(tx: Transaction, webhook_id: str) -> Any:
    return (webhooks.c.tenant == tx.tenant) & (webhooks.c.webhook_id == webhook_id)


def _that(tx: Transaction, notification_id: str) -> Any:
    return (notifications.c.tenant == tx.tenant) & (notifications.c.notification_id == notification_id)


def _webhook(row: Row[Any]) -> Webhook:
    return Webhook(**_without_tenant(row))


def _notification(row: Row[Any]) -> Notification:
    return Notification(**{**_without_tenant(row), "state": NotificationState(row.state)})


def _without_tenant(row: Row[Any]) -> dict[str, Any]:
    return {name: value for name, value in row._mapping.items() if name != "tenant"}
