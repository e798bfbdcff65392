"""What agents made with tools, and each of it as a file."""

import asyncio
import re
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from libs.contracts.errors import InvalidError
from libs.documents import Document, export, formats
from libs.http import Cursor, Limit, Page, Read, decode_cursor, page
from libs.minds.artefacts import Artefact, Format, file_name
from services.communication.api.history import LAST_SEQUENCE
from services.communication.api.service import Service
from services.communication.store import ArtefactFilter, StoredArtefact

router = APIRouter()


class ArtefactView(BaseModel):
    """Something an agent made."""

    id: str
    simulation_id: str
    agent_id: str
    author: str
    tool: str
    type: str = Field(description="What it is: document, event, …")
    name: str
    format: Format
    content: str = Field(description="As the agent wrote it.")
    step_id: str
    round: int
    simulated_at: datetime | None = Field(description="When it was made on the simulated clock.")
    at: datetime
    links: dict[str, str]

    @classmethod
    def of(cls, stored: StoredArtefact, simulation_id: str) -> "ArtefactView":
        """The view of an artefact."""
        made = stored.artefact
        here = f"/communications/{simulation_id}/artefacts/{made.artefact_id}"
        return cls(
            id=made.artefact_id,
            simulation_id=simulation_id,
            agent_id=made.agent_id,
            author=made.author,
            tool=made.tool,
            type=made.type,
            name=made.name,
            format=made.format,
            content=made.content,
            step_id=stored.step_id,
            round=stored.round,
            simulated_at=made.created_at,
            at=stored.at,
            links={"self": here, **{name: f"{here}?format={name}" for name in formats}},
        )


@router.get("/{simulation_id}/artefacts")
async def list_artefacts(
    simulation_id: str,
    service: Service,
    tx: Read,
    limit: Limit = 50,
    cursor: Cursor = None,
    agent_id: Annotated[str | None, Query(description="Only of this agent.")] = None,
    tool: Annotated[str | None, Query(description="Only made with this tool.")] = None,
    type: Annotated[str | None, Query(description="Only of this type.")] = None,
    step_id: Annotated[str | None, Query(description="Only made in this step.")] = None,
) -> Page[ArtefactView]:
    """What agents made with tools, oldest first."""
    key = decode_cursor(cursor, int)
    wanted = ArtefactFilter(agent_id, tool, type, step_id)
    after = min(key[0], LAST_SEQUENCE) if key else 0
    found = await service.list_artefacts(tx, simulation_id, wanted, after=after, limit=limit + 1)
    return page(found, limit, lambda stored: ArtefactView.of(stored, simulation_id), lambda stored: (stored.sequence,))


@router.get("/{simulation_id}/artefacts/{artefact_id}", response_model=ArtefactView)
async def show_artefact(
    simulation_id: str,
    artefact_id: str,
    service: Service,
    tx: Read,
    wanted: Annotated[
        str | None, Query(alias="format", max_length=20, description=f"As a file: {', '.join(formats)}.")
    ] = None,
) -> ArtefactView | Response:
    """One artefact: described, or as a file in one of the formats."""
    stored = await service.artefact(tx, simulation_id, artefact_id)
    if wanted is None:
        return ArtefactView.of(stored, simulation_id)
    if wanted not in formats:
        raise InvalidError("format", f"{wanted!r} is not a format of artefacts", formats)
    file = await asyncio.to_thread(export, _document(stored.artefact), wanted)
    disposition = "inline" if wanted == "html" else "attachment"
    headers = {
        "content-disposition": f'{disposition}; filename="{_ascii(file_name(stored.artefact.name, wanted))}"',
        "x-content-type-options": "nosniff",
    }
    return Response(file.body, media_type=file.media_type, headers=headers)


def _document(artefact: Artefact) -> Document:
    """Markdown as it is; anything else as it stands, in a block of its own."""
    text = artefact.content
    if artefact.format != "markdown":
        fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
        text = f"{fence}{artefact.format}\n{text}\n{fence}"
    return Document(artefact.name, artefact.author, text, artefact.created_at)


def _ascii(name: str) -> str:
    """A header holds no other letters; the name is only what a browser proposes."""
    return "".join(letter if letter.isascii() else "_" for letter in name)
