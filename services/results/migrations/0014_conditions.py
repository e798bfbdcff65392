"""Whether a step was for those alone whom a condition chose."""

import sqlalchemy as sa
from alembic import op

revision = "0014_conditions"
down_revision = "0013_populations"


def upgrade() -> None:
    op.add_column("steps", sa.Column("is_conditional", sa.Boolean))
