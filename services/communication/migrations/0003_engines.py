"""What runs the turns of a simulation; null where it was created before there was a choice."""

import sqlalchemy as sa
from alembic import op

revision = "0003_engines"
down_revision = "0002_conversations"


def upgrade() -> None:
    op.add_column("simulations", sa.Column("engine", sa.String(64)))
