"""The step that a response was given at; null: recorded before it was kept."""

import sqlalchemy as sa
from alembic import op

revision = "0007_steps"
down_revision = "0006_simulations"


def upgrade() -> None:
    op.add_column("responses", sa.Column("step_id", sa.String(128)))
