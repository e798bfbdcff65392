"""Attributes of people, to target and balance by them; and agents who are in every arm."""

import sqlalchemy as sa
from alembic import op

from libs.db import JsonDocument

revision = "0002_designs"
down_revision = "0001_initial"


def upgrade() -> None:
    op.add_column("agents", sa.Column("profile", JsonDocument))
    op.add_column("agents", sa.Column("version", sa.Integer, nullable=False, server_default="0"))
    op.rename_table("assignments", "assignments_before")
    op.create_table(
        "assignments",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("simulation_id", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.String(64), nullable=False),
        sa.Column("arm", sa.String(120), nullable=False),
        sa.Column("segment", sa.Text),
        sa.PrimaryKeyConstraint("tenant", "simulation_id", "agent_id", "arm", name="assignments_of_arms"),
    )
    op.execute(
        "INSERT INTO assignments (tenant, simulation_id, agent_id, arm, segment)"
        " SELECT tenant, simulation_id, agent_id, arm, segment FROM assignments_before"
    )
    op.drop_table("assignments_before")
