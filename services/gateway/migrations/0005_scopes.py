"""Keys that open a part of what their role may."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument

revision = "0005_scopes"
down_revision = "0004_erasures"


def upgrade() -> None:
    op.add_column("keys", sa.Column("scopes", JsonDocument))
