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
        "simulations",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text),
        sa.Column("model", sa.String(64)),
        sa.Column("state", sa.String(16)),
        sa.Column("changed_at", UtcDateTime),
        sa.Column("plan", JsonDocument),
        sa.Column("plan_hash", sa.String(64)),
    )
    op.create_table(
        "assignments",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("agent_id", sa.String(64), primary_key=True),
        sa.Column("arm", sa.Text, nullable=False),
    )
    op.create_table(
        "turns",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("turn_id", sa.String(64), primary_key=True),
        sa.Column("agent_id", sa.String(64), nullable=False),
        sa.Column("arm", sa.Text, nullable=False),
        sa.Column("timeline_id", sa.String(64), nullable=False),
        sa.Column("step_id", sa.String(64), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("failure", sa.Text),
        sa.Column("text_digest", sa.String(64)),
        sa.Column("answers", JsonDocument, nullable=False),
        sa.Column("usage", JsonDocument, nullable=False),
        sa.Column("responded_at", UtcDateTime, nullable=False),
    )
    op.create_index("turns_by_agent", "turns", ["tenant", "simulation_id", "agent_id", "turn_id"])
