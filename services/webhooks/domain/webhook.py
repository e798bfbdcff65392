"""What is kept: a webhook, the notifications it is owed, and each attempt at one.

A notification is one event for one webhook, whole as it is sent; its id follows from both, so the same event makes it
once. `waiting` is due at a time, `sent` was answered with 2xx, `dead` is tried no more until somebody replays it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from libs.contracts.envelope import Envelope
from libs.contracts.ids import derived_id


class NotificationState(StrEnum):
    """How far a notification is."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of some kinds of events. `secret_number` counts rotations of its secret."""

    webhook_id: str
    name: str
    url: str
    events: Sequence[str]
    is_active: bool
    secret_number: int
    old_secret_until: datetime | None
    created_by: str
    created_at: datetime
    stopped_because: str | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """One event for one webhook."""

    notification_id: str
    webhook_id: str
    event_id: str
    event: str
    correlation_id: str
    body: str
    state: NotificationState
    attempts: int
    tries_left: int
    created_at: datetime
    due_at: datetime
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request that was made, or refused to be made; `status` is the receiver's, None when none came."""

    notification_id: str
    number: int
    at: datetime
    took_ms: int
    status: int | None
    error: str | None


def notification_id(webhook_id: str, event: Envelope) -> str:
    """The id of an event's notification of a webhook."""
    return f"ntf_{derived_id('notification', webhook_id, event.source, event.id).hex}"
