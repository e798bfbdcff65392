"""The ledger of calls."""

import sqlalchemy as sa
from alembic import op

revision = "0001_initial"
down_revision = None

_RESERVED = sa.text("state = 'reserved'")


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("tenant", sa.String(64), primary_key=True, nullable=False),
        sa.Column("call_key", sa.String(64), primary_key=True, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("simulation_id", sa.String(64), nullable=False),
        sa.Column("asked_model", sa.String(120), nullable=False),
        sa.Column("model", sa.String(120), nullable=False),
        sa.Column("owner", sa.String(200), nullable=False),
        sa.Column("reserved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reserved_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True)),
        sa.Column("content", sa.Text),
        sa.Column("failure", sa.Text),
        sa.Column("is_answered", sa.Boolean, nullable=False),
        sa.Column("is_priced", sa.Boolean, nullable=False),
        sa.Column("prompt_tokens", sa.Integer, nullable=False),
        sa.Column("completion_tokens", sa.Integer, nullable=False),
        sa.Column("cost_usd", sa.Float, nullable=False),
        sa.Column("latency_ms", sa.Float, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("orphaned", sa.Integer, nullable=False),
    )
    op.create_index("calls_by_simulation", "calls", ["tenant", "simulation_id"])
    op.create_index("calls_reserved", "calls", ["owner"], sqlite_where=_RESERVED, postgresql_where=_RESERVED)
    op.create_table(
        "cache_hits",
        sa.Column("tenant", sa.String(64), primary_key=True, nullable=False),
        sa.Column("simulation_id", sa.String(64), primary_key=True, nullable=False),
        sa.Column("asked_model", sa.String(120), primary_key=True, nullable=False),
        sa.Column("calls", sa.Integer, nullable=False),
    )
