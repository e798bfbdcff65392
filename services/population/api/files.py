"""People as files: many in one request, out one by one or all in one stream; also tables for other programs."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from libs.contracts.base import JsonObject, Name
from libs.contracts.errors import InvalidError
from libs.contracts.specs import ImportSpec
from libs.db import Database
from libs.http import Read, Tenant, Write
from libs.minds.json_documents import one_line, pretty
from libs.minds.persona_files import AGENT_SUFFIX
from services.population.api.access import NOSNIFF, Service, lossless
from services.population.api.people import IndividualView
from services.population.api.populations import PopulationView
from services.population.domain.imports import Person
from services.population.service.files import read_file

router = APIRouter()
NDJSON = "application/x-ndjson"
ANY_FILE: JsonObject = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("text/csv", NDJSON, "application/vnd.apache.parquet", "application/octet-stream")
        },
    }
}


class Format(NamedTuple):
    """A kind of file that people are written to."""

    media: str
    suffix: str


FORMATS = {
    "agent_json": Format(NDJSON, "agents.jsonl"),
    "jsonl": Format(NDJSON, "individuals.jsonl"),
    "csv": Format("text/csv; charset=utf-8", "csv"),
    "parquet": Format("application/vnd.apache.parquet", "parquet"),
}


@router.post("/import", status_code=201, dependencies=[Depends(lossless)])
async def import_people(spec: ImportSpec, service: Service, tx: Write) -> PopulationView:
    """Make a population of people from `.agent.json` documents. Fields we do not know are kept, and exported again."""
    return PopulationView.of(await service.import_people(tx, spec))


async def documents(file_format: str, request: Request) -> list[JsonObject]:
    """The people in the body, read before the transaction begins."""
    return await asyncio.to_thread(read_file, await request.body(), file_format)


@router.post("/import/{file_format}", status_code=201, openapi_extra=ANY_FILE)
async def import_file(
    file_format: str,
    people: Annotated[list[JsonObject], Depends(documents)],
    name: Annotated[Name, Query(description="Name of the population.")],
    service: Service,
    tx: Write,
) -> PopulationView:
    """Make a population of the people in a `csv`, `jsonl` or `parquet` file, in the columns that an export has.

    Needed are `name` and `age`, or `persona`; further columns are `segment`, `demographic_profile.…` and `traits.…`.
    """
    return PopulationView.of(await service.import_people(tx, ImportSpec(name=name, agents=people)))


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
    export_format: Annotated[
        str, Query(alias="format", max_length=20, description="agent_json, jsonl, csv or parquet")
    ] = "agent_json",
) -> StreamingResponse:
    """Everybody, in the order of their ids.

    `agent_json`: an `.agent.json` document a line, without loss. `jsonl`: a line as `individuals` shows them. `csv` and
    `parquet`: a row each, the persona as JSON in a column; in CSV a text that would be a formula starts with an
    apostrophe. All of them can be imported again.
    """
    if export_format not in FORMATS:
        raise InvalidError("format", f"{export_format!r} is not an export format", list(FORMATS))
    await service.show(tx, population_id)
    database: Database = request.app.state.database
    pages = service.files.pages(database, tenant, population_id)
    body: AsyncIterator[bytes]
    if export_format in ("csv", "parquet"):
        columns = await service.files.columns(tx, population_id)
        body = (service.files.csv if export_format == "csv" else service.files.parquet)(pages, columns)
    else:
        body = _lines(pages, in_files=export_format == "agent_json")
    chosen = FORMATS[export_format]
    headers = NOSNIFF | {"content-disposition": f'attachment; filename="{population_id}.{chosen.suffix}"'}
    return StreamingResponse(body, media_type=chosen.media, headers=headers)


async def _lines(pages: AsyncIterator[list[Person]], *, in_files: bool) -> AsyncIterator[bytes]:
    async for people in pages:
        found = (person.document() if in_files else IndividualView.of(person.agent).model_dump() for person in people)
        yield "".join(f"{one_line(one)}\n" for one in found).encode()
