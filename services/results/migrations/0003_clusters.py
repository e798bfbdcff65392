"""Which agents heard each other, and so are one unit of the analysis."""

import sqlalchemy as sa
from alembic import op

revision = "0003_clusters"
down_revision = "0002_tools"


def upgrade() -> None:
    op.add_column("responses", sa.Column("cluster_id", sa.String(64)))
