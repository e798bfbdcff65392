"""Tables of the validation service: all of them projected from events."""

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, Text

from libs.bus.tables import attach
from libs.db import JsonDocument, UtcDateTime, tenant_column

metadata = MetaData()

simulations = Table(
    "simulations",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("name", Text),
    Column("model", String(64)),
    Column("state", String(16)),
    Column("changed_at", UtcDateTime),
    Column("plan", JsonDocument),
    Column("plan_hash", String(64)),
    Column("timeline", JsonDocument),
)

assignments = Table(
    "assignments",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("agent_id", String(64), primary_key=True),
    Column("arm", Text, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("turn_id", String(64), primary_key=True),
    Column("agent_id", String(64), nullable=False),
    Column("arm", Text, nullable=False),
    Column("timeline_id", String(64), nullable=False),
    Column("step_id", String(64), nullable=False),
    Column("round", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("failure", Text),
    Column("text_digest", String(64)),
    Column("answers", JsonDocument, nullable=False),
    Column("usage", JsonDocument, nullable=False),
    Column("responded_at", UtcDateTime, nullable=False),
    Column("step_place", Integer, nullable=False),
    Index("turns_by_agent", "tenant", "simulation_id", "agent_id", "turn_id"),
)

attach(metadata)
