"""People as files in TinyTroupe's `.agent.json` shape: many in one request, out one by one or as JSON lines."""

import re
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from libs.contracts.errors import InvalidError
from libs.contracts.specs import ImportSpec
from libs.db import Database
from libs.http import Read, Tenant, Write
from libs.minds.json_documents import one_line, pretty
from libs.minds.persona_files import AGENT_SUFFIX
from services.population.api.access import NOSNIFF, Service, lossless
from services.population.api.populations import PopulationView
from services.population.domain.selection import Key

router = APIRouter()
FORMATS = ("agent_json",)
PAGE = 200


@router.post("/import", status_code=201, dependencies=[Depends(lossless)])
async def import_people(spec: ImportSpec, service: Service, tx: Write) -> PopulationView:
    """Make a population of people from `.agent.json` documents. Fields we do not know are kept, and exported again."""
    return PopulationView.of(await service.import_people(tx, spec))


@router.get("/{population_id}/individuals/{agent_id}/agent.json", response_class=Response)
async def show_file(population_id: str, agent_id: str, service: Service, tx: Read) -> Response:
    """One person as an `.agent.json` file: as it was imported, or as TinyTroupe would read it."""
    person = await service.person(tx, population_id, agent_id)
    name = re.sub(r"[^A-Za-z0-9]+", "_", person.agent.name).strip("_") or agent_id
    headers = NOSNIFF | {"content-disposition": f'attachment; filename="{name}{AGENT_SUFFIX}"'}
    return Response(pretty(person.document()), media_type="application/json", headers=headers)


@router.get("/{population_id}/export", response_class=StreamingResponse)
async def export_people(
    population_id: str,
    request: Request,
    service: Service,
    tx: Read,
    tenant: Tenant,
    export_format: Annotated[str, Query(alias="format", max_length=20, description="agent_json")] = "agent_json",
) -> StreamingResponse:
    """Everybody, one `.agent.json` document a line, in the order of their ids."""
    if export_format not in FORMATS:
        raise InvalidError("format", f"{export_format!r} is not an export format", FORMATS)
    await service.show(tx, population_id)
    database: Database = request.app.state.database

    async def lines() -> AsyncIterator[str]:
        after: Key | None = (0,)
        while after is not None:
            async with database.read(tenant=tenant) as page:
                people = await service.people(page, population_id, PAGE, after)
            yield "".join(f"{one_line(person.document())}\n" for person in people)
            after = (people[-1].agent.index,) if len(people) == PAGE else None

    headers = NOSNIFF | {"content-disposition": f'attachment; filename="{population_id}.agents.jsonl"'}
    return StreamingResponse(lines(), media_type="application/x-ndjson", headers=headers)
