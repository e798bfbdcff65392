"""The index of a simulation's calls is without the tenant, as simulations have ids of their own.

While a table is new PostgreSQL knows nothing of it, and keeps the plans it makes then. It took the former index, which
began as the primary key does, for calls that are looked for by their key, and read every call of the tenant for each.
"""

from alembic import op

revision = "0005_calls_by_key"
down_revision = "0004_jobs"


def upgrade() -> None:
    op.create_index("calls_of_simulation", "calls", ["simulation_id"])
    op.drop_index("calls_by_simulation", "calls")
