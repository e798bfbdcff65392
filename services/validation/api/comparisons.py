"""Comparisons with people: made, and had again whenever wanted."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from libs.contracts.comparisons import ComparisonSpec
from libs.http import Cursor, Limit, Page, Read, Write, decode_cursor, page
from services.validation.api.access import Service
from services.validation.domain.comparison.kept import Comparison
from services.validation.domain.comparison.model import Verdict

router = APIRouter()


class ComparisonSummary(BaseModel):
    """A comparison, without its figures."""

    id: str
    metric: str
    verdict: Verdict
    score: float
    study: str | None
    simulator: str | None
    simulation_id: str | None
    baseline_id: str | None
    created_at: datetime
    links: dict[str, str]

    @classmethod
    def of(cls, comparison: Comparison) -> "ComparisonSummary":
        """The summary of a comparison."""
        own = {name: getattr(comparison, name) for name in cls.model_fields if name != "links"}
        return cls(**own, links={"self": f"/validation/comparisons/{comparison.id}"})


@router.post("/empirical-compare")
async def compare_empirically(spec: ComparisonSpec, service: Service, tx: Write) -> Comparison:
    """Whether simulated answers are those that people give: whole distributions, beside what two human samples show.

    `pass` has to be shown, and so has `fail`; everything else is `inconclusive`. Values that are not of the declared
    type are counted in `unrecognised` and nowhere else. The comparison is kept, and its outcomes go into the ledger.
    """
    return await service.comparisons.compare(tx, spec)


@router.get("/comparisons")
async def list_comparisons(
    service: Service, tx: Read, limit: Limit = 50, cursor: Cursor = None
) -> Page[ComparisonSummary]:
    """Comparisons, newest first."""
    key = decode_cursor(cursor, str)
    rows = await service.comparisons.newest(tx, limit + 1, key[0] if key else None)
    return page(rows, limit, ComparisonSummary.of, lambda row: (row.id,))


@router.get("/comparisons/{comparison_id}")
async def show_comparison(comparison_id: str, service: Service, tx: Read) -> Comparison:
    """A comparison, as it was answered."""
    return await service.comparisons.get(tx, comparison_id)
