"""HTTP resources of what webhooks were told: the log of deliveries, and sending one again."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from libs.http import Cursor, Limit, Page, Read, Write, decode_cursor, page
from services.webhooks.api.access import Webhooks
from services.webhooks.domain.webhook import Attempt, Notification, NotificationState

router = APIRouter(prefix="/webhooks/{webhook_id}/notifications")


class NotificationView(BaseModel):
    """One event for one webhook."""

    id: str
    event: str
    event_id: str = Field(description="The `webhook-id` of the message, the same in every attempt.")
    correlation_id: str
    state: NotificationState
    attempts: int
    created_at: datetime
    due_at: datetime | None = Field(description="When it is tried next; null when it is not.")
    error: str | None = Field(description="Why the last attempt failed.")

    @classmethod
    def of(cls, one: Notification) -> "NotificationView":
        """As it is shown."""
        return cls(**_shown(one))


class AttemptView(BaseModel):
    """One request that was made."""

    number: int
    at: datetime
    took_ms: int
    status: int | None = Field(description="Of the answer; null when none came, or the address was refused.")
    error: str | None

    @classmethod
    def of(cls, attempt: Attempt) -> "AttemptView":
        """As it is shown."""
        return cls(**{name: getattr(attempt, name) for name in cls.model_fields})


class NotificationDetail(NotificationView):
    """One notification with the body that is sent and every attempt, oldest first."""

    body: str
    tried: list[AttemptView]


@router.get("")
async def list_notifications(
    webhook_id: str,
    service: Webhooks,
    tx: Read,
    state: NotificationState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[NotificationView]:
    """What a webhook was told or is to be told, newest first."""
    key = decode_cursor(cursor, str, str)
    after = (datetime.fromisoformat(key[0]), key[1]) if key else None
    found = await service.notifications(tx, webhook_id, state, limit + 1, after)
    return page(found, limit, NotificationView.of, lambda one: (one.created_at.isoformat(), one.notification_id))


@router.get("/{notification_id}")
async def show_notification(webhook_id: str, notification_id: str, service: Webhooks, tx: Read) -> NotificationDetail:
    """One notification: what is sent, and what came of each attempt."""
    found, attempts = await service.notification(tx, webhook_id, notification_id)
    return NotificationDetail(**_shown(found), body=found.body, tried=[AttemptView.of(each) for each in attempts])


@router.post("/{notification_id}/replay", status_code=202)
async def replay_notification(webhook_id: str, notification_id: str, service: Webhooks, tx: Write) -> NotificationView:
    """Send a notification again now: the same bytes under the same id, signed anew."""
    return NotificationView.of(await service.replay(tx, webhook_id, notification_id))


def _shown(one: Notification) -> dict[str, object]:
    same = NotificationView.model_fields.keys() - {"id", "due_at"}
    waits = one.state is NotificationState.WAITING
    return {"id": one.notification_id, "due_at": one.due_at if waits else None} | {n: getattr(one, n) for n in same}
