"""Tables of the validation service.

`simulations`, `steps`, `assignments`, `turns` and `agents` are projected from events. The others hold what people
brought (`baselines`, `human_answers`) and what was found. `comparisons`, `ledger` and `rectifications` only grow.
"""

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, Text

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
    Column("population_id", String(128)),
)

steps = Table(
    "steps",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("step_id", String(128), primary_key=True),
    Column("step_place", Integer, nullable=False),
    Column("instruments", JsonDocument, nullable=False),
    Column("timeline_id", String(64)),  # null, and no arms: from before these were kept
    Column("arms", JsonDocument),
    Column("is_conditional", Boolean),  # only for those whom a condition chose
)

agents = Table(
    "agents",
    metadata,
    tenant_column(),
    Column("population_id", String(128), primary_key=True),
    Column("agent_id", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("document", JsonDocument, nullable=False),
)

assignments = Table(
    "assignments",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("agent_id", String(64), primary_key=True),
    Column("arm", String(120), primary_key=True),
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
    Column("segment", Text),
    Column("cluster_id", String(64)),  # whoever heard each other
    Column("said", JsonDocument),  # what was thought, said and felt, and the order in which options were seen
    Index("turns_by_agent", "tenant", "simulation_id", "agent_id", "turn_id"),
)

baselines = Table(
    "baselines",
    metadata,
    tenant_column(),
    Column("baseline_id", String(64), primary_key=True),
    Column("document", JsonDocument, nullable=False),
    Column("answers", JsonDocument, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

comparisons = Table(
    "comparisons",
    metadata,
    tenant_column(),
    Column("comparison_id", String(64), primary_key=True),
    Column("document", JsonDocument, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    tenant_column(),
    Column("entry_id", String(64), primary_key=True),
    Column("simulator", Text),
    Column("document", JsonDocument, nullable=False),
    Column("recorded_at", UtcDateTime, nullable=False),
    Index("ledger_by_simulator", "tenant", "simulator"),
)

human_answers = Table(
    "human_answers",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("person_id", String(64), primary_key=True),
    Column("document", JsonDocument, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
)

rectifications = Table(
    "rectifications",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("document", JsonDocument, nullable=False),
    Column("rectified_at", UtcDateTime, nullable=False),
)

attach(metadata)
