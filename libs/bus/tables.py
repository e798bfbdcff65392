"""The tables of the bus in every service's database.

`attach` puts them beside a service's own tables, `create` makes them in its first migration; the two must agree.
Rows of the outbox stay after they are published: they are what a lost stream is filled from again.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, text

from libs.db import UtcDateTime

metadata = MetaData()
_BIG = BigInteger().with_variant(Integer(), "sqlite")
_UNPUBLISHED = text("published_at IS NULL")

OUTBOX = Table(
    "outbox",
    metadata,
    Column("seq", _BIG, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("subject", String(512), nullable=False),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("published_at", UtcDateTime),
    sqlite_autoincrement=True,
)
Index("outbox_unpublished", OUTBOX.c.seq, sqlite_where=_UNPUBLISHED, postgresql_where=_UNPUBLISHED)

INBOX = Table(
    "inbox",
    metadata,
    Column("consumer", String(120), primary_key=True),
    Column("source", String(255), primary_key=True),
    Column("id", String(255), primary_key=True),
    Column("received_at", UtcDateTime, nullable=False),
)

STATE = Table(
    "bus_state",
    metadata,
    Column("key", String(120), primary_key=True),
    Column("value", Text, nullable=False),
)


def attach(other: MetaData) -> None:
    """Add the tables to a service's metadata."""
    for table in metadata.sorted_tables:
        table.to_metadata(other)


def create() -> None:
    """Create the tables in an Alembic migration. Frozen: a later change is a function of its own."""
    from alembic import op

    op.create_table(
        "outbox",
        Column("seq", _BIG, primary_key=True, autoincrement=True),
        Column("id", String(64), nullable=False, unique=True),
        Column("subject", String(512), nullable=False),
        Column("headers", Text, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("created_at", UtcDateTime, nullable=False),
        Column("published_at", UtcDateTime),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_unpublished", "outbox", ["seq"], sqlite_where=_UNPUBLISHED, postgresql_where=_UNPUBLISHED)
    op.create_table(
        "inbox",
        Column("consumer", String(120), primary_key=True),
        Column("source", String(255), primary_key=True),
        Column("id", String(255), primary_key=True),
        Column("received_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "bus_state",
        Column("key", String(120), primary_key=True),
        Column("value", Text, nullable=False),
    )
