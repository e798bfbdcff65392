"""The first tables."""

import sqlalchemy as sa
from alembic import op

from libs.bus import tables as bus_tables

revision = "0001_initial"
down_revision = None


def upgrade() -> None:
    bus_tables.create()
    _create_projections()
    _create_turns()
    _create_history()


def _tenant() -> sa.Column[str]:
    return sa.Column("tenant", sa.String(64), primary_key=True)


def _create_projections() -> None:
    op.create_table(
        "populations",
        _tenant(),
        sa.Column("population_id", sa.String(64), primary_key=True),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("segments", sa.JSON, nullable=False),
    )
    op.create_table(
        "agents",
        _tenant(),
        sa.Column("population_id", sa.String(64), primary_key=True),
        sa.Column("agent_id", sa.String(64), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("segment", sa.String(120)),
        sa.Column("document", sa.JSON, nullable=False),
    )
    op.create_table(
        "simulations",
        _tenant(),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("population_id", sa.String(64)),
        sa.Column("intervention_id", sa.String(64)),
        sa.Column("state", sa.String(16)),
        sa.Column("state_changed_at", sa.DateTime(timezone=True)),
    )


def _create_turns() -> None:
    op.create_table(
        "broadcasts",
        _tenant(),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("broadcast_id", sa.String(64), primary_key=True),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("recipients", sa.Integer, nullable=False),
        sa.Column("spec", sa.JSON, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "stimuli",
        _tenant(),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("step_id", sa.String(64), primary_key=True),
        sa.Column("arm", sa.String(120), primary_key=True),
        sa.Column("document", sa.JSON, nullable=False),
    )
    op.create_table(
        "turns",
        _tenant(),
        sa.Column("turn_id", sa.String(36), primary_key=True),
        sa.Column("simulation_id", sa.String(64), nullable=False),
        sa.Column("delivery_id", sa.String(64), nullable=False),
        sa.Column("agent_id", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("failure", sa.String),
        sa.Column("calls", sa.Integer, nullable=False),
        sa.Column("cached_calls", sa.Integer, nullable=False),
        sa.Column("prompt_tokens", sa.Integer, nullable=False),
        sa.Column("completion_tokens", sa.Integer, nullable=False),
        sa.Column("cost_usd", sa.Float, nullable=False),
        sa.Column("responded_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "episodes",
        _tenant(),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("timeline_id", sa.String(64), primary_key=True),
        sa.Column("agent_id", sa.String(64), primary_key=True),
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("turn_id", sa.String(36), nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
    )


def _create_history() -> None:
    op.create_table(
        "history",
        sa.Column(
            "sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("tenant", sa.String(64), nullable=False),
        sa.Column("simulation_id", sa.String(64), nullable=False),
        sa.Column("turn_id", sa.String(36), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("agent_id", sa.String(64), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("cluster_id", sa.String(64), nullable=False),
        sa.Column("arm", sa.String(120), nullable=False),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("step_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("content", sa.JSON),
        sa.Column("channel", sa.String(64)),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("history_of_simulation", "history", ["tenant", "simulation_id", "sequence"])
    op.create_index("history_of_agent", "history", ["tenant", "simulation_id", "agent_id", "sequence"])
