"""What every service answers to the gateway, and to nobody else, about a tenant as a whole: everything it keeps of it,
and that all of it is to be deleted. The tenant is that of the identity, as for every other request.
"""

from collections.abc import AsyncIterator

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from libs.contracts.errors import NotFoundError
from libs.contracts.identity import PLATFORM
from libs.db import Database, tenants
from libs.http import Caller, Tenant

NDJSON = "application/x-ndjson"


def _only_the_platform(caller: Caller, request: Request) -> None:
    if caller.subject != PLATFORM:
        raise NotFoundError("path", request.url.path)


router = APIRouter(prefix="/tenant", include_in_schema=False, dependencies=[Depends(_only_the_platform)])


@router.get("/rows")
async def export_rows(request: Request, tenant: Tenant) -> StreamingResponse:
    """Every row of the tenant: one `[table, row]` a line, and at the end an empty list."""
    return StreamingResponse(_lines(request.app.state.database, tenant), media_type=NDJSON)


@router.post("/erase")
async def erase_rows(request: Request, tenant: Tenant) -> dict[str, int]:
    """Close the tenant and delete everything of it: how many rows there were, by table. Harmless to repeat."""
    return await erase(request.app.state.database, tenant)


async def erase(database: Database, tenant: str) -> dict[str, int]:
    """Close a tenant and delete everything of it; how many rows there were, by table."""
    async with database.write(tenant=tenant, is_closing=True) as tx:
        await tenants.close(tx)
        return await tenants.erase(tx)


async def _lines(database: Database, tenant: str) -> AsyncIterator[bytes]:
    async with database.read(tenant=tenant) as tx:
        async for table, row in tenants.rows(tx):
            yield orjson.dumps([table, row], option=orjson.OPT_APPEND_NEWLINE)
    yield b"[]\n"
