"""What became of each request, and whether a simulation is about to end.

Of requests that were made before nothing is known: their state stays empty.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007_request_states"
down_revision = "0006_timelines"


def upgrade() -> None:
    op.add_column("protocols", sa.Column("state", sa.String(16)))
    op.add_column("simulations", sa.Column("is_ending", sa.Boolean))
