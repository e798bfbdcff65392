"""The first tables."""

import sqlalchemy as sa
from alembic import op

from libs.bus import tables as bus_tables
from libs.db import JsonDocument, UtcDateTime

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    bus_tables.create()
    op.create_table(
        "webhooks",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("webhook_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("events", JsonDocument, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("secret_number", sa.Integer, nullable=False),
        sa.Column("old_secret_until", UtcDateTime),
        sa.Column("created_by", sa.String(250), nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("stopped_because", sa.Text),
    )
    op.create_table(
        "notifications",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("notification_id", sa.String(64), primary_key=True),
        sa.Column("webhook_id", sa.String(64), nullable=False),
        sa.Column("event_id", sa.String(255), nullable=False),
        sa.Column("event", sa.String(64), nullable=False),
        sa.Column("correlation_id", sa.String(255), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("tries_left", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("due_at", UtcDateTime, nullable=False),
        sa.Column("error", sa.Text),
    )
    op.create_index("notifications_of_webhook", "notifications", ["tenant", "webhook_id", "created_at"])
    waiting = sa.text("state = 'waiting'")
    op.create_index("notifications_due", "notifications", ["due_at"], sqlite_where=waiting, postgresql_where=waiting)
    op.create_table(
        "attempts",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("notification_id", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("took_ms", sa.Integer, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("error", sa.Text),
    )
