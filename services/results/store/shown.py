"""Up to which place of its feed the aggregates of each simulation were published, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from libs.contracts.timelines import MAIN, Timeline
from libs.db import Transaction
from services.results.tables import progress


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the feed of a simulation has got, and up to where its aggregates were published."""

    timeline: Timeline
    places: int
    shown: int


class Shown:
    """One mark for each simulation, however many processes publish."""

    async def behind(self, tx: Transaction) -> list[tuple[str, str]]:
        """Tenant and simulation of those that had responses after what was published."""
        query = select(progress.c.tenant, progress.c.simulation_id).where(progress.c.places > progress.c.shown_place)
        return [(row.tenant, row.simulation_id) for row in await tx.execute(query)]

    async def mark(self, tx: Transaction, simulation_id: str) -> Mark:
        """Responses up to its place can all be seen by whoever reads them after it."""
        columns = progress.c.timeline, progress.c.places, progress.c.shown_place
        query = select(*columns).where(progress.c.tenant == tx.tenant, progress.c.simulation_id == simulation_id)
        row = (await tx.execute(query)).one_or_none()
        if row is None:
            return Mark(MAIN, 0, 0)
        timeline = Timeline.model_validate(row.timeline) if row.timeline else MAIN
        return Mark(timeline, row.places, row.shown_place)

    async def renew(self, tx: Transaction, simulation_id: str) -> None:
        """Have it published again: what was asked has become known, or what counts is another timeline."""
        mine = progress.c.tenant == tx.tenant, progress.c.simulation_id == simulation_id
        await tx.execute(update(progress).where(*mine).values(shown_place=0))

    async def claim(self, tx: Transaction, simulation_id: str, place: int, now: datetime, interval: timedelta) -> bool:
        """Move the mark; False when it is there already, or was moved less than an interval ago."""
        due = or_(progress.c.shown_at.is_(None), progress.c.shown_at <= now - interval)
        statement = (
            update(progress)
            .where(progress.c.tenant == tx.tenant, progress.c.simulation_id == simulation_id)
            .where(progress.c.shown_place < place, due)
            .values(shown_place=place, shown_at=now)
        )
        return (await tx.execute(statement)).rowcount == 1
