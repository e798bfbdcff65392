"""Simulations know their model: what turns of a model take is estimated from earlier ones."""

import sqlalchemy as sa
from alembic import op

revision = "0008_models"
down_revision = "0007_request_states"


def upgrade() -> None:
    op.add_column("simulations", sa.Column("model", sa.String(64)))
    op.create_index("simulations_by_model", "simulations", ["tenant", "model"])
