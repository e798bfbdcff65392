"""The audit log of an erased tenant may be deleted, and no other. (libs.db makes the table of erased tenants.)"""

from alembic import op

revision = "0004_erasures"
down_revision = "0003_grantees"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER audit_is_append_only ON audit")
        op.execute(
            "CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit()"
        )
        op.execute(
            "CREATE FUNCTION refuse_deletion_of_audit() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN IF EXISTS (SELECT FROM erased_tenants WHERE name = OLD.tenant) THEN RETURN OLD; END IF; "
            "RAISE EXCEPTION 'the audit log is append-only'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_stays BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_deletion_of_audit()"
        )
    else:
        op.execute("DROP TRIGGER audit_refuses_delete")
        op.execute(
            "CREATE TRIGGER audit_refuses_delete BEFORE DELETE ON audit "
            "WHEN OLD.tenant NOT IN (SELECT name FROM erased_tenants) "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )
