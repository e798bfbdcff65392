"""Accounts: what simulations and tenants may spend, have spent, and have reserved for calls in flight."""

import sqlalchemy as sa
from alembic import op

revision = "0003_accounts"
down_revision = "0002_capabilities"


def upgrade() -> None:
    with op.batch_alter_table("calls") as calls:
        calls.add_column(sa.Column("reserved_tokens", sa.Integer, nullable=False, server_default="0"))
        calls.add_column(sa.Column("reserved_cost_usd", sa.Float, nullable=False, server_default="0"))
    op.create_table(
        "accounts",
        sa.Column("tenant", sa.String(64), primary_key=True, nullable=False),
        sa.Column("simulation_id", sa.String(64), primary_key=True, nullable=False),
        sa.Column("is_decided", sa.Boolean, nullable=False),
        sa.Column("cap_cost_usd", sa.Float),
        sa.Column("cap_tokens", sa.BigInteger),
        sa.Column("cap_calls", sa.BigInteger),
        sa.Column("spent_cost_usd", sa.Float, nullable=False),
        sa.Column("spent_tokens", sa.BigInteger, nullable=False),
        sa.Column("spent_calls", sa.BigInteger, nullable=False),
        sa.Column("reserved_cost_usd", sa.Float, nullable=False),
        sa.Column("reserved_tokens", sa.BigInteger, nullable=False),
        sa.Column("reserved_calls", sa.BigInteger, nullable=False),
    )
    op.execute("""
        INSERT INTO accounts (tenant, simulation_id, is_decided, spent_cost_usd, spent_tokens, spent_calls,
                              reserved_cost_usd, reserved_tokens, reserved_calls)
        SELECT tenant, simulation_id, false, sum(cost_usd), sum(prompt_tokens + completion_tokens),
               sum(CASE WHEN state IN ('finished', 'failed') THEN 1 ELSE 0 END),
               0, 0, sum(CASE WHEN state = 'reserved' THEN 1 ELSE 0 END)
        FROM calls WHERE simulation_id <> '' GROUP BY tenant, simulation_id
        UNION ALL
        SELECT tenant, '', false, sum(cost_usd), sum(prompt_tokens + completion_tokens),
               sum(CASE WHEN state IN ('finished', 'failed') THEN 1 ELSE 0 END),
               0, 0, sum(CASE WHEN state = 'reserved' THEN 1 ELSE 0 END)
        FROM calls GROUP BY tenant
    """)
