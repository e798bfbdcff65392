"""How an answer was obtained: the order of options, the probabilities it was drawn from, turns taken again."""

import sqlalchemy as sa
from alembic import op

revision = "0004_elicitation"
down_revision = "0003_clusters"


def upgrade() -> None:
    op.add_column("responses", sa.Column("option_orders", sa.JSON))
    op.add_column("responses", sa.Column("distributions", sa.JSON))
    op.add_column("responses", sa.Column("regenerations", sa.Integer))
