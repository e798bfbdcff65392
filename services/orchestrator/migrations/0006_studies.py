"""Studies with their versions, and what simulations are listed by."""

import sqlalchemy as sa
from alembic import op

revision = "0006_studies"
down_revision = "0005_closed_deliveries"


def upgrade() -> None:
    op.create_table(
        "studies",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("study_id", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("media", sa.String(32), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
    )
    op.create_table(
        "study_versions",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("study_id", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("media", sa.String(32), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
    )
    op.add_column("simulations", sa.Column("name", sa.Text, nullable=False, server_default=""))
    op.add_column("simulations", sa.Column("intervention_id", sa.String(64)))
    op.add_column("simulations", sa.Column("created_at", sa.DateTime(timezone=True)))
    _fill()
    op.create_index("simulations_by_creation", "simulations", ["tenant", "created_at", "simulation_id"])


def _fill() -> None:
    """What the documents of simulations say already."""
    table = sa.table(
        "simulations",
        sa.column("name", sa.String),
        sa.column("intervention_id", sa.String),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("document", sa.JSON),
    )
    said = {name: table.c.document[name].as_string() for name in ("name", "intervention_id", "created_at")}
    if op.get_bind().dialect.name == "postgresql":
        said["created_at"] = sa.cast(said["created_at"], sa.DateTime(timezone=True))
    else:  # as SQLite keeps times: 2026-01-05 09:00:00.000000
        said["created_at"] = sa.func.strftime("%Y-%m-%d %H:%M:%f000", said["created_at"])
    op.execute(sa.update(table).values(said))
