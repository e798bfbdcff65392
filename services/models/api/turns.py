"""`POST /v1/turns`: the private language between a turn worker and this service."""

from collections.abc import AsyncIterator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from libs.contracts.turns import TurnBatch, TurnReply
from libs.http import Tenant
from services.models.api.access import Service

router = APIRouter()
NDJSON = "application/x-ndjson"


@router.post("/turns", response_class=StreamingResponse, responses={200: {"content": {NDJSON: {}}}})
async def answer_turns(batch: TurnBatch, service: Service, tenant: Tenant) -> StreamingResponse:
    """Answer the turns of a delivery: NDJSON, one `TurnReply` a line, in the order in which they finish.

    A line is sent after its call is in the ledger. A stream that ends without a line for every turn was cut off: send
    the batch again, what is finished is not paid for twice. Calls that this simulation paid for are reported with their
    usage whenever it asks; what another simulation paid for is cached.
    """
    replies = service.turns(batch, tenant)
    first: list[TurnReply] = await anext(
        replies, []
    )  # before the status is sent: whatever is wrong from the start becomes a problem
    return StreamingResponse(_lines(first, replies), media_type=NDJSON)


async def _lines(first: list[TurnReply], rest: AsyncIterator[list[TurnReply]]) -> AsyncIterator[bytes]:
    yield _ndjson(first)
    async for replies in rest:
        yield _ndjson(replies)


def _ndjson(replies: list[TurnReply]) -> bytes:
    return b"".join(reply.model_dump_json().encode() + b"\n" for reply in replies)
