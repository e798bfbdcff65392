"""Forks of a timeline: everything that is remembered or known of agents says when it was, and on which timeline.

What is there already was before any mark that can be made from now on, so it counts as the past of every timeline.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006_timelines"
down_revision = "0005_artefacts"


def upgrade() -> None:
    op.create_table(
        "timelines",
        *_key("timeline_id"),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("ancestors", sa.JSON, nullable=False),
    )
    op.add_column("history", sa.Column("timeline_id", sa.String(64), nullable=False, server_default="main"))
    op.add_column("history", sa.Column("moment", sa.BigInteger, nullable=False, server_default="0"))
    _replace_clusters()
    _replace_relations()


def _replace_clusters() -> None:
    op.rename_table("clusters", "clusters_before")
    op.create_table(
        "clusters",
        *_columns("timeline_id", "agent_id"),
        sa.Column("moment", sa.BigInteger, nullable=False),
        sa.Column("cluster_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "simulation_id", "timeline_id", "agent_id", "moment", name="clusters_of_timeline"
        ),
    )
    op.execute(
        "INSERT INTO clusters (tenant, simulation_id, timeline_id, agent_id, moment, cluster_id)"
        " SELECT tenant, simulation_id, 'main', agent_id, 0, cluster_id FROM clusters_before"
    )
    op.drop_table("clusters_before")


def _replace_relations() -> None:
    op.rename_table("relations", "relations_before")
    op.create_table(
        "relations",
        *_columns("timeline_id", "agent_id", "other_id"),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("moment", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant", "simulation_id", "timeline_id", "agent_id", "other_id", name="relations_of_timeline"
        ),
    )
    op.execute(
        "INSERT INTO relations (tenant, simulation_id, timeline_id, agent_id, other_id, kind, moment)"
        " SELECT tenant, simulation_id, 'main', agent_id, other_id, kind, 0 FROM relations_before"
    )
    op.drop_table("relations_before")


def _key(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(64), primary_key=True) for name in ("tenant", "simulation_id", *names)]


def _columns(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(64), nullable=False) for name in ("tenant", "simulation_id", *names)]
