"""Themes that a model found in the texts of a simulation, the newest of each field."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument, UtcDateTime

revision = "0011_codings"
down_revision = "0010_live"


def upgrade() -> None:
    op.create_table(
        "codings",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("field", sa.String(200), primary_key=True),
        sa.Column("document", JsonDocument, nullable=False),
        sa.Column("coded_at", UtcDateTime, nullable=False),
    )
