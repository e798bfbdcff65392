"""Where each response stands in the feed of its simulation, and how many places were given."""

import sqlalchemy as sa
from alembic import op

revision = "0009_feed"
down_revision = "0008_grades"

PLACES = """
UPDATE responses SET feed_place = given.number
FROM (
  SELECT tenant, simulation_id, turn_id,
    ROW_NUMBER() OVER (PARTITION BY tenant, simulation_id ORDER BY responded_at, turn_id) AS number
  FROM responses
) AS given
WHERE given.tenant = responses.tenant AND given.simulation_id = responses.simulation_id
  AND given.turn_id = responses.turn_id
"""
GIVEN = """
UPDATE progress SET places = COALESCE((
  SELECT MAX(feed_place) FROM responses
  WHERE responses.tenant = progress.tenant AND responses.simulation_id = progress.simulation_id
), 0)
"""


def upgrade() -> None:
    op.add_column("responses", sa.Column("feed_place", sa.Integer))
    op.add_column("progress", sa.Column("places", sa.Integer, nullable=False, server_default="0"))
    op.execute(PLACES)
    op.execute(GIVEN)
    op.create_index("responses_by_place", "responses", ["tenant", "simulation_id", "feed_place"])
