"""How far drawing is, who uses a population, fragments of one's own, and people by age and name."""

import unicodedata

import sqlalchemy as sa
from alembic import op

from libs.db import BytewiseText, JsonDocument, UtcDateTime

revision = "0003_roster"
down_revision = "0002_versions"
AT_ONCE = 1_000


def upgrade() -> None:
    for column in (
        sa.Column("people_per_second", sa.Float),
        sa.Column("progressed_at", UtcDateTime),
        sa.Column("archived_at", UtcDateTime),
    ):
        op.add_column("populations", column)
    op.add_column("agents", sa.Column("age", sa.Integer))
    op.add_column("agents", sa.Column("name_key", BytewiseText))
    fill()
    op.create_index("agents_by_age", "agents", ["tenant", "population_id", "age", "agent_index"])
    op.create_index("agents_by_name", "agents", ["tenant", "population_id", "name_key", "agent_index"])
    op.create_table(
        "fragments",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("name", sa.String(64), primary_key=True),
        sa.Column("document", JsonDocument, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
    )
    op.create_table(
        "simulations",
        sa.Column("tenant", sa.String(64), primary_key=True),
        sa.Column("simulation_id", sa.String(64), primary_key=True),
        sa.Column("population_id", sa.String(64)),
        sa.Column("name", sa.Text),
        sa.Column("state", sa.String(16)),
        sa.Column("changed_at", UtcDateTime),
    )
    op.create_index("simulations_by_population", "simulations", ["tenant", "population_id", "simulation_id"])


def fill() -> None:
    """Age and name of the people who are there."""
    connection = op.get_bind()
    key = [sa.column(name) for name in ("tenant", "population_id", "agent_index")]
    agents = sa.table("agents", *key, sa.column("document", JsonDocument), sa.column("age"), sa.column("name_key"))
    query = sa.select(*key, agents.c.document).where(agents.c.age.is_(None)).limit(AT_ONCE)
    statement = (
        sa.update(agents)
        .where(*(agents.c[column.name] == sa.bindparam(f"its_{column.name}") for column in key))
        .values(age=sa.bindparam("its_age"), name_key=sa.bindparam("its_key"))
    )
    while rows := connection.execute(query.select_from(agents)).all():
        connection.execute(
            statement,
            [
                {
                    **{f"its_{column.name}": getattr(row, column.name) for column in key},
                    "its_age": row.document["age"],
                    "its_key": name_key(row.document["name"]),
                }
                for row in rows
            ],
        )


def name_key(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
