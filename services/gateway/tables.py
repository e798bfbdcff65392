"""Tables of the gateway: keys, quotas, the audit log, answers that are given again. No data of other services."""

from sqlalchemy import BigInteger, Column, Float, Integer, LargeBinary, MetaData, String, Table, Text

from libs.db import JsonDocument, UtcDateTime, tenant_column

metadata = MetaData()

keys = Table(
    "keys",
    metadata,
    tenant_column(),
    Column("key_id", String(64), primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("role", String(16), nullable=False),
    Column("simulation_id", String(64)),
    Column("created_by", String(250), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("grantee_tenant", String(64), index=True),
    Column("grantee_subject", String(200)),
    Column("grantee_role", String(16)),
    Column("scopes", JsonDocument),
)

audit = Table(
    "audit",
    metadata,
    tenant_column(),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("subject", String(250), nullable=False),
    Column("role", String(16), nullable=False),
    Column("method", String(16), nullable=False),
    Column("path", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("address", String(64), nullable=False),
    Column("correlation_id", String(64), nullable=False),
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    tenant_column(),
    Column("sequence", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)

answers = Table(
    "answers",
    metadata,
    tenant_column(),
    Column("subject", String(250), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("begun_at", UtcDateTime, nullable=False),
    Column("status", Integer),
    Column("headers", JsonDocument),
    Column("body", LargeBinary),
)

quotas = Table(
    "quotas",
    metadata,
    tenant_column(),
    Column("usd_per_month", Float),
    Column("calls_per_month", BigInteger),
    Column("running_simulations", Integer),
    Column("people", Integer),
)

people = Table(
    "people",
    metadata,
    tenant_column(),
    Column("subject", String(250), primary_key=True),
    Column("month", String(7), primary_key=True),
)
