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
        "interventions",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("design", JsonDocument, nullable=False),
    )
    op.create_table(
        "executions",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("intervention_id", sa.String(64), nullable=False),
        sa.Column("population_id", sa.String(128), nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("model", sa.String(64), nullable=False),
        sa.Column("requested_at", UtcDateTime, nullable=False),
        sa.Column("is_created", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("changed_at", UtcDateTime),
        sa.Column("plan", JsonDocument),
        sa.Column("plan_hash", sa.String(64)),
        sa.Column("analysis", JsonDocument),
        sa.Column("analysed_at", UtcDateTime),
    )
    op.create_index(
        "executions_by_intervention", "executions", ["tenant", "intervention_id", "requested_at", "simulation_id"]
    )
    op.create_table(
        "assignments",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("agent_id", sa.String(64), primary_key=True),
        sa.Column("arm", sa.Text, nullable=False),
        sa.Column("segment", sa.Text),
    )
    op.create_table(
        "populations",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("population_id", sa.String(128), primary_key=True),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("segments", JsonDocument, nullable=False),
    )
    op.create_table(
        "agents",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("population_id", sa.String(128), primary_key=True),
        sa.Column("agent_id", sa.String(64), primary_key=True),
        sa.Column("segment", sa.Text),
    )
    op.create_table(
        "responses",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("turn_id", sa.String(64), primary_key=True),
        sa.Column("agent_id", sa.String(64), nullable=False),
        sa.Column("arm", sa.Text, nullable=False),
        sa.Column("segment", sa.Text),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("answers", JsonDocument, nullable=False),
        sa.Column("document", JsonDocument, nullable=False),
    )
    op.create_index("responses_by_agent", "responses", ["tenant", "simulation_id", "agent_id", "turn_id"])
