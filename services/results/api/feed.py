"""Responses as they come, for a reader that goes on where it stopped."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from libs.contracts.evidence import Evidence
from libs.http import Limit, Read, decode_cursor, encode_cursor
from services.results.api.access import Service
from services.results.api.results import IndividualResult
from services.results.domain.findings import SIMULATED, State

router = APIRouter()


class FeedView(BaseModel):
    """What came after a cursor, in the order in which it was recorded, and the counts of now."""

    simulation_id: str
    state: State
    notice: str
    items: list[IndividualResult]
    cursor: str = Field(description="Give it as `after` to go on; it stays the same while nothing comes.")
    has_more: bool = Field(description="True: ask again at once. False: what there is now was read.")
    answered: dict[str, int] = Field(description="Agents that answered, by arm.")
    failed: dict[str, int]
    assigned: dict[str, int]
    evidence: Evidence


@router.get("/{simulation_id}/feed")
async def feed(
    simulation_id: str,
    service: Service,
    tx: Read,
    after: Annotated[str | None, Query(max_length=500, description="`cursor` of an earlier answer.")] = None,
    limit: Limit = 100,
) -> FeedView:
    """New responses since a cursor: each exactly once, in the order in which they were recorded.

    A reader that stops and goes on with its cursor misses nothing. Only responses of the present timeline are shown.
    """
    (last,) = decode_cursor(after, int, field="after") or (0,)
    status = await service.status(tx, simulation_id)
    rows = await service.feed(tx, simulation_id, limit + 1, last)
    shown = rows[:limit]
    return FeedView(
        simulation_id=simulation_id,
        state=status.state,
        notice=SIMULATED,
        items=[IndividualResult.of(turn) for _, turn in shown],
        cursor=encode_cursor(shown[-1][0] if shown else last),
        has_more=len(rows) > limit,
        answered=status.heads.answered,
        failed=status.heads.failed,
        assigned=status.heads.assigned,
        evidence=status.evidence,
    )
