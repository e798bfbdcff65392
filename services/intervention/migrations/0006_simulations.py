"""Simulations and who is in them: an execution may start from what people lived through in any of them."""

import sqlalchemy as sa
from alembic import op

revision = "0006_simulations"
down_revision = "0005_asking"


def upgrade() -> None:
    op.create_table(
        "simulations",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("population_id", sa.String(128), nullable=False),
    )
    op.execute(
        "INSERT INTO simulations (tenant, simulation_id, population_id) "
        "SELECT tenant, simulation_id, population_id FROM executions"
    )
