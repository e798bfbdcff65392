"""The second wall between tenants: PostgreSQL itself shows a transaction the rows of its tenant and no others.

Stores filter by tenant; this is for the day one forgets to. Every table with a `tenant` column gets the policy when a
service starts, so a new table cannot be left out. It binds the owner of the tables too, but no superuser: a service's
role must not be one. SQLite has nothing like it.
"""

from sqlalchemy import Connection, text

EVERY_TENANT = "*"
"""For work that belongs to no tenant: sweeps over timeouts, crashed processes, migrations. Never for a request."""
POLICY = "tenant_rows"
_SET = text("SELECT set_config('app.tenant', :tenant, true)")
_UNPROTECTED = text(
    "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
    "WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace AND a.attname = 'tenant' "
    "AND NOT a.attisdropped AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS "
    "(SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = :policy)) ORDER BY c.relname"
)
_MINE = "(tenant = current_setting('app.tenant', true) OR current_setting('app.tenant', true) = '*')"


def set_every_tenant(connection: Connection) -> None:
    """Let a migration see all rows."""
    if connection.dialect.name == "postgresql":
        connection.execute(_SET, {"tenant": EVERY_TENANT})


def protect_rows(connection: Connection) -> None:
    """Put every table with a tenant under the policy."""
    if connection.dialect.name != "postgresql":
        return
    quote = connection.dialect.identifier_preparer.quote
    for name in connection.execute(_UNPROTECTED, {"policy": POLICY}).scalars().all():
        table = quote(name)
        connection.execute(text(f"DROP POLICY IF EXISTS {POLICY} ON {table}"))
        connection.execute(text(f"CREATE POLICY {POLICY} ON {table} USING {_MINE} WITH CHECK {_MINE}"))
        connection.execute(text(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY"))
