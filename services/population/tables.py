"""Tables of the population service.

`agents` holds each person as the contract's Agent; its key is the place in the population, which the agent id says.
`envelope` is the rest of the file somebody came from. `summaries` holds one row per version, block and segment: counts
and sums, never changed once written; those of a version above 0 are what it adds. `changes` has a row for everybody a
version changed (before, after) or could not change (before, conflict). `fragments` and `templates` are those of a
tenant's own, and `simulations` who uses a population, as the orchestrator announced it: a row may know its state before
its population.
"""

from sqlalchemy import Column, Float, Index, Integer, MetaData, String, Table, Text

from libs.bus.tables import attach
from libs.db import BytewiseText, JsonDocument, UtcDateTime, tenant_column

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
    Column("people_per_second", Float),
    Column("progressed_at", UtcDateTime),
    Column("archived_at", UtcDateTime),
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
    Column("age", Integer),
    Column("name_key", BytewiseText),
    Index("agents_by_segment", "tenant", "population_id", "segment", "agent_index"),
    Index("agents_by_age", "tenant", "population_id", "age", "agent_index"),
    Index("agents_by_name", "tenant", "population_id", "name_key", "agent_index"),
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

templates = Table(
    "templates",
    metadata,
    tenant_column(),
    Column("name", String(64), primary_key=True),
    Column("document", JsonDocument, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

fragments = Table(
    "fragments",
    metadata,
    tenant_column(),
    Column("name", String(64), primary_key=True),
    Column("document", JsonDocument, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

simulations = Table(
    "simulations",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("population_id", String(64)),
    Column("name", Text),
    Column("state", String(16)),
    Column("changed_at", UtcDateTime),
    Index("simulations_by_population", "tenant", "population_id", "simulation_id"),
)

attach(metadata)
