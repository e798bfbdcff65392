"""What models take; how calls ended, and whether their reply was asked for once more."""

import sqlalchemy as sa
from alembic import op

revision = "0002_capabilities"
down_revision = "0001_initial"


def upgrade() -> None:
    with op.batch_alter_table("calls") as calls:
        calls.add_column(sa.Column("finish_reason", sa.String(32), nullable=False, server_default="stop"))
        calls.add_column(sa.Column("is_repaired", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "capabilities",
        sa.Column("tenant", sa.String(64), primary_key=True, nullable=False),
        sa.Column("endpoint", sa.String(40), primary_key=True, nullable=False),
        sa.Column("model", sa.String(120), primary_key=True, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("capabilities", sa.JSON),
        sa.Column("dimensions", sa.Integer),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("prompt_tokens", sa.Integer, nullable=False),
        sa.Column("completion_tokens", sa.Integer, nullable=False),
    )
