"""The talk of a simulation as one text."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from libs.db import Database
from libs.http import Tenant
from services.communication.api.service import Service, database_of
from services.communication.service import Communication

router = APIRouter()
MARKDOWN = "text/markdown; charset=utf-8"


@router.get(
    "/{simulation_id}/transcript",
    response_class=Response,
    responses={200: {"content": {"text/markdown": {}}, "description": "Markdown."}},
)
async def transcript(request: Request, simulation_id: str, service: Service, tenant: Tenant) -> StreamingResponse:
    """Who said what, group by group and in the order in which they heard it, on the present timeline: Markdown.

    404 where nobody talked with anybody. Sent as it is read, whatever its size.
    """
    parts = _parts(service, database_of(request), simulation_id, tenant)
    first = await anext(parts)  # before the status is sent: a simulation without talk becomes a problem
    name = f"rehearsal-{simulation_id}.transcript.md"
    headers = {"content-disposition": f'attachment; filename="{name}"', "x-content-type-options": "nosniff"}
    return StreamingResponse(_all(first, parts), media_type=MARKDOWN, headers=headers)


async def _parts(
    service: Communication, database: Database, simulation_id: str, tenant: str
) -> AsyncGenerator[bytes, None]:
    async with database.read(tenant=tenant) as tx:
        async for part in service.transcript(tx, simulation_id):
            yield part.encode()


async def _all(first: bytes, parts: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    async with aclosing(parts):
        yield first
        async for part in parts:
            yield part
