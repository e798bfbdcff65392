"""An agent may be in every arm: in a within design everybody is."""

import sqlalchemy as sa
from alembic import op

revision = "0004_assigned_arms"
down_revision = "0003_comparisons"


def upgrade() -> None:
    op.rename_table("assignments", "assignments_before")
    op.create_table(
        "assignments",
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("simulation_id", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.String(64), nullable=False),
        sa.Column("arm", sa.String(120), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "simulation_id", "agent_id", "arm", name="assignments_of_arms"),
    )
    op.execute(
        "INSERT INTO assignments (tenant, simulation_id, agent_id, arm)"
        " SELECT tenant, simulation_id, agent_id, arm FROM assignments_before"
    )
    op.drop_table("assignments_before")
