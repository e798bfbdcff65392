"""Stores: one transaction per request or message, the same tables on SQLite and PostgreSQL.

Only the edge (an HTTP dependency, a message consumer, a worker's own loop) opens a transaction; nothing else commits.
"""

from libs.db.absence import FAILURES, is_away, log_failure, said_by
from libs.db.among import among, texts
from libs.db.database import Database
from libs.db.row_security import EVERY_TENANT
from libs.db.rows import add_up, append, insert_into, insert_new, upsert
from libs.db.tenants import TenantErasedError
from libs.db.timelines import along
from libs.db.transaction import Transaction
from libs.db.types import BytewiseText, JsonDocument, UtcDateTime, tenant_column

__all__ = [
    "EVERY_TENANT",
    "FAILURES",
    "BytewiseText",
    "Database",
    "JsonDocument",
    "TenantErasedError",
    "Transaction",
    "UtcDateTime",
    "add_up",
    "along",
    "among",
    "append",
    "insert_into",
    "insert_new",
    "is_away",
    "log_failure",
    "said_by",
    "tenant_column",
    "texts",
    "upsert",
]
