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
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("population_id", sa.String(128), nullable=False),
        sa.Column("intervention_id", sa.String(64)),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "plans",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("plan", JsonDocument, nullable=False),
        sa.Column("plan_hash", sa.String(64), nullable=False),
    )
    op.create_table(
        "steps",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("step_id", sa.String(128), primary_key=True),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("instruments", JsonDocument, nullable=False),
        sa.Column("planned", JsonDocument, nullable=False),
    )
    op.create_table(
        "responses",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("turn_id", sa.String(64), primary_key=True),
        sa.Column("agent_id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("segment", sa.Text),
        sa.Column("arm", sa.Text, nullable=False),
        sa.Column("timeline_id", sa.String(128), nullable=False),
        sa.Column("step_id", sa.String(128), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("failure", sa.Text),
        sa.Column("response", sa.Text),
        sa.Column("reasoning", sa.Text),
        sa.Column("confidence", sa.Float),
        sa.Column("sentiment", sa.Float),
        sa.Column("answers", JsonDocument, nullable=False),
        sa.Column("demographic_profile", JsonDocument, nullable=False),
        sa.Column("usage", JsonDocument, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("responded_at", UtcDateTime, nullable=False),
    )
    op.create_index("responses_by_agent", "responses", ["tenant", "simulation_id", "agent_id", "turn_id"])
    op.create_table(
        "progress",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("recorded", sa.Integer, nullable=False),
        sa.Column("expected", sa.Integer),
        sa.Column("cause", JsonDocument),
        sa.Column("looks", sa.Integer, nullable=False),
        sa.Column("ended", sa.String(16)),
    )
    op.create_table(
        "analyses",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("look", sa.Integer, primary_key=True),
        sa.Column("analysis", JsonDocument, nullable=False),
        sa.Column("description", JsonDocument, nullable=False),
        sa.Column("analysed_at", UtcDateTime, nullable=False),
    )
