"""What tenants may use, and who came with a token in which month."""

import sqlalchemy as sa
from alembic import op

revision = "0002_quotas"
down_revision = "0001_initial"


def upgrade() -> None:
    op.create_table(
        "quotas",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("usd_per_month", sa.Float),
        sa.Column("calls_per_month", sa.BigInteger),
        sa.Column("running_simulations", sa.Integer),
        sa.Column("people", sa.Integer),
    )
    op.create_table(
        "people",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("subject", sa.String(250), primary_key=True),
        sa.Column("month", sa.String(7), primary_key=True),
    )
