"""Whom the steps of interactive simulations are for."""

import sqlalchemy as sa
from alembic import op

revision = "0002_audiences"
down_revision = "0001_initial"


def upgrade() -> None:
    op.create_table(
        "audiences",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("audience_id", sa.String(64), primary_key=True),
        sa.Column("groups", sa.JSON, nullable=False),
    )
