"""What agents made with tools. An artefact is written with its turn and never changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from libs.contracts.base import JsonObject
from libs.contracts.communication import DeliverStimulus
from libs.contracts.timelines import Timeline
from libs.db import Transaction, append
from libs.minds.artefacts import Artefact
from services.communication.domain.turns import TurnRecord
from services.communication.store.log import on_timeline
from services.communication.tables import artefacts


@dataclass(frozen=True, slots=True)
class ArtefactFilter:
    """Which artefacts are wanted; None means any."""

    agent_id: str | None = None
    tool: str | None = None
    type: str | None = None
    step_id: str | None = None


@dataclass(frozen=True, slots=True)
class StoredArtefact:
    """An artefact and where it was made. `sequence` grows in the order of recording."""

    artefact: Artefact
    sequence: int
    turn_id: str
    step_id: str
    round: int
    at: datetime


class Artefacts:
    """Every query filters by the transaction's tenant."""

    async def add(self, tx: Transaction, command: DeliverStimulus, records: Sequence[TurnRecord]) -> None:
        """What was made in turns that are recorded for the first time."""
        await append(tx, artefacts, [row for record in records for row in _rows(tx.tenant, command, record)])

    async def find_made(
        self,
        tx: Transaction,
        simulation_id: str,
        timeline: Timeline,
        agent_ids: Sequence[str],
        tools: Sequence[str],
    ) -> Mapping[str, Sequence[Artefact]]:
        """What each agent made with these tools so far, oldest first."""
        if not tools:
            return {}
        query = (
            select(artefacts)
            .where(
                on_timeline(artefacts, tx, simulation_id, timeline),
                artefacts.c.agent_id.in_(agent_ids),
                artefacts.c.tool.in_(tools),
            )
            .order_by(artefacts.c.moment, artefacts.c.action, artefacts.c.place)
        )
        found: dict[str, list[Artefact]] = {}
        for row in await tx.execute(query):
            found.setdefault(row.agent_id, []).append(_artefact(row))
        return found

    async def list(
        self,
        tx: Transaction,
        simulation_id: str,
        timeline: Timeline,
        wanted: ArtefactFilter,
        *,
        after: int,
        limit: int,
    ) -> list[StoredArtefact]:
        """Artefacts of a timeline after a sequence number, in the order in which they were recorded."""
        names = ("agent_id", "tool", "type", "step_id")
        given = {name: getattr(wanted, name) for name in names}
        query = (
            select(artefacts)
            .where(
                on_timeline(artefacts, tx, simulation_id, timeline),
                artefacts.c.sequence > after,
                *(artefacts.c[name] == value for name, value in given.items() if value is not None),
            )
            .order_by(artefacts.c.sequence)
            .limit(limit)
        )
        return [_stored(row) for row in await tx.execute(query)]

    async def get(self, tx: Transaction, simulation_id: str, artefact_id: str) -> StoredArtefact | None:
        """One artefact."""
        query = select(artefacts).where(
            artefacts.c.tenant == tx.tenant,
            artefacts.c.simulation_id == simulation_id,
            artefacts.c.artefact_id == artefact_id,
        )
        row = (await tx.execute(query)).one_or_none()
        return _stored(row) if row else None


def _rows(tenant: str, command: DeliverStimulus, record: TurnRecord) -> list[JsonObject]:
    return [
        {
            "tenant": tenant,
            "simulation_id": command.simulation_id,
            "timeline_id": command.timeline_id,
            "artefact_id": artefact.artefact_id,
            "agent_id": artefact.agent_id,
            "author": artefact.author,
            "tool": artefact.tool,
            "type": artefact.type,
            "name": artefact.name,
            "format": artefact.format,
            "content": artefact.content,
            "turn_id": record.finished.turn_id,
            "step_id": command.step_id,
            "round": command.round,
            "moment": record.moment,
            "action": used.action,
            "place": place,
            "simulated_at": artefact.created_at,
            "at": record.finished.at,
        }
        for used in record.uses
        for place, artefact in enumerate(used.artefacts)
    ]


def _artefact(row: Row[Any]) -> Artefact:
    names = ("artefact_id", "tool", "type", "name", "format", "content", "agent_id", "author")
    return Artefact(**{name: getattr(row, name) for name in names}, created_at=row.simulated_at)


def _stored(row: Row[Any]) -> StoredArtefact:
    return StoredArtefact(_artefact(row), row.sequence, row.turn_id, row.step_id, row.round, row.at)
