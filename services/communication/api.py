"""HTTP resources of communication."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from libs.contracts.dialogue import BroadcastSpec
from libs.contracts.errors import NotAvailableError
from libs.http import Cursor, Page, Read, Tenant, Write, arrives, decode_cursor, page
from services.communication.domain.history import Content, HistoryKind
from services.communication.service import AcceptedBroadcast, Communication
from services.communication.store import HistoryFilter

router = APIRouter(prefix="/communications", tags=["communications"])
MAX_HISTORY = 500
LAST_SEQUENCE = 2**63 - 1


def communication(request: Request) -> Communication:
    """The service `create_app` built."""
    service: Communication = request.app.state.service
    return service


Service = Annotated[Communication, Depends(communication)]


async def known_target(request: Request, spec: BroadcastSpec, service: Service, tenant: Tenant) -> BroadcastSpec:
    """The body, once its simulation has had time to become ready here: it may have been created a moment ago."""
    database = request.app.state.database
    await arrives(database, lambda tx: service.knows_target(tx, spec.simulation_id), tenant=tenant)
    return spec


KnownTarget = Annotated[BroadcastSpec, Depends(known_target)]


class BroadcastView(BaseModel):
    """A broadcast that will run."""

    id: str
    simulation_id: str
    recipients: int
    state: Literal["accepted"] = "accepted"
    links: dict[str, str]

    @classmethod
    def of(cls, broadcast: AcceptedBroadcast) -> "BroadcastView":
        """The view of an accepted broadcast."""
        simulation_id = broadcast.simulation_id
        return cls(
            id=broadcast.broadcast_id,
            simulation_id=simulation_id,
            recipients=broadcast.recipients,
            links={
                "status": f"/simulations/{simulation_id}/status",
                "stream": f"/simulations/{simulation_id}/stream",
                "history": f"/communications/{simulation_id}/history?step_id={broadcast.broadcast_id}",
            },
        )


class HistoryItemView(BaseModel):
    """One thing an agent met, did or answered."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    sequence: int = Field(description="Grows in the order in which items were recorded.")
    agent_id: str
    name: str
    arm: str
    round: int
    step_id: str
    kind: HistoryKind
    content: Content = Field(description="Text; for an answer the answers by metric.")
    channel: str | None = Field(description="Where a stimulus was met.")
    at: datetime
    cluster_id: str = Field(description="The group of agents that hear each other; one's own id without such talk.")


@router.post("/broadcast", status_code=202)
async def broadcast(
    spec: Annotated[BroadcastSpec, Depends(known_target)], service: Service, tx: Write
) -> BroadcastView:
    """Show a stimulus to all or some segments of an interactive simulation, and ask metrics about it."""
    return BroadcastView.of(await service.broadcast(tx, spec))


@router.get("/{simulation_id}/history")
async def history(
    simulation_id: str,
    service: Service,
    tx: Read,
    limit: Annotated[int, Query(ge=1, le=MAX_HISTORY, description="Items in one page.")] = 50,
    cursor: Cursor = None,
    agent_id: Annotated[str | None, Query(description="Only items of this agent.")] = None,
    kind: Annotated[HistoryKind | None, Query(description="Only items of this kind.")] = None,
    step_id: Annotated[str | None, Query(description="Only items of this step; a broadcast is a step.")] = None,
    round: Annotated[int | None, Query(ge=1, lt=2**31, description="Only items of this round.")] = None,
    since: Annotated[datetime | None, Query(description="Only items at or after this time (UTC unless said).")] = None,
    until: Annotated[datetime | None, Query(description="Only items before this time (UTC unless said).")] = None,
) -> Page[HistoryItemView]:
    """What was shown, thought, said and answered, oldest first."""
    key = decode_cursor(cursor, int)
    wanted = HistoryFilter(agent_id, kind, step_id, round, _in_utc(since), _in_utc(until))
    after = min(key[0], LAST_SEQUENCE) if key else 0
    entries = await service.history(tx, simulation_id, wanted, after=after, limit=limit + 1)
    return page(entries, limit, HistoryItemView.model_validate, lambda entry: (entry.sequence,))


@router.post("/direct-message")
async def direct_message() -> None:
    """Not there yet."""
    raise NotAvailableError("POST /communications/direct-message")


@router.post("/conversation/start")
async def start_conversation() -> None:
    """Not there yet."""
    raise NotAvailableError("POST /communications/conversation/start")


@router.post("/sequence/execute")
async def execute_sequence() -> None:
    """Not there yet."""
    raise NotAvailableError("POST /communications/sequence/execute")


def _in_utc(time: datetime | None) -> datetime | None:
    return time.replace(tzinfo=UTC) if time is not None and time.tzinfo is None else time
