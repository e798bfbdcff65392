"""How an extraction ended that did not get everything, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0007_extraction_ends"
down_revision = "0006_actions"


def upgrade() -> None:
    op.add_column("extractions", sa.Column("ended", sa.String(16)))
    op.add_column("extractions", sa.Column("reason", sa.Text))
