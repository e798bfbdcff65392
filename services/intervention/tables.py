"""Tables of the intervention service.

`interventions`, `executions`, `assignments` and `requests` are its own truth; `populations`, `agents`, `simulations`
and `responses` are projected from events. Documents are contract models as JSON.
"""

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, Text

from libs.bus.tables import attach
from libs.db import JsonDocument, UtcDateTime, tenant_column

metadata = MetaData()

interventions = Table(
    "interventions",
    metadata,
    tenant_column(),
    Column("id", String(64), primary_key=True),
    Column("design", JsonDocument, nullable=False),
)

executions = Table(
    "executions",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("intervention_id", String(64), nullable=False),
    Column("population_id", String(128), nullable=False),
    Column("seed", Integer, nullable=False),
    Column("model", String(64), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("is_created", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("changed_at", UtcDateTime),
    Column("plan", JsonDocument),
    Column("plan_hash", String(64)),
    Column("analysis", JsonDocument),
    Column("analysed_at", UtcDateTime),
    Column("elicitation", String(32)),  # of executions before there was `asking`
    Column("asking", JsonDocument),  # null: as designed
    Index("executions_by_intervention", "tenant", "intervention_id", "requested_at", "simulation_id"),
)

robustness = Table(
    "robustness",
    metadata,
    tenant_column(),
    Column("id", String(64), primary_key=True),
    Column("intervention_id", String(64), nullable=False),
    Column("requested_at", UtcDateTime, nullable=False),
    Column("configurations", JsonDocument, nullable=False),
    Index("robustness_by_intervention", "tenant", "intervention_id", "id"),
)

assignments = Table(
    "assignments",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("agent_id", String(64), primary_key=True),
    Column("arm", String(120), primary_key=True),
    Column("segment", Text),
)

populations = Table(
    "populations",
    metadata,
    tenant_column(),
    Column("population_id", String(128), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("segments", JsonDocument, nullable=False),
)

simulations = Table(
    "simulations",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("population_id", String(128), nullable=False),
)

agents = Table(
    "agents",
    metadata,
    tenant_column(),
    Column("population_id", String(128), primary_key=True),
    Column("agent_id", String(64), primary_key=True),
    Column("segment", Text),
    Column("profile", JsonDocument),  # null: heard of before attributes were kept
    Column("version", Integer, nullable=False, server_default="0"),
)

responses = Table(
    "responses",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("turn_id", String(64), primary_key=True),
    Column("agent_id", String(64), nullable=False),
    Column("arm", Text, nullable=False),
    Column("segment", Text),
    Column("status", String(16), nullable=False),
    Column("answers", JsonDocument, nullable=False),
    Column("document", JsonDocument, nullable=False),
    Column("step_id", String(128)),
    Index("responses_by_agent", "tenant", "simulation_id", "agent_id", "turn_id"),
)

requests = Table(
    "requests",
    metadata,
    tenant_column(),
    Column("request_id", String(128), primary_key=True),
    Column("source", Text, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("action", String(16), nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Column("handled_at", UtcDateTime, nullable=False),
    Column("intervention_id", String(64)),
    Column("simulation_id", String(64)),
    Column("errors", JsonDocument, nullable=False),
    Index("requests_newest", "tenant", "handled_at", "request_id"),
    Index("requests_by_intervention", "tenant", "intervention_id", "sent_at"),
)

attach(metadata)
