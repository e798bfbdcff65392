"""Answers of people, comparisons with them, the ledger, and what agents said."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument, UtcDateTime

revision = "0003_comparisons"
down_revision = "0002_timelines"


def upgrade() -> None:
    op.add_column("simulations", sa.Column("population_id", sa.String(128)))
    op.add_column("turns", sa.Column("segment", sa.Text))
    op.add_column("turns", sa.Column("said", JsonDocument))
    create(
        "steps",
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("step_id", sa.String(128), primary_key=True),
        sa.Column("step_place", sa.Integer, nullable=False),
        sa.Column("instruments", JsonDocument, nullable=False),
    )
    create(
        "agents",
        sa.Column("population_id", sa.String(128), primary_key=True),
        sa.Column("agent_id", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("document", JsonDocument, nullable=False),
    )
    create(
        "baselines",
        sa.Column("baseline_id", sa.String(64), primary_key=True),
        sa.Column("document", JsonDocument, nullable=False),
        sa.Column("answers", JsonDocument, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
    create(
        "comparisons",
        sa.Column("comparison_id", sa.String(64), primary_key=True),
        sa.Column("document", JsonDocument, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
    create(
        "ledger",
        sa.Column("entry_id", sa.String(64), primary_key=True),
        sa.Column("simulator", sa.Text),
        sa.Column("document", JsonDocument, nullable=False),
        sa.Column("recorded_at", UtcDateTime, nullable=False),
    )
    op.create_index("ledger_by_simulator", "ledger", ["tenant", "simulator"])
    create(
        "human_answers",
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("person_id", sa.String(64), primary_key=True),
        sa.Column("document", JsonDocument, nullable=False),
        sa.Column("received_at", UtcDateTime, nullable=False),
    )
    create(
        "rectifications",
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("document", JsonDocument, nullable=False),
        sa.Column("rectified_at", UtcDateTime, nullable=False),
    )


def create(name: str, *columns: "sa.Column[object]") -> None:
    op.create_table(name, sa.Column("tenant", sa.String(64), primary_key=True), *columns)
