"""Batch jobs, and which call is in which of them."""

import sqlalchemy as sa
from alembic import op

revision = "0004_jobs"
down_revision = "0003_accounts"

_IN_A_JOB = sa.text("job_id IS NOT NULL")


def upgrade() -> None:
    with op.batch_alter_table("calls") as calls:
        calls.add_column(sa.Column("job_id", sa.String(32)))
    op.create_index("calls_by_job", "calls", ["job_id"], sqlite_where=_IN_A_JOB, postgresql_where=_IN_A_JOB)
    op.create_table(
        "jobs",
        sa.Column("tenant", sa.String(64), primary_key=True, nullable=False),
        sa.Column("job_id", sa.String(32), primary_key=True, nullable=False),
        sa.Column("simulation_id", sa.String(64), nullable=False),
        sa.Column("endpoint", sa.String(40), nullable=False),
        sa.Column("model", sa.String(120), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("batch_id", sa.String(200)),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("requests", sa.LargeBinary),
        sa.Column("problem", sa.Text),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True)),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
