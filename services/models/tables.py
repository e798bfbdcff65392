"""Tables of the models service: calls, batch jobs, the accounts they are charged to, calls saved, what models take."""

from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from libs.db import JsonDocument, UtcDateTime, tenant_column

metadata = MetaData()


class CallState(StrEnum):
    """reserved → finished | failed; orphaned when its process died before it ended, or nobody waited any more."""

    RESERVED = "reserved"
    FINISHED = "finished"
    FAILED = "failed"
    ORPHANED = "orphaned"


_RESERVED = text("state = 'reserved'")

calls = Table(
    "calls",
    metadata,
    tenant_column(),
    Column("call_key", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("simulation_id", String(64), nullable=False),
    Column("asked_model", String(120), nullable=False),
    Column("model", String(120), nullable=False),
    Column("owner", String(200), nullable=False),
    Column("reserved_at", UtcDateTime, nullable=False),
    Column("reserved_until", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("content", Text),
    Column("failure", Text),
    Column("is_answered", Boolean, nullable=False),
    Column("is_priced", Boolean, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("cost_usd", Float, nullable=False),
    Column("latency_ms", Float, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("orphaned", Integer, nullable=False),
    Column("finish_reason", String(32), nullable=False),
    Column("is_repaired", Boolean, nullable=False),
    Column("reserved_tokens", Integer, nullable=False),
    Column("reserved_cost_usd", Float, nullable=False),
    Column("job_id", String(32)),
)
Index("calls_of_simulation", calls.c.simulation_id)
Index("calls_reserved", calls.c.owner, sqlite_where=_RESERVED, postgresql_where=_RESERVED)

_IN_A_JOB = text("job_id IS NOT NULL")
Index("calls_by_job", calls.c.job_id, sqlite_where=_IN_A_JOB, postgresql_where=_IN_A_JOB)

jobs = Table(
    "jobs",
    metadata,
    tenant_column(),
    Column("job_id", String(32), primary_key=True),
    Column("simulation_id", String(64), nullable=False),
    Column("endpoint", String(40), nullable=False),
    Column("model", String(120), nullable=False),
    Column("state", String(16), nullable=False),
    Column("batch_id", String(200)),
    Column("calls", Integer, nullable=False),
    Column("requests", LargeBinary),
    Column("problem", Text),
    Column("created_at", UtcDateTime, nullable=False),
    Column("submitted_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
)

accounts = Table(
    "accounts",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("is_decided", Boolean, nullable=False),
    Column("cap_cost_usd", Float),
    Column("cap_tokens", BigInteger),
    Column("cap_calls", BigInteger),
    Column("spent_cost_usd", Float, nullable=False),
    Column("spent_tokens", BigInteger, nullable=False),
    Column("spent_calls", BigInteger, nullable=False),
    Column("reserved_cost_usd", Float, nullable=False),
    Column("reserved_tokens", BigInteger, nullable=False),
    Column("reserved_calls", BigInteger, nullable=False),
)

cache_hits = Table(
    "cache_hits",
    metadata,
    tenant_column(),
    Column("simulation_id", String(64), primary_key=True),
    Column("asked_model", String(120), primary_key=True),
    Column("calls", Integer, nullable=False),
)

capabilities = Table(
    "capabilities",
    metadata,
    tenant_column(),
    Column("endpoint", String(40), primary_key=True),
    Column("model", String(120), primary_key=True),
    Column("url", Text, nullable=False),
    Column("capabilities", JsonDocument),
    Column("dimensions", Integer),
    Column("found_at", UtcDateTime, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
)
