"""What a step is beside its instruments and stimuli: results say what people met, when and under which name."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument

revision = "0015_shown"
down_revision = "0014_conditions"


def upgrade() -> None:
    op.add_column("steps", sa.Column("document", JsonDocument))
