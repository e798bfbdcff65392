"""What agents make with tools."""

import sqlalchemy as sa
from alembic import op

from libs.db import UtcDateTime

revision = "0005_artefacts"
down_revision = "0004_stories"


def upgrade() -> None:
    op.create_table(
        "artefacts",
        sa.Column(
            "sequence",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("simulation_id", sa.String(64), nullable=False),
        sa.Column("timeline_id", sa.String(64), nullable=False),
        sa.Column("artefact_id", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.String(64), nullable=False),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("tool", sa.String(40), nullable=False),
        sa.Column("type", sa.String(40), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("format", sa.String(16), nullable=False),
        sa.Column("content", sa.String, nullable=False),
        sa.Column("turn_id", sa.String(36), nullable=False),
        sa.Column("step_id", sa.String(64), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("moment", sa.BigInteger, nullable=False),
        sa.Column("action", sa.Integer, nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("simulated_at", UtcDateTime),
        sa.Column("at", UtcDateTime, nullable=False),
        sqlite_autoincrement=True,
    )
    simulation = ["tenant", "simulation_id"]
    op.create_index("artefacts_by_id", "artefacts", [*simulation, "artefact_id"], unique=True)
    op.create_index("artefacts_of_simulation", "artefacts", [*simulation, "sequence"])
    op.create_index("artefacts_of_agent", "artefacts", [*simulation, "timeline_id", "agent_id", "moment"])
