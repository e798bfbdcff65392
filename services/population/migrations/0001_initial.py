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
        "populations",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("document", JsonDocument, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("generated", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("ready_at", UtcDateTime),
    )
    op.create_table(
        "agents",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("population_id", sa.String(64), primary_key=True),
        sa.Column("agent_index", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("segment", sa.Text),
        sa.Column("document", JsonDocument, nullable=False),
    )
    op.create_index("agents_by_segment", "agents", ["tenant", "population_id", "segment", "agent_index"])
    op.create_table(
        "summaries",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("population_id", sa.String(64), primary_key=True),
        sa.Column("start", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("segment", sa.Text),
        sa.Column("document", JsonDocument, nullable=False),
    )
