"""Stories of simulations."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument, UtcDateTime

revision = "0004_stories"
down_revision = "0003_engines"


def upgrade() -> None:
    op.create_table(
        "stories",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("story_id", sa.String(64), primary_key=True),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("spec", JsonDocument, nullable=False),
        sa.Column("notes", JsonDocument, nullable=False),
        sa.Column("through", sa.BigInteger, nullable=False),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("usage", JsonDocument, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
