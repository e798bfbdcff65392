"""Tables of the webhooks service: webhooks, notifications with what they say, and every attempt. No secrets."""

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, Text, text

from libs.bus import tables as bus_tables
from libs.db import JsonDocument, UtcDateTime, tenant_column

metadata = MetaData()
bus_tables.attach(metadata)

webhooks = Table(
    "webhooks",
    metadata,
    tenant_column(),
    Column("webhook_id", String(64), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("url", Text, nullable=False),
    Column("events", JsonDocument, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("secret_number", Integer, nullable=False),
    Column("old_secret_until", UtcDateTime),
    Column("created_by", String(250), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("stopped_because", Text),
)

notifications = Table(
    "notifications",
    metadata,
    tenant_column(),
    Column("notification_id", String(64), primary_key=True),
    Column("webhook_id", String(64), nullable=False),
    Column("event_id", String(255), nullable=False),
    Column("event", String(64), nullable=False),
    Column("correlation_id", String(255), nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("tries_left", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("error", Text),
)
Index("notifications_of_webhook", notifications.c.tenant, notifications.c.webhook_id, notifications.c.created_at)
_WAITING = text("state = 'waiting'")
Index("notifications_due", notifications.c.due_at, sqlite_where=_WAITING, postgresql_where=_WAITING)

attempts = Table(
    "attempts",
    metadata,
    tenant_column(),
    Column("notification_id", String(64), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("status", Integer),
    Column("error", Text),
)
