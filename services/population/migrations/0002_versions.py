"""People from files, and versions of a population."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument, UtcDateTime

revision = "0002_versions"
down_revision = "0001_initial"


def of_version() -> list[sa.Column]:
    return [
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("population_id", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
    ]


def upgrade() -> None:
    op.add_column("populations", sa.Column("version", sa.Integer, nullable=False, server_default="0"))
    op.add_column("agents", sa.Column("envelope", JsonDocument))
    op.create_table(
        "versions",
        *of_version(),
        sa.Column("document", JsonDocument, nullable=False),
        sa.Column("reached", sa.Integer, nullable=False),
        sa.Column("targeted", sa.Integer, nullable=False),
        sa.Column("changed", sa.Integer, nullable=False),
        sa.Column("conflicts", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("applied_at", UtcDateTime),
    )
    op.create_table(
        "changes",
        *of_version(),
        sa.Column("agent_index", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("before", JsonDocument, nullable=False),
        sa.Column("after", JsonDocument),
        sa.Column("conflict", sa.Text),
    )
    # The version becomes part of the key, for which SQLite needs a new table.
    op.create_table(
        "summaries_by_version",
        *of_version(),
        sa.Column("start", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("segment", sa.Text),
        sa.Column("document", JsonDocument, nullable=False),
    )
    op.execute(
        "INSERT INTO summaries_by_version (tenant, population_id, version, start, part, segment, document) "
        "SELECT tenant, population_id, 0, start, part, segment, document FROM summaries"
    )
    op.drop_table("summaries")
    op.rename_table("summaries_by_version", "summaries")
