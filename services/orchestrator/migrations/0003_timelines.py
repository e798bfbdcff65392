"""Checkpoints, and progress by timeline and step."""

import sqlalchemy as sa
from alembic import op

revision = "0003_timelines"
down_revision = "0002_audiences"


def upgrade() -> None:
    op.create_table(
        "step_progress",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("timeline_id", sa.String(64), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("arm", sa.String(120), primary_key=True),
        sa.Column("answered", sa.Integer, nullable=False),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("cached_calls", sa.Integer, nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger, nullable=False),
        sa.Column("completion_tokens", sa.BigInteger, nullable=False),
        sa.Column("cost_usd", sa.Float, nullable=False),
    )
    op.execute(
        "INSERT INTO step_progress (tenant, simulation_id, timeline_id, place, arm,"
        " answered, failed, calls, cached_calls, prompt_tokens, completion_tokens, cost_usd)"
        " SELECT tenant, simulation_id, 'main', 0, arm,"
        " answered, failed, calls, cached_calls, prompt_tokens, completion_tokens, cost_usd FROM progress"
    )
    op.drop_table("progress")
    op.create_table(
        "checkpoints",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("checkpoint_id", sa.String(64), primary_key=True),
        sa.Column("document", sa.JSON, nullable=False),
    )
