"""Extractions: asked for, followed, and had again whenever wanted."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from libs.contracts.errors import ConflictError, InvalidError
from libs.contracts.evidence import Evidence
from libs.contracts.protocol import Usage
from libs.contracts.tools import ExtractionSpec
from libs.http import DEFAULT_LIMIT, Cursor, Limit, Page, Read, Tenant, Write, decode_cursor, encode_cursor, page
from services.results.api.access import CSV, Service, file_headers
from services.results.domain.extraction.model import Extracted, Extraction, FieldSummary, Way
from services.results.domain.findings import SIMULATED
from services.results.domain.tabular import Cell, csv_of
from services.results.service.extraction import AT_ONCE, Shown

router = APIRouter()
FORMATS = ("json", "csv")
STAMP = ("simulated", "evidence_grade", "effective_n", "caveat")


async def with_model(spec: ExtractionSpec, service: Service, tenant: Tenant) -> ExtractionSpec:
    """The body with the model that will read; whether it is there is asked before the transaction begins."""
    return await service.extractions.with_model(spec, tenant)


class ExtractionSummary(BaseModel):
    """An extraction, without what it gave."""

    id: str
    simulation_id: str
    model: str
    fields: dict[str, Way] = Field(description="How each field is got.")
    planned: int = Field(description="Agents, by the arm they were in.")
    created_at: datetime
    links: dict[str, str]

    @classmethod
    def of(cls, extraction: Extraction) -> "ExtractionSummary":
        """The view of an extraction."""
        here = f"/results/{extraction.simulation_id}/extractions/{extraction.id}"
        return cls(
            id=extraction.id,
            simulation_id=extraction.simulation_id,
            model=extraction.model,
            fields=extraction.ways,
            planned=extraction.planned,
            created_at=extraction.created_at,
            links={"self": here, "summary": f"{here}/summary", "csv": f"{here}/export?format=csv"},
        )


class ExtractionView(ExtractionSummary):
    """An extraction with one page of what it gave, and what its simulation is worth."""

    state: Literal["running", "completed", "failed", "cancelled"]
    reason: str | None = Field(description="Why it failed or was cancelled; what was got until then is kept.")
    finished: int
    failed: int = Field(description="Agents whose fields could not all be got; they are among the items.")
    usage: Usage
    notice: str
    evidence: Evidence
    items: list[Extracted]
    next_cursor: str | None

    @classmethod
    def with_items(cls, shown: Shown, items: list[Extracted], limit: int) -> "ExtractionView":
        """The view of `limit + 1` fetched items: the extra one only tells that there are more."""
        progress, listed = shown.progress, items[:limit]
        return cls(
            **ExtractionSummary.of(shown.extraction).model_dump(),
            state=shown.state,
            reason=None if shown.state == "completed" else shown.extraction.reason,
            finished=progress.finished,
            failed=progress.failed,
            usage=progress.usage,
            notice=SIMULATED,
            evidence=shown.evidence,
            items=listed,
            next_cursor=encode_cursor(*listed[-1].place) if len(items) > limit else None,
        )


class SummaryView(BaseModel):
    """An extraction over all agents: counts and moments of what simulated people said, with what that is worth."""

    id: str
    simulation_id: str
    n: int
    failed: int
    notice: str
    evidence: Evidence
    fields: list[FieldSummary]


@router.post("/extract", status_code=201, responses={202: {"description": "A model reads, or many agents: running."}})
async def create_extraction(
    spec: Annotated[ExtractionSpec, Depends(with_model)], service: Service, tx: Write, response: Response
) -> ExtractionView:
    """Find out fields of every agent: from what was recorded, by rules in what was said, or by a model that reads it.

    Up to 500 agents without a model are there when this answers. Otherwise `state` is running: `links.self` shows how
    far it is, and has the items in pages.
    """
    extraction = await service.extractions.create(tx, spec)
    view = await _view(service, tx, extraction.simulation_id, extraction.id, AT_ONCE, None, only_failed=False)
    if view.state == "running":
        response.status_code = 202
    return view


@router.get("/{simulation_id}/extractions")
async def list_extractions(
    simulation_id: str, service: Service, tx: Read, limit: Limit = 50, cursor: Cursor = None
) -> Page[ExtractionSummary]:
    """The extractions of a simulation, newest first."""
    key = decode_cursor(cursor, str)
    rows = await service.extractions.newest(tx, simulation_id, limit + 1, key[0] if key else None)
    return page(rows, limit, ExtractionSummary.of, lambda row: (row.id,))


@router.get("/{simulation_id}/extractions/{extraction_id}")
async def show_extraction(
    simulation_id: str,
    extraction_id: str,
    service: Service,
    tx: Read,
    limit: Limit = 50,
    cursor: Cursor = None,
    failed: Annotated[bool, Query(description="Only agents whose fields could not all be got.")] = False,
) -> ExtractionView:
    """How far an extraction is, and what it gave so far, by agent."""
    after = decode_cursor(cursor, str, str)
    return await _view(service, tx, simulation_id, extraction_id, limit, after, only_failed=failed)


@router.delete("/{simulation_id}/extractions/{extraction_id}")
async def cancel_extraction(simulation_id: str, extraction_id: str, service: Service, tx: Write) -> ExtractionView:
    """Stop an extraction; what was got stays. A block of agents that a model reads already is finished."""
    await service.extractions.cancel(tx, simulation_id, extraction_id)
    return await _view(service, tx, simulation_id, extraction_id, DEFAULT_LIMIT, None, only_failed=False)


@router.get("/{simulation_id}/extractions/{extraction_id}/summary")
async def summarise_extraction(simulation_id: str, extraction_id: str, service: Service, tx: Read) -> SummaryView:
    """Every field over all agents; of an intervention when all its planned responses are in."""
    status = await service.status(tx, simulation_id)
    if status.study.intervention_id is not None and status.state in {"running", "analysing"}:
        raise ConflictError("The simulation is running: there is a summary when its planned responses are in.")
    shown = await service.extractions.show(tx, simulation_id, extraction_id, status.evidence)
    return SummaryView(
        id=extraction_id,
        simulation_id=simulation_id,
        n=shown.progress.finished,
        failed=shown.progress.failed,
        notice=SIMULATED,
        evidence=status.evidence,
        fields=await service.extractions.summary(tx, shown),
    )


@router.get("/{simulation_id}/extractions/{extraction_id}/export", response_class=StreamingResponse)
async def export_extraction(
    simulation_id: str,
    extraction_id: str,
    service: Service,
    tx: Read,
    tenant: Tenant,
    export_format: Annotated[str, Query(alias="format", max_length=20, description="json or csv")] = "csv",
) -> StreamingResponse:
    """What was got, as a file. `csv`: one row per agent and arm, a column per field, and in every row what it is worth.
    `json`: one object a line."""
    if export_format not in FORMATS:
        raise InvalidError("format", f"{export_format!r} is not an export format", FORMATS)
    status = await service.status(tx, simulation_id)
    shown = await service.extractions.show(tx, simulation_id, extraction_id, status.evidence)
    pages = service.extractions.pages(tenant, extraction_id)
    body, media = (_csv(shown, pages), CSV) if export_format == "csv" else (_lines(pages), "application/x-ndjson")
    name = f"rehearsal-{simulation_id}-{extraction_id}.{'csv' if export_format == 'csv' else 'ndjson'}"
    return StreamingResponse(body, media_type=media, headers=file_headers(name))


async def _view(
    service: Service,
    tx: Read,
    simulation_id: str,
    extraction_id: str,
    limit: int,
    after: tuple[str, str] | None,
    *,
    only_failed: bool,
) -> ExtractionView:
    status = await service.status(tx, simulation_id)
    shown = await service.extractions.show(tx, simulation_id, extraction_id, status.evidence)
    items = await service.extractions.items(tx, extraction_id, limit + 1, after, only_failed=only_failed)
    return ExtractionView.with_items(shown, items, limit)


async def _csv(shown: Shown, pages: AsyncIterator[list[Extracted]]) -> AsyncIterator[bytes]:
    fields, evidence = shown.extraction.spec.fields, shown.evidence
    stamp: list[Cell] = ["true", evidence.grade, evidence.effective_n, evidence.caveat]
    own = ("agent_id", "name", "segment", "arm", "failure")
    yield csv_of([[*own, *fields, *(f"{field} (how)" for field in fields), *STAMP]])
    async for items in pages:
        yield csv_of(
            [
                *(getattr(item, name) for name in own),
                *(_cell(item.fields.get(field)) for field in fields),
                *(item.ways[field].value for field in fields),
                *stamp,
            ]
            for item in items
        )


def _cell(value: object) -> Cell:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {part}" for key, part in value.items() if part is not None)
    assert value is None or isinstance(value, str | int | float | list)
    return value


async def _lines(pages: AsyncIterator[list[Extracted]]) -> AsyncIterator[bytes]:
    async for items in pages:
        yield b"".join(item.model_dump_json().encode() + b"\n" for item in items)
