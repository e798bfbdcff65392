"""What agents are asked: surveys, messages, conversations and sequences."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from libs.contracts.dialogue import BroadcastSpec, ConversationSpec, MessageSpec, SequenceSpec
from libs.http import Cursor, Limit, Page, Read, Tenant, decode_cursor, page
from services.communication.api.history import HistoryItemView
from services.communication.api.service import Service, asking, database_of
from services.communication.service import Accepted, replies

router = APIRouter()
LONGEST_WAIT_S = 120.0


class AcceptedView(BaseModel):
    """A request that will run."""

    id: str
    simulation_id: str
    recipients: int = Field(description="Agents who are addressed.")
    first_round: int
    step_ids: list[str] = Field(description="Its steps, in order; each is a filter of the history.")
    groups: dict[str, list[str]] = Field(description="Those who hear each other, by group.")
    state: Literal["accepted"] = "accepted"
    links: dict[str, str]

    @classmethod
    def of(cls, accepted: Accepted) -> "AcceptedView":
        """The view of an accepted request."""
        path = f"/simulations/{accepted.simulation_id}"
        history = f"/communications/{accepted.simulation_id}/history?request_id={accepted.protocol_id}"
        return cls(
            id=accepted.protocol_id,
            simulation_id=accepted.simulation_id,
            recipients=accepted.recipients,
            first_round=accepted.first_round,
            step_ids=list(accepted.step_ids),
            groups={group_id: list(group) for group_id, group in accepted.groups.items()},
            links={
                "status": f"{path}/status",
                "steps": f"{path}/steps",
                "stream": f"{path}/stream",
                "history": history,
            },
        )


class ReplyView(AcceptedView):
    """A message with what came back, as far as it came within the time that was waited."""

    is_complete: bool = Field(description="False: the agent has not finished; follow the history.")
    items: list[HistoryItemView] = Field(description="What the agent met, thought, said and answered.")


class RequestView(BaseModel):
    """Something that was asked for."""

    model_config = ConfigDict(from_attributes=True)

    id: str = Field(validation_alias="protocol_id")
    kind: Literal["broadcast", "message", "conversation", "sequence"]
    round: int = Field(description="Its first round.")
    rounds: int
    recipients: int
    created_at: datetime
    state: Annotated[
        Literal["accepted", "running", "finished", "dropped"],
        BeforeValidator(lambda state: state or "accepted"),
        Field(description="Dropped: the simulation ended, failed or was restored before its last step had run."),
    ]


@router.post("/broadcast", status_code=202)
async def broadcast(request: Request, spec: BroadcastSpec, service: Service, tenant: Tenant) -> AcceptedView:
    """Show a stimulus to all, to some segments or to some agents, and ask metrics about it."""
    async with asking(request, tenant, spec.simulation_id, spec) as tx:
        return AcceptedView.of(await service.requests.broadcast(tx, spec))


@router.post(
    "/direct-message",
    status_code=202,
    response_model=None,
    responses={200: {"model": ReplyView, "description": "With `wait`: the reply."}, 202: {"model": AcceptedView}},
)
async def direct_message(
    request: Request,
    spec: MessageSpec,
    service: Service,
    tenant: Tenant,
    response: Response,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S, description="Seconds to wait for the reply.")] = 0.0,
    accept: Annotated[str, Header(description="text/event-stream streams the reply as it is recorded.")] = "",
) -> AcceptedView | ReplyView | StreamingResponse:
    """Say something to one agent: an interview by a person, or a message of one agent to another."""
    async with asking(request, tenant, spec.simulation_id, spec) as tx:
        accepted = await service.requests.message(tx, spec)
    view = AcceptedView.of(accepted)
    if "text/event-stream" in accept:
        lines = _events(request, service, tenant, accepted, wait or LONGEST_WAIT_S)
        return StreamingResponse(lines, media_type="text/event-stream", headers={"cache-control": "no-cache"})
    if not wait:
        return view
    entries = [entry async for entry in replies(database_of(request), service, tenant, accepted, wait)]
    response.status_code = 200
    items = [HistoryItemView.model_validate(entry) for entry in entries]
    return ReplyView(**view.model_dump(), is_complete=bool(items), items=items)


async def _events(
    request: Request, service: Service, tenant: str, accepted: Accepted, wait: float
) -> AsyncIterator[bytes]:
    """The request as it was accepted, then every item of the reply, then `done`, which says whether it is complete."""
    yield _event("accepted", AcceptedView.of(accepted))
    is_complete = False
    async for entry in replies(database_of(request), service, tenant, accepted, wait):
        is_complete = True
        yield _event("item", HistoryItemView.model_validate(entry))
    yield b'event: done\ndata: {"is_complete": %s}\n\n' % (b"true" if is_complete else b"false")


def _event(name: str, data: BaseModel) -> bytes:
    return f"event: {name}\ndata: {data.model_dump_json()}\n\n".encode()


@router.post("/conversation/start", status_code=202)
async def start_conversation(
    request: Request, spec: ConversationSpec, service: Service, tenant: Tenant
) -> AcceptedView:
    """Let groups talk: a focus group with a moderator, open talk, or an agent who interviews others."""
    async with asking(request, tenant, spec.simulation_id, spec) as tx:
        return AcceptedView.of(await service.requests.conversation(tx, spec))


@router.post("/sequence/execute", status_code=202)
async def execute_sequence(request: Request, spec: SequenceSpec, service: Service, tenant: Tenant) -> AcceptedView:
    """Have touchpoints follow each other on the simulated clock, some only for those who answered so."""
    async with asking(request, tenant, spec.simulation_id, spec) as tx:
        return AcceptedView.of(await service.requests.sequence(tx, spec))


@router.get("/{simulation_id}/requests")
async def list_requests(
    simulation_id: str, service: Service, tx: Read, limit: Limit = 50, cursor: Cursor = None
) -> Page[RequestView]:
    """What was asked for in a simulation, oldest first."""
    key = decode_cursor(cursor, str)
    found = await service.list_requests(tx, simulation_id, after=key[0] if key else None, limit=limit + 1)
    return page(found, limit, RequestView.model_validate, lambda one: (one.protocol_id,))
