"""Use cases of webhooks; the edge that calls them owns the transaction.

What an event owes to whom is written in the transaction of its message, and sent afterwards by the dispatcher.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

from libs.contracts.base import MessageData
from libs.contracts.envelope import Message
from libs.contracts.errors import ConflictError, InvalidError, NotFoundError
from libs.contracts.ids import new_id
from libs.contracts.webhooks import EVENTS, WebhookChange, WebhookSpec
from libs.db import Transaction
from services.webhooks.adapters import Receivers
from services.webhooks.domain.webhook import Attempt, Notification, NotificationState, Webhook, notification_id
from services.webhooks.service.dispatcher import Dispatcher
from services.webhooks.service.secrets import Secrets
from services.webhooks.settings import Settings
from services.webhooks.store import NotificationStore, Place, WebhookStore


class Standing(NamedTuple):
    """A webhook, and how many notifications it has in each state."""

    webhook: Webhook
    counts: Mapping[NotificationState, int]


class Service:
    """All of them."""

    def __init__(self, settings: Settings, secrets: Secrets, receivers: Receivers, dispatcher: Dispatcher) -> None:
        self._settings = settings
        self._secrets = secrets
        self._receivers = receivers
        self._dispatcher = dispatcher
        self._webhooks = WebhookStore()
        self._notifications = NotificationStore()

    async def start(self) -> None:
        """Send what is owed."""
        await self._receivers.start()
        self._dispatcher.start()

    async def stop(self) -> None:
        """Finish what is being sent; the rest is sent after the next start."""
        await self._dispatcher.stop()
        await self._receivers.stop()

    async def check_url(self, url: str | None) -> None:
        """Raise `InvalidError` for an address that may not be told anything. Not inside a transaction: it may wait."""
        if url is not None:
            await self._receivers.check(url)

    async def create(self, tx: Transaction, spec: WebhookSpec, created_by: str) -> tuple[Webhook, str]:
        """A new webhook and its secret."""
        self._secrets.check()
        if len(await self._webhooks.all(tx)) >= self._settings.most_webhooks:
            raise ConflictError(f"A tenant has at most {self._settings.most_webhooks} webhooks; delete one first.")
        webhook = Webhook(
            webhook_id=new_id("whk"),
            name=spec.name,
            url=spec.url,
            events=_known(spec.events),
            is_active=True,
            secret_number=1,
            old_secret_until=None,
            created_by=created_by,
            created_at=datetime.now(UTC),
        )
        await self._webhooks.add(tx, webhook)
        return webhook, self._secrets.of(tx.tenant, webhook)

    async def standings(self, tx: Transaction) -> list[Standing]:
        """Every webhook of the tenant."""
        counts = await self._notifications.counts(tx)
        return [_standing(webhook, counts) for webhook in await self._webhooks.all(tx)]

    async def standing(self, tx: Transaction, webhook_id: str) -> Standing:
        """One webhook. Raises `NotFoundError`."""
        return _standing(await self._find(tx, webhook_id), await self._notifications.counts(tx))

    async def change(self, tx: Transaction, webhook_id: str, change: WebhookChange) -> None:
        """Make it different. What waits goes to the new address."""
        given: dict[str, Any] = change.model_dump(exclude_none=True)
        if change.events is not None:
            given["events"] = _known(change.events)
        if change.is_active:
            given["stopped_because"] = None
        webhook = await self._find(tx, webhook_id, locked=True)
        await self._webhooks.change(tx, replace(webhook, **given))
        tx.after_commit(self._dispatcher.wake)

    async def rotate(self, tx: Transaction, webhook_id: str, overlap: timedelta) -> tuple[Webhook, str]:
        """Give it a new secret; the one before signs too until the overlap is over."""
        webhook = await self._find(tx, webhook_id, locked=True)
        until = datetime.now(UTC) + overlap if overlap else None
        rotated = replace(webhook, secret_number=webhook.secret_number + 1, old_secret_until=until)
        await self._webhooks.change(tx, rotated)
        return rotated, self._secrets.of(tx.tenant, rotated)

    async def remove(self, tx: Transaction, webhook_id: str) -> None:
        """Delete it with its log; what waits is not sent."""
        await self._find(tx, webhook_id, locked=True)
        await self._webhooks.remove(tx, webhook_id)

    async def notifications(
        self, tx: Transaction, webhook_id: str, state: NotificationState | None, limit: int, after: Place | None
    ) -> list[Notification]:
        """What it was told, or is to be told, newest first."""
        await self._find(tx, webhook_id)
        return await self._notifications.newest(tx, webhook_id, state, limit, after)

    async def notification(
        self, tx: Transaction, webhook_id: str, notification_id: str
    ) -> tuple[Notification, list[Attempt]]:
        """One notification and every attempt at it. Raises `NotFoundError`."""
        found = await self._notifications.find(tx, webhook_id, notification_id)
        if found is None:
            raise NotFoundError("notification", notification_id)
        return found, await self._notifications.attempts(tx, notification_id)

    async def replay(self, tx: Transaction, webhook_id: str, notification_id: str) -> Notification:
        """Send one again now, the same bytes under the same id, with all its tries."""
        webhook = await self._find(tx, webhook_id)
        await self.notification(tx, webhook_id, notification_id)
        if not webhook.is_active:
            raise ConflictError("The webhook is not active: nothing is sent to it. Activate it first.")
        await self._notifications.replay(tx, notification_id, self._settings.tries, datetime.now(UTC))
        tx.after_commit(self._dispatcher.wake)
        return (await self.notification(tx, webhook_id, notification_id))[0]

    async def owe(self, tx: Transaction, message: Message[MessageData]) -> None:
        """Write down who is to be told of an event."""
        name, envelope, now = message.data.contract.name, message.envelope, datetime.now(UTC)
        body = _body(message)
        owed = [
            Notification(
                notification_id=notification_id(webhook.webhook_id, envelope),
                webhook_id=webhook.webhook_id,
                event_id=envelope.id,
                event=name,
                correlation_id=envelope.correlationid,
                body=body,
                state=NotificationState.WAITING,
                attempts=0,
                tries_left=self._settings.tries,
                created_at=now,
                due_at=now,
            )
            for webhook in await self._webhooks.all(tx)
            if webhook.is_active and name in webhook.events and envelope.time >= webhook.created_at
        ]
        if owed:
            await self._notifications.add(tx, owed)
            tx.after_commit(self._dispatcher.wake)

    async def _find(self, tx: Transaction, webhook_id: str, *, locked: bool = False) -> Webhook:
        found = await self._webhooks.find(tx, webhook_id, locked=locked)
        if found is None:
            raise NotFoundError("webhook", webhook_id)
        return found


def _standing(webhook: Webhook, counts: Mapping[tuple[str, str], int]) -> Standing:
    return Standing(webhook, {state: counts.get((webhook.webhook_id, state), 0) for state in NotificationState})


def _known(events: Sequence[str]) -> list[str]:
    """Names of events, each once. Raises `InvalidError`."""
    if unknown := [name for name in events if name not in EVENTS]:
        raise InvalidError("events", f"there is no event {unknown[0]!r} for webhooks", EVENTS)
    return list(dict.fromkeys(events))


def _body(message: Message[MessageData]) -> str:
    """The event as one JSON document, as CloudEvents has it."""
    envelope = message.envelope
    document = {
        "specversion": "1.0",
        "id": envelope.id,
        "source": envelope.source,
        "type": envelope.type,
        "time": envelope.time.astimezone(UTC).isoformat(),
        "subject": envelope.subject,
        "datacontenttype": "application/json",
        "dataschema": envelope.dataschema,
        "correlationid": envelope.correlationid,
        "tenant": envelope.tenant,
        "data": message.data.model_dump(mode="json"),
    }
    return orjson.dumps(document).decode()
