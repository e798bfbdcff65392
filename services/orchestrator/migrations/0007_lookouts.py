"""When the deadlines were last looked at, by whichever process."""

import sqlalchemy as sa
from alembic import op

revision = "0007_lookouts"
down_revision = "0006_studies"


def upgrade() -> None:
    op.create_table(
        "lookouts",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
    )
