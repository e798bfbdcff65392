"""With whom a simulation is shared, where it is not a link."""

import sqlalchemy as sa
from alembic import op

revision = "0003_grantees"
down_revision = "0002_quotas"


def upgrade() -> None:
    op.add_column("keys", sa.Column("grantee_tenant", sa.String(64)))
    op.add_column("keys", sa.Column("grantee_subject", sa.String(200)))
    op.add_column("keys", sa.Column("grantee_role", sa.String(16)))
    op.create_index("ix_keys_grantee_tenant", "keys", ["grantee_tenant"])
