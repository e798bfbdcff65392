"""Executions that differ in their configuration alone, and ways of asking that an execution has of its own."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument, UtcDateTime

revision = "0003_robustness"
down_revision = "0002_designs"


def upgrade() -> None:
    op.add_column("executions", sa.Column("elicitation", sa.String(32)))
    op.create_table(
        "robustness",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("intervention_id", sa.String(64), nullable=False),
        sa.Column("requested_at", UtcDateTime, nullable=False),
        sa.Column("configurations", JsonDocument, nullable=False),
    )
    op.create_index("robustness_by_intervention", "robustness", ["tenant", "intervention_id", "id"])
