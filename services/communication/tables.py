"""Tables of the communication service.

`agents`, `populations` and `simulations` are projections of other services' events; the others are this service's own.
What an arm was shown is stored once, not once per agent. A relation has the smaller agent id first. What has a
`timeline_id` and a `moment` is a log: a fork of the timeline adds to it, nothing is copied or taken away.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

from libs.bus.tables import attach
from libs.db import JsonDocument, UtcDateTime, tenant_column

metadata = MetaData()
attach(metadata)
_SEQUENCE = BigInteger().with_variant(Integer(), "sqlite")

populations = Table(
    "populations",
    metadata,
    tenant_column(),
    Column("population_id", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("segments", JsonDocument, nullable=False),
)

agents = Table(
    "agents",
    metadata,
    tenant_column(),
    Column("population_id", String(64), primary_key=True),
    Column("agent_id", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("segment", String(120)),
    Column("document", JsonDocument, nullable=False),
)

simulations = Table(
    "simulations",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("population_id", String(64)),
    Column("intervention_id", String(64)),
    Column("state", String(16)),
    Column("state_changed_at", UtcDateTime),
    Column("is_ending", Boolean),
    Column("pauses", Integer),
    Column("seed", Integer),
    Column("engine", String(64)),
    Column("model", String(64)),
    Index("simulations_by_model", "tenant", "model"),
)

timelines = Table(
    "timelines",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("timeline_id", String(64), primary_key=True),
    Column("number", Integer, nullable=False),
    Column("ancestors", JsonDocument, nullable=False),
)

protocols = Table(
    "protocols",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("protocol_id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("round", Integer, nullable=False),
    Column("rounds", Integer, nullable=False),
    Column("recipients", Integer, nullable=False),
    Column("state", String(16)),  # running, finished or dropped; none while it waits
    Column("spec", JsonDocument, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

members = Table(
    "members",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("group_id", String(64), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("agent_id", String(64), nullable=False),
)

clusters = Table(
    "clusters",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("timeline_id", String(64), primary_key=True),
    Column("agent_id", String(64), primary_key=True),
    Column("moment", BigInteger, primary_key=True, autoincrement=False),
    Column("cluster_id", String(64), nullable=False),
)

relations = Table(
    "relations",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("timeline_id", String(64), primary_key=True),
    Column("agent_id", String(64), primary_key=True),
    Column("other_id", String(64), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("moment", BigInteger, nullable=False),
)

stimuli = Table(
    "stimuli",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("step_id", String(64), primary_key=True),
    Column("arm", String(120), primary_key=True),
    Column("document", JsonDocument, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    tenant_column(),
    Column("turn_id", String(36), primary_key=True),
    Column("simulation_id", String(64), nullable=False),
    Column("delivery_id", String(64), nullable=False),
    Column("agent_id", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("failure", String),
    Column("calls", Integer, nullable=False),
    Column("cached_calls", Integer, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("cost_usd", Float, nullable=False),
    Column("responded_at", UtcDateTime, nullable=False),
)

episodes = Table(
    "episodes",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("timeline_id", String(64), primary_key=True),
    Column("agent_id", String(64), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("turn_id", String(36), nullable=False),
    Column("moment", BigInteger, nullable=False),
    Column("document", JsonDocument, nullable=False),
)

recollections = Table(
    "recollections",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("timeline_id", String(64), primary_key=True),
    Column("agent_id", String(64), primary_key=True),
    Column("through", Integer, nullable=False),
    Column("documents", JsonDocument, nullable=False),
)

hearings = Table(
    "hearings",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("timeline_id", String(64), primary_key=True),
    Column("agent_id", String(64), primary_key=True),
    Column("turn_id", String(36), primary_key=True),
    Column("action", Integer, primary_key=True, autoincrement=False),
    Column("moment", BigInteger, nullable=False),
    Column("round", Integer, nullable=False),
    Column("speaker_id", String(64), nullable=False),
    Column("speaker", String, nullable=False),
    Column("target", String, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("text", String, nullable=False),
    Index("hearings_by_moment", "tenant", "simulation_id", "timeline_id", "agent_id", "moment"),
)

artefacts = Table(
    "artefacts",
    metadata,
    Column("sequence", _SEQUENCE, primary_key=True, autoincrement=True),
    tenant_column(primary_key=False),
    Column("simulation_id", String(64), nullable=False),
    Column("timeline_id", String(64), nullable=False),
    Column("artefact_id", String(64), nullable=False),
    Column("agent_id", String(64), nullable=False),
    Column("author", String, nullable=False),
    Column("tool", String(40), nullable=False),
    Column("type", String(40), nullable=False),
    Column("name", String, nullable=False),
    Column("format", String(16), nullable=False),
    Column("content", String, nullable=False),
    Column("turn_id", String(36), nullable=False),
    Column("step_id", String(64), nullable=False),
    Column("round", Integer, nullable=False),
    Column("moment", BigInteger, nullable=False),
    Column("action", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("simulated_at", UtcDateTime),
    Column("at", UtcDateTime, nullable=False),
    Index("artefacts_by_id", "tenant", "simulation_id", "artefact_id", unique=True),
    Index("artefacts_of_simulation", "tenant", "simulation_id", "sequence"),
    Index("artefacts_of_agent", "tenant", "simulation_id", "timeline_id", "agent_id", "moment"),
    sqlite_autoincrement=True,
)

history = Table(
    "history",
    metadata,
    Column("sequence", _SEQUENCE, primary_key=True, autoincrement=True),
    tenant_column(primary_key=False),
    Column("simulation_id", String(64), nullable=False),
    Column("timeline_id", String(64), nullable=False),
    Column("moment", BigInteger, nullable=False),
    Column("turn_id", String(36), nullable=False),
    Column("place", Integer, nullable=False),
    Column("agent_id", String(64), nullable=False),
    Column("name", String, nullable=False),
    Column("cluster_id", String(64), nullable=False),
    Column("arm", String(120), nullable=False),
    Column("round", Integer, nullable=False),
    Column("step_id", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("content", JsonDocument),
    Column("channel", String(64)),
    Column("conversation_id", String(64)),
    Column("target", String),
    Column("heard_by", JsonDocument),
    Column("simulated_at", UtcDateTime),
    Column("at", UtcDateTime, nullable=False),
    Index("history_of_simulation", "tenant", "simulation_id", "sequence"),
    Index("history_of_agent", "tenant", "simulation_id", "agent_id", "sequence"),
    sqlite_autoincrement=True,
)

stories = Table(
    "stories",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("story_id", String(64), primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("spec", JsonDocument, nullable=False),
    Column("notes", JsonDocument, nullable=False),
    Column("through", BigInteger, nullable=False),
    Column("model", Text, nullable=False),
    Column("usage", JsonDocument, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)
