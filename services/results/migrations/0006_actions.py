"""What agents did besides thinking and speaking, and whom they spoke to."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument

revision = "0006_actions"
down_revision = "0005_timelines"


def upgrade() -> None:
    op.add_column("responses", sa.Column("actions", JsonDocument))
