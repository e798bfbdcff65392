"""Who the people of a simulation are: what the population service told of a population when it was ready."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument

revision = "0013_populations"
down_revision = "0012_partitions"


def upgrade() -> None:
    op.create_table(
        "populations",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("population_id", sa.String(128), primary_key=True),
        sa.Column("document", JsonDocument, nullable=False),
    )
