"""Alembic, without its files around each service: a service has a folder of revisions and nothing else.

A revision's id is the name of its file, so a database that is up to date is recognised without importing Alembic.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from libs.db.row_security import protect_rows, set_every_tenant
from libs.db.sampling import sample_few
from libs.db.tenants import keep_closed

ENVIRONMENT = Path(__file__).parent / "alembic"
LOCK = 7_261_520_251  # any number; replicas of a service take it so that one of them migrates


class NotMigratedError(Exception):
    """The tables are older than the code, and this process may not change them."""


def newest(migrations: Path) -> str:
    """The id of the last revision of a folder."""
    return max(file.stem for file in migrations.glob("[0-9]*.py"))


def revision(connection: Connection) -> str | None:
    """The revision that the tables are at; None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def check(connection: Connection, migrations: Path) -> None:
    """Raise `NotMigratedError` when a revision is missing."""
    current, needed = revision(connection), newest(migrations)
    if current is None or current < needed:
        raise NotMigratedError(f"the tables are at {current or 'no revision'} and have to be at {needed}")


def upgrade(connection: Connection, migrations: Path) -> None:
    """Upgrade to the newest revision, and see that tenants cannot see each other's rows."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": LOCK})
    set_every_tenant(connection)
    _migrate(connection, migrations)
    keep_closed(connection)
    protect_rows(connection)
    sample_few(connection)


def _migrate(connection: Connection, migrations: Path) -> None:
    """Run the revisions that are missing; none is the usual case.

    A database that a newer version has migrated is left as it is: tables only grow, and a rolling upgrade has both.
    """
    current = revision(connection)
    if current is not None and current >= newest(migrations):
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(ENVIRONMENT))
    config.set_main_option("version_locations", str(migrations))
    config.set_main_option("path_separator", "newline")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
