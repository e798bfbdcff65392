"""Column types that mean the same on both stores."""

from datetime import UTC, datetime

from sqlalchemy import JSON, Column, DateTime, Dialect, String, Text
from sqlalchemy.types import TypeDecorator

# PostgreSQL's json (not jsonb) and SQLite's text both keep the bytes that were written.
JsonDocument = JSON(none_as_null=True)
# Sorted and compared alike on every store, whatever language a PostgreSQL database was made for.
BytewiseText = Text().with_variant(Text(collation="C"), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time. Refuses naive values; always gives back UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without its zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite forgets the zone; it was UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def tenant_column(*, primary_key: bool = True) -> Column[str]:
    """The tenant every domain row belongs to, first in its primary key."""
    return Column("tenant", String(64), primary_key=primary_key, nullable=False)
