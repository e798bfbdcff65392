"""How many rows PostgreSQL looks at when it takes statistics of a table: 300 for each unit of its target.

Autovacuum holds what it samples, and our rows are wide: of its own 30,000 rows a worker takes 60 MiB.
"""

from sqlalchemy import Connection, text

TARGET = 30
_OWN_AND_UNSET = text(
    "SELECT quote_ident(datname) FROM pg_database d WHERE datname = current_database() "
    "AND pg_has_role(datdba, 'USAGE') AND NOT EXISTS (SELECT FROM pg_db_role_setting s, unnest(setconfig) AS setting "
    "WHERE s.setdatabase = d.oid AND setting LIKE 'default_statistics_target=%')"
)


def sample_few(connection: Connection) -> None:
    """Take smaller samples in a database of our own, unless somebody has said already how large they are to be."""
    if connection.dialect.name != "postgresql":
        return
    if name := connection.execute(_OWN_AND_UNSET).scalar():
        connection.execute(text(f"ALTER DATABASE {name} SET default_statistics_target = {TARGET}"))
