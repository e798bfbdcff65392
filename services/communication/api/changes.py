"""What agents remember at one checkpoint and not at another; the link of a difference of checkpoints leads here."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from libs.contracts.base import JsonObject
from libs.contracts.timelines import LAST_PLACE
from libs.http import Cursor, Limit, Page, Read, decode_cursor, page
from services.communication.api.service import Service
from services.communication.store import Difference, Memory

router = APIRouter()
TimelineId = Annotated[str, Query(min_length=1, max_length=64)]
Place = Annotated[int, Query(ge=0, le=LAST_PLACE, description="Of the last step that counts; 0: none.")]


class MemoryView(BaseModel):
    """One turn as its agent remembers it."""

    timeline_id: str = Field(description="The timeline on which it happened.")
    place: int = Field(description="Place of its step on the timeline, from 1.")
    memory: JsonObject = Field(description="What is remembered; what was shown stands in the history.")

    @classmethod
    def of(cls, memory: Memory) -> "MemoryView":
        """The view of a memory."""
        kept = {name: value for name, value in memory.document.items() if name != "stimulus"}
        return cls(timeline_id=memory.timeline_id, place=memory.place, memory=kept)


class AgentChangesView(BaseModel):
    """What one agent remembers more, and no more."""

    agent_id: str
    gained: list[MemoryView]
    lost: list[MemoryView]

    @classmethod
    def of(cls, difference: Difference) -> "AgentChangesView":
        """The view of a difference."""
        gained, lost = ([MemoryView.of(one) for one in part] for part in (difference.gained, difference.lost))
        return cls(agent_id=difference.agent_id, gained=gained, lost=lost)


@router.get("/{simulation_id}/changes")
async def changes(
    simulation_id: str,
    service: Service,
    tx: Read,
    from_timeline_id: TimelineId,
    from_place: Place,
    to_timeline_id: TimelineId,
    to_place: Place,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AgentChangesView]:
    """The agents whose memory is not the same at two places of two timelines, or of one."""
    key = decode_cursor(cursor, str)
    before, after = [
        (await service.timeline(tx, simulation_id, timeline_id)).fork(0, place)
        for timeline_id, place in ((from_timeline_id, from_place), (to_timeline_id, to_place))
    ]
    found = await service.compare_memories(
        tx, simulation_id, before, after, beyond=key[0] if key else "", limit=limit + 1
    )
    return page(found, limit, AgentChangesView.of, lambda one: (one.agent_id,))
