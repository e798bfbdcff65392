"""Demographic templates of one's own."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument, UtcDateTime

revision = "0004_templates"
down_revision = "0003_roster"


def upgrade() -> None:
    op.create_table(
        "templates",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("document", JsonDocument, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
