"""Which rows of a log a timeline has: its own, and those of its ancestors from before it left them."""

from sqlalchemy import ColumnElement, FromClause, and_

from libs.contracts.timelines import Timeline
from libs.db import Transaction, along
from services.communication.domain.moments import SPAN


def on_timeline(log: FromClause, tx: Transaction, simulation_id: str, timeline: Timeline) -> ColumnElement[bool]:
    """Rows of a log, a table with `timeline_id` and `moment`, that are part of a timeline."""
    of_simulation = and_(log.c.tenant == tx.tenant, log.c.simulation_id == simulation_id)
    return and_(of_simulation, along(timeline, log.c.timeline_id, log.c.moment, span=SPAN))
