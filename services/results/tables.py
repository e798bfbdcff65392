"""Tables of the results service.

`simulations`, `plans`, `steps` and `responses` are projected from events, in whatever order they come. `progress` has
one row per simulation, which every message about it updates before it looks whether the analysis can be made: on
PostgreSQL that row makes two messages at once queue, so that one of them sees what both have brought. `extracted` is
counted to know how far one of the `extractions` has come: its rows are written once, by whoever gets there first.
`progress` also marks up to where live aggregates were published.
`codings` are themes that a model found on request, the newest of each field.
`calibrations` and `rectifications` hold the newest that validation told: what grades A and B rest on.
`populations` are as they were drawn: what is done to their people afterwards is not told here.
`responses` are divided by simulation into partitions on PostgreSQL. Those of every timeline are kept; what is served
and analysed are those of the present one.
"""

from sqlalchemy import Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

from libs.bus.tables import attach
from libs.db import JsonDocument, UtcDateTime, tenant_column

metadata = MetaData()

simulations = Table(
    "simulations",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("population_id", String(128), nullable=False),
    Column("intervention_id", String(64)),
    Column("seed", Integer, nullable=False),
    Column("model", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

populations = Table(
    "populations",
    metadata,
    tenant_column(),
    Column("population_id", String(128), primary_key=True),
    Column("document", JsonDocument, nullable=False),
)

plans = Table(
    "plans",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("plan", JsonDocument, nullable=False),
    Column("plan_hash", String(64), nullable=False),
)

steps = Table(
    "steps",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("step_id", String(128), primary_key=True),
    Column("round", Integer, nullable=False),
    Column("instruments", JsonDocument, nullable=False),
    Column("planned", JsonDocument, nullable=False),
    Column("stimuli", JsonDocument),
    Column("timeline_id", String(64), nullable=False),
    Column("step_place", Integer, nullable=False),
    Column("is_conditional", Boolean),
    Column("document", JsonDocument),  # what else the step is
)

responses = Table(
    "responses",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("turn_id", String(64), primary_key=True),
    Column("agent_id", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("segment", Text),
    Column("arm", Text, nullable=False),
    Column("timeline_id", String(128), nullable=False),
    Column("step_id", String(128), nullable=False),
    Column("round", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("failure", Text),
    Column("response", Text),
    Column("reasoning", Text),
    Column("confidence", Float),
    Column("sentiment", Float),
    Column("answers", JsonDocument, nullable=False),
    Column("demographic_profile", JsonDocument, nullable=False),
    Column("usage", JsonDocument, nullable=False),
    Column("model", Text, nullable=False),
    Column("responded_at", UtcDateTime, nullable=False),
    Column("cluster_id", String(64)),
    Column("option_orders", JsonDocument),
    Column("distributions", JsonDocument),
    Column("regenerations", Integer),
    Column("step_place", Integer, nullable=False),
    Column("actions", JsonDocument),
    Column("feed_place", Integer),
    Index("responses_by_agent", "tenant", "simulation_id", "agent_id", "turn_id"),
    Index("responses_by_place", "tenant", "simulation_id", "feed_place"),
)

progress = Table(
    "progress",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("recorded", Integer, nullable=False),
    Column("expected", Integer),
    Column("cause", JsonDocument),  # the command that asked for the analysis, until it is made
    Column("looks", Integer, nullable=False),
    Column("ended", String(16)),  # failed or cancelled
    Column("timeline", JsonDocument),  # the present one, once there are several
    Column("places", Integer, nullable=False, server_default="0"),  # of the feed that were given
    Column("shown_place", Integer, nullable=False, server_default="0"),  # up to which aggregates were published
    Column("shown_at", UtcDateTime),
)

analyses = Table(
    "analyses",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("look", Integer, primary_key=True),
    Column("analysis", JsonDocument, nullable=False),
    Column("description", JsonDocument, nullable=False),
    Column("analysed_at", UtcDateTime, nullable=False),
)

extractions = Table(
    "extractions",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("extraction_id", String(64), primary_key=True),
    Column("spec", JsonDocument, nullable=False),
    Column("model", Text, nullable=False),
    Column("ways", JsonDocument, nullable=False),
    Column("planned", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("ended", String(16)),  # failed or cancelled
    Column("reason", Text),
)

extracted = Table(
    "extracted",
    metadata,
    tenant_column(),
    Column("extraction_id", String(64), primary_key=True),
    Column("agent_id", String(64), primary_key=True),
    Column("arm", String(120), primary_key=True),
    Column("document", JsonDocument, nullable=False),
    Column("is_failed", Boolean, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("cached_calls", Integer, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("cost_usd", Float, nullable=False),
)

calibrations = Table(
    "calibrations",
    metadata,
    tenant_column(),
    Column("simulator", String(256), primary_key=True),
    Column("document", JsonDocument, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)

rectifications = Table(
    "rectifications",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("document", JsonDocument, nullable=False),
)

codings = Table(
    "codings",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("field", String(200), primary_key=True),
    Column("document", JsonDocument, nullable=False),
    Column("coded_at", UtcDateTime, nullable=False),
)

attach(metadata)
