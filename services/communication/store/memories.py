"""What agents remember in one past and not in another."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, not_, or_, select

from libs.contracts.base import JsonObject
from libs.contracts.timelines import Timeline
from libs.db import Transaction
from services.communication.domain.moments import SPAN
from services.communication.store.log import on_timeline
from services.communication.tables import episodes


class Memory(NamedTuple):
    """One turn as its agent remembers it."""

    agent_id: str
    timeline_id: str
    place: int
    document: JsonObject


class Difference(NamedTuple):
    """What one agent remembers more, and no more."""

    agent_id: str
    gained: list[Memory]
    lost: list[Memory]


class Memories:
    """Every query filters by the transaction's tenant."""

    async def compare(
        self, tx: Transaction, simulation_id: str, before: Timeline, after: Timeline, *, beyond: str, limit: int
    ) -> list[Difference]:
        """The agents, after one of them in their order, whose past is not the same on both timelines."""
        in_before, in_after = (on_timeline(episodes, tx, simulation_id, one) for one in (before, after))
        gained, lost = and_(in_after, not_(in_before)), and_(in_before, not_(in_after))
        changed = (
            select(episodes.c.agent_id)
            .where(or_(gained, lost), episodes.c.agent_id > beyond)
            .distinct()
            .order_by(episodes.c.agent_id)
            .limit(limit)
        )
        agent_ids = list((await tx.execute(changed)).scalars())
        more, less = [await self._find(tx, which, agent_ids) for which in (gained, lost)]
        return [
            Difference(
                agent_id,
                [one for one in more if one.agent_id == agent_id],
                [one for one in less if one.agent_id == agent_id],
            )
            for agent_id in agent_ids
        ]

    async def _find(self, tx: Transaction, which: ColumnElement[bool], agent_ids: Sequence[str]) -> list[Memory]:
        query = (
            select(episodes.c.agent_id, episodes.c.timeline_id, episodes.c.moment, episodes.c.document)
            .where(which, episodes.c.agent_id.in_(agent_ids))
            .order_by(episodes.c.moment)
        )
        return [
            Memory(row.agent_id, row.timeline_id, row.moment // SPAN, row.document) for row in await tx.execute(query)
        ]
