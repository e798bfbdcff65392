"""What was said in the conversations of a simulation."""

from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select

from libs.contracts.timelines import Timeline
from libs.db import Transaction, along
from services.communication.domain.history import HistoryKind
from services.communication.domain.moments import SPAN
from services.communication.domain.transcripts import Utterance, is_goal
from services.communication.tables import history, stimuli


class Talk:
    """Every query filters by the transaction's tenant."""

    async def conversations(self, tx: Transaction, simulation_id: str, timeline: Timeline) -> list[str]:
        """The conversations of this timeline, in the order in which they began."""
        query = (
            select(history.c.conversation_id)
            .where(*_of(tx, simulation_id, timeline), history.c.conversation_id.is_not(None))
            .group_by(history.c.conversation_id)
            .order_by(func.min(history.c.moment))
        )
        return [str(found) for found in (await tx.execute(query)).scalars()]

    async def items(
        self, tx: Transaction, simulation_id: str, timeline: Timeline, conversation_id: str
    ) -> list[Utterance]:
        """All that happened in one conversation, in the order of its moments."""
        same = [history.c[name] == stimuli.c[name] for name in ("tenant", "simulation_id", "step_id", "arm")]
        shown = and_(history.c.kind == HistoryKind.STIMULUS.value, *same)
        query = (
            select(history, stimuli.c.document.label("shown"))
            .select_from(history.outerjoin(stimuli, shown))
            .where(*_of(tx, simulation_id, timeline), history.c.conversation_id == conversation_id)
            .order_by(history.c.moment, history.c.agent_id, history.c.sequence)
        )
        return [_utterance(row) async for rows in tx.blocks(query) for row in rows]


def _of(tx: Transaction, simulation_id: str, timeline: Timeline) -> list[ColumnElement[bool]]:
    return [
        history.c.tenant == tx.tenant,
        history.c.simulation_id == simulation_id,
        along(timeline, history.c.timeline_id, history.c.moment, span=SPAN),
    ]


def _utterance(row: Row[Any]) -> Utterance:
    kind, shown = HistoryKind(row.kind), row.shown or {}
    content = shown["content"] if kind is HistoryKind.STIMULUS else row.content
    return Utterance(
        kind=kind,
        step_id=row.step_id,
        round=row.round,
        agent_id=row.agent_id,
        name=row.name,
        content=content if isinstance(content, str) else "",
        target=row.target,
        source=shown.get("source"),
        is_guide=is_goal(shown.get("kind")),
    )
