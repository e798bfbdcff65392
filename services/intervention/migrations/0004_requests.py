"""What systems outside asked for over the bus, and what became of it."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument, UtcDateTime

revision = "0004_requests"
down_revision = "0003_robustness"


def upgrade() -> None:
    op.create_table(
        "requests",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("request_id", sa.String(128), primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("sent_at", UtcDateTime, nullable=False),
        sa.Column("handled_at", UtcDateTime, nullable=False),
        sa.Column("intervention_id", sa.String(64)),
        sa.Column("simulation_id", sa.String(64)),
        sa.Column("errors", JsonDocument, nullable=False),
    )
    op.create_index("requests_newest", "requests", ["tenant", "handled_at", "request_id"])
    op.create_index("requests_by_intervention", "requests", ["tenant", "intervention_id", "sent_at"])
