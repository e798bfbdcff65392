"""Tables of the population service.

`agents` holds each person as the contract's Agent; its key is the place in the population, which the agent id says.
`envelope` is the rest of the file somebody came from. `summaries` holds one row per version, block and segment: counts
and sums, never changed once written; those of a version above 0 are what it adds. `changes` has a row for everybody a
version changed (before, after) or could not change (before, conflict).
"""

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text

from libs.bus.tables import attach
from libs.db import JsonDocument, UtcDateTime, tenant_column

metadata = MetaData()

populations = Table(
    "populations",
    metadata,
    tenant_column(),
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("document", JsonDocument, nullable=False),
    Column("state", String(16), nullable=False),
    Column("generated", Integer, nullable=False),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("reason", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ready_at", UtcDateTime),
)

agents = Table(
    "agents",
    metadata,
    tenant_column(),
    Column("population_id", String(64), primary_key=True),
    Column("agent_index", Integer, primary_key=True, autoincrement=False),
    Column("segment", Text),
    Column("document", JsonDocument, nullable=False),
    Column("envelope", JsonDocument),
    Index("agents_by_segment", "tenant", "population_id", "segment", "agent_index"),
)

summaries = Table(
    "summaries",
    metadata,
    tenant_column(),
    Column("population_id", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("start", Integer, primary_key=True, autoincrement=False),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("segment", Text),
    Column("document", JsonDocument, nullable=False),
)

versions = Table(
    "versions",
    metadata,
    tenant_column(),
    Column("population_id", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", JsonDocument, nullable=False),
    Column("reached", Integer, nullable=False),
    Column("targeted", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("conflicts", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("applied_at", UtcDateTime),
)

changes = Table(
    "changes",
    metadata,
    tenant_column(),
    Column("population_id", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("agent_index", Integer, primary_key=True, autoincrement=False),
    Column("before", JsonDocument, nullable=False),
    Column("after", JsonDocument),
    Column("conflict", Text),
)

attach(metadata)
