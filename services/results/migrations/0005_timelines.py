"""Which timeline is the present one, and where on it a response is."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument

revision = "0005_timelines"
down_revision = "0004_elicitation"


def upgrade() -> None:
    op.add_column("steps", sa.Column("timeline_id", sa.String(64), nullable=False, server_default="main"))
    for table in ("steps", "responses"):
        op.add_column(table, sa.Column("step_place", sa.Integer, nullable=False, server_default="0"))
    op.add_column("progress", sa.Column("timeline", JsonDocument))
