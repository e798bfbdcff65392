"""HTTP resources of what systems outside asked for over the bus."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from libs.contracts.intervention import Refusal
from libs.http import Cursor, Limit, Page, Read, decode_cursor, page
from services.intervention.api.access import Service
from services.intervention.domain.request import Request
from services.intervention.service import Requests

router = APIRouter(prefix="/requests")


def requests_of(service: Service) -> Requests:
    """The use cases of requests."""
    return service.requests


RequestService = Annotated[Requests, Depends(requests_of)]


class RequestView(BaseModel):
    """A request of a system outside and what became of it."""

    request_id: str
    source: str
    action: str
    state: Literal["accepted", "rejected"]
    intervention_id: str | None = Field(description="What it made, changed or ran; null for one that was rejected.")
    simulation_id: str | None
    errors: list[Refusal]
    sent_at: datetime
    handled_at: datetime

    @classmethod
    def of(cls, request: Request) -> "RequestView":
        """As it is shown."""
        return cls(
            state="accepted" if request.is_accepted else "rejected",
            errors=[Refusal(field=one.field, message=one.message, allowed=one.allowed) for one in request.errors],
            **{name: getattr(request, name) for name in cls.model_fields if name not in {"state", "errors"}},
        )


@router.get("")
async def list_requests(
    requests: RequestService, tx: Read, limit: Limit = 50, cursor: Cursor = None
) -> Page[RequestView]:
    """What systems outside asked for, the last handled first."""
    key = decode_cursor(cursor, str, str)
    found = await requests.newest(tx, limit + 1, (datetime.fromisoformat(key[0]), key[1]) if key else None)
    return page(found, limit, RequestView.of, lambda one: (one.handled_at.isoformat(), one.request_id))


@router.get("/{request_id}")
async def show_request(request_id: str, requests: RequestService, tx: Read) -> RequestView:
    """What became of a request. 404 while it has not come, or waits for what it builds on."""
    return RequestView.of(await requests.find(tx, request_id))
