"""Sends what is owed. A notification is claimed for a while, told, and settled; whoever dies in between leaves it to be
claimed again, so a receiver may hear it twice, under the same id, and never not at all.
"""

import asyncio
import logging
import random
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from libs.db import EVERY_TENANT, Database, TenantErasedError, log_failure
from services.webhooks.adapters import Receivers
from services.webhooks.domain.retry import Told, delay_s
from services.webhooks.domain.webhook import Attempt, Notification, NotificationState
from services.webhooks.service.secrets import Secrets
from services.webhooks.settings import Settings
from services.webhooks.store import NotificationStore, WebhookStore

log = logging.getLogger(__name__)
LOOK_S = 5.0  # the longest sleep: another process may have written something
TROUBLE_S = 1.0
MARGIN_S = 20.0  # a claim outlives the longest request by this much
CLEANING = timedelta(hours=6)
CONTENT_TYPE = "application/cloudevents+json"
GONE = "the receiver answered 410: it wants to hear nothing more"


class Dispatcher:
    """One loop; several processes may each have one."""

    def __init__(self, database: Database, receivers: Receivers, secrets: Secrets, settings: Settings) -> None:
        self._database = database
        self._receivers = receivers
        self._secrets = secrets
        self._settings = settings
        self._webhooks = WebhookStore()
        self._notifications = NotificationStore()
        self._chance = random.Random()  # noqa: S311 - spreads retries
        self._bell = asyncio.Event()
        self._busy: dict[asyncio.Task[None], str] = {}
        self._task: asyncio.Task[None] | None = None
        self._cleaned_at = datetime.min.replace(tzinfo=UTC)

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="webhooks dispatcher")

    def wake(self) -> None:
        """There is something new to send."""
        self._bell.set()

    async def stop(self) -> None:
        """Claim nothing more and finish what is being told."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        if self._busy:
            await asyncio.wait(self._busy.keys(), timeout=self._settings.timeout_s)

    async def _run(self) -> None:
        while True:
            self._bell.clear()
            try:
                pause = await self._round()
            except Exception as error:  # what is owed waits in the database
                log_failure(log, "notifications wait", error)
                pause = TROUBLE_S
            with suppress(TimeoutError):  # not wait_for, which may forget that it was cancelled (CPython 86296)
                async with asyncio.timeout(pause):
                    await self._bell.wait()

    async def _round(self) -> float:
        """Begin to send what is due; how long until there may be more."""
        now = datetime.now(UTC)
        if now - self._cleaned_at > CLEANING:
            async with self._database.write(tenant=EVERY_TENANT) as tx:
                await self._notifications.clean(tx, now - timedelta(days=self._settings.kept_days))
            self._cleaned_at = now
        under_way = Counter(self._busy.values())
        full = [webhook for webhook, number in under_way.items() if number >= self._settings.at_once_each]
        async with self._database.read(tenant=EVERY_TENANT) as tx:
            due_at = await self._notifications.next_due(tx, full)
        if due_at is None or due_at > now:
            return LOOK_S if due_at is None else min((due_at - now).total_seconds(), LOOK_S)
        room = self._settings.at_once - len(self._busy)
        if not room:
            return LOOK_S  # the bell rings when one is done
        lease = timedelta(seconds=self._settings.timeout_s + MARGIN_S)
        async with self._database.write(tenant=EVERY_TENANT) as tx:
            claimed = await self._notifications.claim(tx, now, lease, room, self._settings.at_once_each, full)
        for tenant, notification in claimed:
            task = asyncio.create_task(self._send(tenant, notification))
            self._busy[task] = notification.webhook_id
            task.add_done_callback(self._done)
        return LOOK_S if not claimed else 0.0

    def _done(self, task: "asyncio.Task[None]") -> None:
        del self._busy[task]
        self._bell.set()
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("a notification was not settled and is sent again: %r", error)

    async def _send(self, tenant: str, notification: Notification) -> None:
        async with self._database.read(tenant=tenant) as tx:
            webhook = await self._webhooks.find(tx, notification.webhook_id)
        if webhook is None:  # deleted a moment ago, with all its notifications
            return
        now, body = datetime.now(UTC), notification.body.encode()
        headers = {
            **self._secrets.sign(tenant, webhook, notification.event_id, body, now),
            "content-type": CONTENT_TYPE,
            "x-correlation-id": notification.correlation_id,
        }
        told = await self._receivers.tell(webhook.url, body, headers)
        attempt = Attempt(
            notification.notification_id, notification.attempts, now, told.took_ms, told.status, told.error
        )
        with suppress(TenantErasedError):
            async with self._database.write(tenant=tenant) as tx:
                await self._notifications.settle(tx, attempt, **self._outcome(notification, told))
                if told.is_gone:
                    await self._webhooks.change(tx, replace(webhook, is_active=False, stopped_because=GONE))

    def _outcome(self, notification: Notification, told: Told) -> dict[str, Any]:
        """What an attempt makes of its notification."""
        left = notification.tries_left - 1
        outcome: dict[str, Any] = {"tries_left": left, "error": told.error}
        if told.is_taken:
            return outcome | {"state": NotificationState.SENT}
        if told.is_gone or left <= 0:
            return outcome | {"state": NotificationState.DEAD}
        tries_done = self._settings.tries - left
        wait = delay_s(tries_done, self._settings.first_retry_s, told.retry_after_s, self._chance)
        return outcome | {"due_at": datetime.now(UTC) + timedelta(seconds=wait)}
