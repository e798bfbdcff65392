"""Reduction of events to rows, and normalisation of free texts: asked for and answered at once, nothing is kept."""

from collections.abc import AsyncIterator, Sequence

import orjson
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from libs.contracts.evidence import Evidence
from libs.contracts.protocol import Usage
from libs.contracts.tools import NormalizationSpec, ReductionSpec, ThemesSpec
from libs.http import Tenant
from services.results.api.access import CSV, Service, file_headers
from services.results.domain.findings import SIMULATED
from services.results.domain.reduction import Cell, Reduction
from services.results.domain.tabular import csv_of
from services.results.domain.themes import Themes
from services.results.service.normalization import Outcome

router = APIRouter()
Portions = AsyncIterator[Sequence[Sequence[Cell]]]


class LabelCount(BaseModel):
    """A label and how many texts have it."""

    label: str
    count: int
    share: float


class NormalizationView(BaseModel):
    """As many labels as there were texts, in the same order."""

    n: int = Field(description="Labels that were allowed, Other included.")
    method: str = Field(description="The model, or how it was done without one.")
    labels: list[LabelCount]
    mapping: dict[str, str] = Field(description="The label of every different text.")
    normalized: list[str]
    unassigned: int = Field(description="Different texts that are Other because the model gave them no label.")
    usage: Usage
    notice: str | None
    evidence: Evidence | None = Field(description="What the shares are worth; null for texts that were sent.")

    @classmethod
    def of(cls, outcome: Outcome, n: int) -> "NormalizationView":
        """The view of an outcome."""
        found = outcome.normalized
        total = len(found.normalized)
        counts = {label: found.normalized.count(label) for label in found.labels}
        return cls(
            n=n,
            method=outcome.method,
            labels=[LabelCount(label=label, count=count, share=count / total) for label, count in counts.items()],
            mapping=found.mapping,
            normalized=list(found.normalized),
            unassigned=found.unassigned,
            usage=outcome.usage,
            notice=SIMULATED if outcome.evidence else None,
            evidence=outcome.evidence,
        )


@router.post("/normalize")
async def normalize(spec: NormalizationSpec, service: Service, tenant: Tenant) -> NormalizationView:
    """Sort free texts into at most `n` labels; what fits nowhere is Other. With `offline` by likeness of words and
    spelling, else by the model named, whose mapping is checked and completed."""
    return NormalizationView.of(await service.normalizations.normalize(spec, tenant), spec.n)


class ThemesView(BaseModel):
    """Themes of one field in two codings, what they cost, and what they are worth."""

    themes: Themes | None = Field(description="Null where rules find nothing that texts have in common.")
    usage: Usage
    notice: str
    evidence: Evidence


@router.post("/{simulation_id}/themes")
async def find_themes(simulation_id: str, spec: ThemesSpec, service: Service, tenant: Tenant) -> ThemesView:
    """Code the texts of a field twice, by a model or by rules, and say how well both codings agree.

    Those of a model are kept: they stand in the aggregate and the report beside those by rules until it is asked again.
    Of more than 1,000 texts as many are coded. A model that takes longer than 50 s is 503; the same request goes on.
    """
    found = await service.codings.code(simulation_id, spec, tenant)
    return ThemesView(themes=found.themes, usage=found.usage, notice=SIMULATED, evidence=found.evidence)


@router.post("/reduce", response_class=StreamingResponse)
async def reduce(spec: ReductionSpec, service: Service, tenant: Tenant) -> StreamingResponse:
    """The events of a simulation as rows, by declared rules.

    `split` is what `pandas.DataFrame(**answer)` takes, `records` what `pandas.DataFrame(answer["records"])` does.
    """
    reduction = Reduction(spec.rules)
    portions = service.reductions.rows(spec, reduction, tenant)
    await anext(portions)  # before the status is sent: a simulation that is not there becomes a problem
    write, media = WRITERS[spec.format]
    headers = file_headers(f"rehearsal-{spec.simulation_id}-rows.csv") if spec.format == "csv" else {}
    return StreamingResponse(write(reduction.columns, portions), media_type=media, headers=headers)


async def _records(columns: Sequence[str], portions: Portions) -> AsyncIterator[bytes]:
    yield b'{"columns":' + orjson.dumps(list(columns)) + b',"records":['
    separator = b""
    async for rows in portions:
        if rows:
            yield separator + b",".join(orjson.dumps(dict(zip(columns, row, strict=True))) for row in rows)
            separator = b","
    yield b"]}"


async def _split(columns: Sequence[str], portions: Portions) -> AsyncIterator[bytes]:
    yield b'{"columns":' + orjson.dumps(list(columns)) + b',"data":['
    count = 0
    async for rows in portions:
        if rows:
            yield (b"," if count else b"") + b",".join(orjson.dumps(row) for row in rows)
            count += len(rows)
    yield b'],"index":' + orjson.dumps(list(range(count))) + b"}"


async def _csv(columns: Sequence[str], portions: Portions) -> AsyncIterator[bytes]:
    yield csv_of([list(columns)])
    async for rows in portions:
        yield csv_of(rows)


WRITERS = {"records": (_records, "application/json"), "split": (_split, "application/json"), "csv": (_csv, CSV)}
