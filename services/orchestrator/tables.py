"""Tables of the orchestrator."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, String, Table, Text

from libs.bus.tables import attach
from libs.db import BytewiseText, JsonDocument, UtcDateTime, tenant_column

metadata = MetaData()
attach(metadata)

simulations = Table(
    "simulations",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("population_id", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("deadline_at", UtcDateTime, nullable=True),
    Column("document", JsonDocument, nullable=False),
    Column("name", BytewiseText, nullable=False),
    Column("intervention_id", String(64), nullable=True),
    Column("created_at", UtcDateTime, nullable=True),
    Index("simulations_by_population", "tenant", "population_id", "state"),
    Index("simulations_by_deadline", "deadline_at"),
    Index("simulations_by_creation", "tenant", "created_at", "simulation_id"),
)

populations = Table(
    "populations",
    metadata,
    tenant_column(),
    Column("population_id", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String, nullable=True),
)

assignment_parts = Table(
    "assignment_parts",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("parts", Integer, nullable=False),
)

assignments = Table(
    "assignments",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("agent_id", String(64), primary_key=True),
    Column("arm", String(120), primary_key=True),
)

audiences = Table(
    "audiences",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("audience_id", String(64), primary_key=True),
    Column("groups", JsonDocument, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("delivery_id", String(64), primary_key=True),
    Column("completed_at", UtcDateTime, nullable=True),
    Column("closed_at", UtcDateTime, nullable=True),
)

step_progress = Table(
    "step_progress",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("timeline_id", String(64), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("arm", String(120), primary_key=True),
    Column("answered", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("cached_calls", Integer, nullable=False),
    Column("prompt_tokens", BigInteger, nullable=False),
    Column("completion_tokens", BigInteger, nullable=False),
    Column("cost_usd", Float, nullable=False),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("checkpoint_id", String(64), primary_key=True),
    Column("document", JsonDocument, nullable=False),
    Column("origin", String(16)),
    Column("created_at", UtcDateTime),
)

lookouts = Table(
    "lookouts",
    metadata,
    tenant_column(),
    Column("name", String(16), primary_key=True),
    Column("looked_at", UtcDateTime, nullable=False),
)

studies = Table(
    "studies",
    metadata,
    tenant_column(),
    Column("study_id", String(64), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("version", Integer, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("media", String(32), nullable=False),
    Column("source", Text, nullable=False),
)

study_versions = Table(
    "study_versions",
    metadata,
    tenant_column(),
    Column("study_id", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("published_at", UtcDateTime, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("media", String(32), nullable=False),
    Column("source", Text, nullable=False),
)
