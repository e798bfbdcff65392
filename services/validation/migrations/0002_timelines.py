"""Which timeline is the present one, and where on it a turn is."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument

revision = "0002_timelines"
down_revision = "0001_initial"


def upgrade() -> None:
    op.add_column("turns", sa.Column("step_place", sa.Integer, nullable=False, server_default="0"))
    op.add_column("simulations", sa.Column("timeline", JsonDocument))
