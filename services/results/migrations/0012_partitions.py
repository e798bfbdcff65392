"""Responses by simulation in partitions, on PostgreSQL: indexes and vacuum stay small, however many there are.

The rows are copied, which takes a minute for two million of them; SQLite has one table as before.
"""

from alembic import op

revision = "0012_partitions"
down_revision = "0011_codings"

PARTITIONS = 16
KEY = ("tenant", "simulation_id", "turn_id")
INDEXES = {
    "responses_by_agent": ("tenant", "simulation_id", "agent_id", "turn_id"),
    "responses_by_place": ("tenant", "simulation_id", "feed_place"),
}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.rename_table("responses", "responses_whole")
    op.execute("CREATE TABLE responses (LIKE responses_whole INCLUDING DEFAULTS) PARTITION BY HASH (simulation_id)")
    for number in range(PARTITIONS):
        values = f"FOR VALUES WITH (MODULUS {PARTITIONS}, REMAINDER {number})"
        op.execute(f"CREATE TABLE responses_{number:02d} PARTITION OF responses {values}")
    op.execute("INSERT INTO responses SELECT * FROM responses_whole")
    op.drop_table("responses_whole")
    op.create_primary_key("responses_pkey", "responses", list(KEY))
    for name, columns in INDEXES.items():
        op.create_index(name, "responses", list(columns))
