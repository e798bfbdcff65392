"""Which answers are not independent or not to be counted: who heard each other, and whom a condition chose."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument

revision = "0005_units"
down_revision = "0004_assigned_arms"


def upgrade() -> None:
    op.add_column("turns", sa.Column("cluster_id", sa.String(64)))
    op.add_column("steps", sa.Column("timeline_id", sa.String(64)))
    op.add_column("steps", sa.Column("arms", JsonDocument))
    op.add_column("steps", sa.Column("is_conditional", sa.Boolean))
