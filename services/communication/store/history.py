"""The history of a simulation, item by item in the order of recording."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select

from libs.contracts.timelines import Timeline
from libs.db import Transaction, along
from services.communication.domain.history import HistoryEntry, HistoryKind
from services.communication.domain.moments import SPAN
from services.communication.tables import history, stimuli

PAGE = 2_000


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which items of a history are wanted; None means any. `since` is included, `until` is not."""

    agent_id: str | None = None
    kind: HistoryKind | None = None
    step_id: str | None = None
    conversation_id: str | None = None
    round: int | None = None
    rounds: tuple[int, int] | None = None
    """The first and the last one."""
    since: datetime | None = None
    until: datetime | None = None
    timeline: Timeline | None = None


class History:
    """Every query filters by the transaction's tenant."""

    async def list(
        self, tx: Transaction, simulation_id: str, wanted: HistoryFilter, *, after: int, limit: int
    ) -> list[HistoryEntry]:
        """Items after a sequence number, in the order in which they were recorded."""
        same = [history.c[name] == stimuli.c[name] for name in ("tenant", "simulation_id", "step_id", "arm")]
        shown = and_(history.c.kind == HistoryKind.STIMULUS.value, *same)
        query = (
            select(history, stimuli.c.document.label("shown"))
            .select_from(history.outerjoin(stimuli, shown))
            .where(
                history.c.tenant == tx.tenant,
                history.c.simulation_id == simulation_id,
                history.c.sequence > after,
                *_conditions(wanted),
            )
            .order_by(history.c.sequence)
            .limit(limit)
        )
        return [_entry(row) for row in await tx.execute(query)]

    async def ends(
        self, tx: Transaction, simulation_id: str, wanted: HistoryFilter, first: int, last: int
    ) -> tuple[Sequence[HistoryEntry], int]:
        """The first and the last items, in their order and each once, and how many between them are left out."""
        beginning = await self.list(tx, simulation_id, wanted, after=0, limit=first) if first else []
        reached = beginning[-1].sequence if beginning else 0
        rest = (
            history.c.tenant == tx.tenant,
            history.c.simulation_id == simulation_id,
            history.c.sequence > reached,
            *_conditions(wanted),
        )
        newest = select(history.c.sequence).where(*rest).order_by(history.c.sequence.desc()).limit(last)
        places = list((await tx.execute(newest)).scalars())
        count = int((await tx.execute(select(func.count()).select_from(history).where(*rest))).scalar_one())
        end = await self.list(tx, simulation_id, wanted, after=places[-1] - 1, limit=last) if places else []
        return [*beginning, *end], count - len(end)

    async def all(self, tx: Transaction, simulation_id: str, wanted: HistoryFilter) -> AsyncIterator[HistoryEntry]:
        """Every item, read page by page."""
        after = 0
        while entries := await self.list(tx, simulation_id, wanted, after=after, limit=PAGE):
            for entry in entries:
                yield entry
            after = entries[-1].sequence


def _entry(row: Row[tuple[Any, ...]]) -> HistoryEntry:
    kind = HistoryKind(row.kind)
    return HistoryEntry(
        id=f"{row.turn_id}-{row.place}",
        sequence=row.sequence,
        timeline_id=row.timeline_id,
        agent_id=row.agent_id,
        name=row.name,
        arm=row.arm,
        round=row.round,
        step_id=row.step_id,
        kind=kind,
        content=row.shown["content"] if kind is HistoryKind.STIMULUS else row.content,
        channel=row.channel,
        conversation_id=row.conversation_id,
        target=row.target,
        heard_by=None if row.heard_by is None else tuple(row.heard_by),
        simulated_at=row.simulated_at,
        at=row.at,
        cluster_id=row.cluster_id,
    )


def _conditions(wanted: HistoryFilter) -> list[ColumnElement[bool]]:
    names = ("agent_id", "kind", "step_id", "conversation_id", "round")
    given = {name: getattr(wanted, name) for name in names}
    conditions: list[ColumnElement[bool]] = [
        history.c[name] == value for name, value in given.items() if value is not None
    ]
    if wanted.rounds is not None:
        conditions.append(history.c.round.between(*wanted.rounds))
    if wanted.since is not None:
        conditions.append(history.c.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(history.c.at < wanted.until)
    if wanted.timeline is not None:
        conditions.append(along(wanted.timeline, history.c.timeline_id, history.c.moment, span=SPAN))
    return conditions
