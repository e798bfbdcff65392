"""Deliveries that count no more are closed, not complete; checkpoints know how they came about.

Checkpoints from before were made by hand: they have no origin.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005_closed_deliveries"
down_revision = "0004_assigned_arms"


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("closed_at", sa.DateTime(timezone=True)))
    op.add_column("checkpoints", sa.Column("origin", sa.String(16)))
    op.add_column("checkpoints", sa.Column("created_at", sa.DateTime(timezone=True)))
