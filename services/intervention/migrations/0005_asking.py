"""The order of options and the wording that an execution asks in."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument

revision = "0005_asking"
down_revision = "0004_requests"


def upgrade() -> None:
    op.add_column("executions", sa.Column("asking", JsonDocument))
