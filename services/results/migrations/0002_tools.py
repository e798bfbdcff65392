"""Extractions, and what was shown in each step."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument, UtcDateTime

revision = "0002_tools"
down_revision = "0001_initial"


def upgrade() -> None:
    with op.batch_alter_table("steps") as steps:
        steps.add_column(sa.Column("stimuli", JsonDocument))
    op.create_table(
        "extractions",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("extraction_id", sa.String(64), primary_key=True),
        sa.Column("spec", JsonDocument, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("ways", JsonDocument, nullable=False),
        sa.Column("planned", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "extracted",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("extraction_id", sa.String(64), primary_key=True),
        sa.Column("agent_id", sa.String(64), primary_key=True),
        sa.Column("arm", sa.String(120), primary_key=True),
        sa.Column("document", JsonDocument, nullable=False),
        sa.Column("is_failed", sa.Boolean, nullable=False),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("cached_calls", sa.Integer, nullable=False),
        sa.Column("prompt_tokens", sa.Integer, nullable=False),
        sa.Column("completion_tokens", sa.Integer, nullable=False),
        sa.Column("cost_usd", sa.Float, nullable=False),
    )
