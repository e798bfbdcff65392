"""What agents remember in one past and not in another, and what they bring along into another simulation."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Table, and_, literal, not_, or_, select

from libs.contracts.base import JsonObject
from libs.contracts.timelines import MAIN, Past, Timeline
from libs.db import Transaction
from libs.db.rows import insert_into
from services.communication.domain.moments import SPAN
from services.communication.store.log import on_timeline
from services.communication.tables import artefacts, clusters, episodes, hearings, relations


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

    async def bring(self, tx: Transaction, simulation_id: str, past: Past) -> None:
        """Begin a simulation with what its agents have lived through: before its first moment, in the same order.

        What lasts of it is consolidated anew, and the transcript stays where it was said.
        """
        for log in (episodes, hearings, relations, clusters, artefacts):
            await self._bring(tx, log, simulation_id, past)

    async def _bring(self, tx: Transaction, log: Table, simulation_id: str, past: Past) -> None:
        moved = {
            "simulation_id": literal(simulation_id),
            "timeline_id": literal(MAIN.timeline_id),
            "moment": log.c.moment - (past.place + 1) * SPAN,
        }
        if log is clusters:
            moved["cluster_id"] = literal("~").concat(clusters.c.cluster_id)  # groups are numbered anew
        same = [column for column in log.c if column.name not in moved and column is not log.autoincrement_column]
        query = select(*same, *moved.values()).where(on_timeline(log, tx, past.simulation_id, past.timeline))
        names = [column.name for column in same] + list(moved)
        await tx.execute(insert_into(tx.dialect, log).from_select(names, query).on_conflict_do_nothing())

    async def _find(self, tx: Transaction, which: ColumnElement[bool], agent_ids: Sequence[str]) -> list[Memory]:
        query = (
            select(episodes.c.agent_id, episodes.c.timeline_id, episodes.c.moment, episodes.c.document)
            .where(which, episodes.c.agent_id.in_(agent_ids))
            .order_by(episodes.c.moment)
        )
        return [
            Memory(row.agent_id, row.timeline_id, row.moment // SPAN, row.document) for row in await tx.execute(query)
        ]
