"""Simulations know how often they were paused: deliveries from before a pause are not begun after it."""

import sqlalchemy as sa
from alembic import op

revision = "0009_pauses"
down_revision = "0008_models"


def upgrade() -> None:
    op.add_column("simulations", sa.Column("pauses", sa.Integer))
