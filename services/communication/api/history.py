"""What was shown, thought, said and answered."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from libs.contracts.base import UtcTime
from libs.http import Cursor, Limit, Page, Read, decode_cursor, page
from services.communication.api.service import Service
from services.communication.domain.history import Content, HistoryKind
from services.communication.store import HistoryFilter

router = APIRouter()
LAST_SEQUENCE = 2**63 - 1


class HistoryItemView(BaseModel):
    """One thing an agent met, did or answered."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    sequence: int = Field(description="Grows in the order in which items were recorded.")
    timeline_id: str = Field(description="The timeline on which it was recorded.")
    agent_id: str
    name: str
    arm: str
    round: int
    step_id: str
    kind: HistoryKind
    content: Content = Field(description="Text; for an answer the answers by metric, for a tool how it was used.")
    channel: str | None = Field(description="Where a stimulus was met.")
    conversation_id: str | None = Field(description="The conversation it belongs to.")
    target: str | None = Field(description="Whom something was said to, as the agent called them.")
    heard_by: tuple[str, ...] | None = Field(description="Ids of the agents who heard what was said.")
    simulated_at: datetime | None = Field(description="When it happened on the simulated clock.")
    at: datetime
    cluster_id: str = Field(description="The group of agents that hear each other; one's own id without such talk.")


@router.get("/{simulation_id}/history")
async def history(
    simulation_id: str,
    service: Service,
    tx: Read,
    limit: Limit = 50,
    cursor: Cursor = None,
    agent_id: Annotated[str | None, Query(description="Only items of this agent.")] = None,
    kind: Annotated[HistoryKind | None, Query(description="Only items of this kind.")] = None,
    step_id: Annotated[str | None, Query(description="Only items of this step.")] = None,
    conversation_id: Annotated[str | None, Query(description="Only items of this conversation.")] = None,
    request_id: Annotated[str | None, Query(description="Only items of this broadcast, message, …")] = None,
    round: Annotated[int | None, Query(ge=1, lt=2**31, description="Only items of this round.")] = None,
    timeline_id: Annotated[
        str | None,
        Query(description="The past of this timeline; if none, of the present one, or wherever a step or request ran."),
    ] = None,
    since: Annotated[UtcTime | None, Query(description="Only items at or after this time (UTC unless said).")] = None,
    until: Annotated[UtcTime | None, Query(description="Only items before this time (UTC unless said).")] = None,
) -> Page[HistoryItemView]:
    """What was shown, thought, said and answered, oldest first."""
    key = decode_cursor(cursor, int)
    rounds = None if request_id is None else await service.rounds_of(tx, simulation_id, request_id)
    is_of_request = any(one is not None for one in (step_id, conversation_id, request_id))
    timeline = None if is_of_request and timeline_id is None else await service.timeline(tx, simulation_id, timeline_id)
    wanted = HistoryFilter(
        agent_id=agent_id,
        kind=kind,
        step_id=step_id,
        conversation_id=conversation_id,
        round=round,
        rounds=rounds,
        since=since,
        until=until,
        timeline=timeline,
    )
    after = min(key[0], LAST_SEQUENCE) if key else 0
    entries = await service.history(tx, simulation_id, wanted, after=after, limit=limit + 1)
    return page(entries, limit, HistoryItemView.model_validate, lambda entry: (entry.sequence,))
