"""What grades A and B rest on: calibrations of simulators, and simulations rectified with answers of people."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument, UtcDateTime

revision = "0008_grades"
down_revision = "0007_extraction_ends"


def upgrade() -> None:
    op.create_table(
        "calibrations",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulator", sa.String(256), primary_key=True),
        sa.Column("document", JsonDocument, nullable=False),
        sa.Column("changed_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "rectifications",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("document", JsonDocument, nullable=False),
    )
