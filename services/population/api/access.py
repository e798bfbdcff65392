"""What every resource of the service needs of its app and of its requests."""

import asyncio
from typing import Annotated

from fastapi import Depends, Query, Request

from libs.contracts.errors import InvalidError
from libs.contracts.specs import PopulationSpec
from libs.http.app import MAX_LARGE_BODY_BYTES
from libs.minds.json_documents import DocumentError, parse
from services.population.service import Populations

FURTHEST = 2**31 - 1
"""The largest index or version a cursor may name."""
NOSNIFF = {"x-content-type-options": "nosniff"}
SegmentName = Annotated[str | None, Query(max_length=120, description="A segment, or (rest).")]


def populations(request: Request) -> Populations:
    """The service `create_app` built."""
    service: Populations = request.app.state.service
    return service


async def lossless(request: Request) -> object:
    """The body; refuses what reading it would have settled silently, such as a key that stands twice in one object."""
    try:
        return await asyncio.to_thread(parse, await request.body(), MAX_LARGE_BODY_BYTES)
    except DocumentError as error:
        raise InvalidError(error.path or "body", error.reason) from None


Service = Annotated[Populations, Depends(populations)]


async def checked(spec: PopulationSpec, service: Service) -> PopulationSpec:
    """The body, once its model is known to be there: before a transaction begins, so it stands before `tx`."""
    await service.preparing.check(spec)
    return spec


Wanted = Annotated[PopulationSpec, Depends(checked)]
Document = Annotated[object, Depends(lossless)]
