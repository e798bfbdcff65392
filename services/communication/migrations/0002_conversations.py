"""Agents that hear each other: what is asked for, who is in a group, what was heard and what lasts in memory."""

import sqlalchemy as sa
from alembic import op

revision = "0002_conversations"
down_revision = "0001_initial"


def upgrade() -> None:
    op.add_column("simulations", sa.Column("seed", sa.Integer))
    for column in (
        sa.Column("conversation_id", sa.String(64)),
        sa.Column("target", sa.String),
        sa.Column("heard_by", sa.JSON),
        sa.Column("simulated_at", sa.DateTime(timezone=True)),
    ):
        op.add_column("history", column)
    op.add_column("episodes", sa.Column("moment", sa.BigInteger, nullable=False, server_default="0"))
    op.execute("UPDATE episodes SET moment = sequence * 1000")
    _create_requests()
    _create_memory()
    op.execute(
        "INSERT INTO protocols (tenant, simulation_id, protocol_id, kind, round, rounds, recipients, spec, created_at)"
        " SELECT tenant, simulation_id, broadcast_id, 'broadcast', round, 1, recipients, spec, created_at"
        " FROM broadcasts"
    )
    op.drop_table("broadcasts")


def _key(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(64), primary_key=True) for name in ("tenant", "simulation_id", *names)]


def _create_requests() -> None:
    op.create_table(
        "protocols",
        *_key("protocol_id"),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("rounds", sa.Integer, nullable=False),
        sa.Column("recipients", sa.Integer, nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "members",
        *_key("group_id"),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("agent_id", sa.String(64), nullable=False),
    )
    op.create_table("clusters", *_key("agent_id"), sa.Column("cluster_id", sa.String(64), nullable=False))
    op.create_table(
        "relations",
        *_key("agent_id", "other_id"),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("moment", sa.BigInteger, nullable=False),
    )


def _create_memory() -> None:
    op.create_table(
        "recollections",
        *_key("timeline_id", "agent_id"),
        sa.Column("through", sa.Integer, nullable=False),
        sa.Column("documents", sa.JSON, nullable=False),
    )
    op.create_table(
        "hearings",
        *_key("timeline_id", "agent_id"),
        sa.Column("turn_id", sa.String(36), primary_key=True),
        sa.Column("action", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("moment", sa.BigInteger, nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("speaker_id", sa.String(64), nullable=False),
        sa.Column("speaker", sa.String, nullable=False),
        sa.Column("target", sa.String, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("text", sa.String, nullable=False),
    )
    op.create_index("hearings_by_moment", "hearings", ["tenant", "simulation_id", "timeline_id", "agent_id", "moment"])
