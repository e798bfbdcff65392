"""Up to which place of its feed the aggregates of a simulation were published; earlier simulations need none."""

import sqlalchemy as sa
from alembic import op

from libs.db import UtcDateTime

revision = "0010_live"
down_revision = "0009_feed"


def upgrade() -> None:
    op.add_column("progress", sa.Column("shown_place", sa.Integer, nullable=False, server_default="0"))
    op.add_column("progress", sa.Column("shown_at", UtcDateTime))
    op.execute("UPDATE progress SET shown_place = places")
