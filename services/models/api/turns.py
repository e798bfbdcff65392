"""`POST /v1/turns`: the private language between a turn worker and this service."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from libs.contracts.errors import DomainError
from libs.contracts.turns import TurnBatch, TurnReply
from libs.http import Tenant, problem_of
from services.models.api.access import Service

router = APIRouter()
NDJSON = "application/x-ndjson"
QUIET_S = 15.0
"""A stream without replies for so long shows that it is alive by an empty line."""
NONE_YET = b"\n"

Replies = AsyncGenerator[list[TurnReply], None]


@router.post("/turns", response_class=StreamingResponse, responses={200: {"content": {NDJSON: {}}}})
async def answer_turns(batch: TurnBatch, service: Service, tenant: Tenant) -> StreamingResponse:
    """Answer the turns of a delivery: NDJSON, one `TurnReply` a line, in the order in which they finish.

    A line is sent after its call is in the ledger. Calls that this simulation paid for are reported with their usage
    whenever it asks; what another simulation paid for is cached.

    Turns that cannot be answered now get no line, and the last line is a problem that says why: with status 402 a
    budget is spent, with 503 the ledger is not available. When that is so for all of them, the problem is the answer.
    Send the batch again later, also when a stream was cut off: what is finished is not paid for twice. Empty lines
    mean nothing: calls may wait for hours, and readers for a sign of life.
    """
    replies = service.turns(batch, tenant)
    first = asyncio.ensure_future(anext(replies, None))
    try:
        await asyncio.wait({first}, timeout=QUIET_S)
    except asyncio.CancelledError:  # nobody waits for it any more
        first.cancel()
        raise
    if first.done():
        first.result()  # before the status is sent: whatever is wrong from the start becomes a problem
    return StreamingResponse(_lines(first, replies), media_type=NDJSON)


async def _lines(first: asyncio.Future[list[TurnReply] | None], replies: Replies) -> AsyncIterator[bytes]:
    upcoming = first
    async with aclosing(replies):
        try:
            while True:
                await asyncio.wait({upcoming}, timeout=QUIET_S)
                if not upcoming.done():
                    yield NONE_YET
                    continue
                ready = upcoming.result()
                if ready is None:
                    return
                yield b"".join(reply.model_dump_json().encode() + b"\n" for reply in ready)
                upcoming = asyncio.ensure_future(anext(replies, None))
        except DomainError as error:
            yield problem_of(error).model_dump_json().encode() + b"\n"
        finally:
            upcoming.cancel()
