"""The ledger of past comparisons and what it teaches: as JSON, as a page, as single plots."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from libs.contracts.comparisons import LedgerImport
from libs.http import Cursor, Limit, Page, Read, Write, decode_cursor, page
from services.validation.api.access import NOSNIFF, Service
from services.validation.domain.ledger.entries import Entry
from services.validation.domain.ledger.model import CalibrationView

router = APIRouter()
Simulator = Annotated[str | None, Query(max_length=64, description="Only this simulator.")]


class Imported(BaseModel):
    """What an import brought."""

    added: int = Field(description="Entries that were not there; the same figures are kept once.")
    simulators: list[str]
    calibrations: list[CalibrationView]


class Calibrations(BaseModel):
    """What is known of simulators, those with comparisons of their own first."""

    source: str = Field(description="Where the shipped calibrations come from.")
    licence: str
    url: str
    borrowed: str = Field(description="The variant that counts for simulators without enough comparisons of their own.")
    fewest_studies: int = Field(description="Studies that grade B takes at least.")
    items: list[CalibrationView]
    links: dict[str, str]


@router.get("/ledger")
async def list_ledger(
    service: Service, tx: Read, simulator: Simulator = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[Entry]:
    """Outcomes of past comparisons: what people answered and what was simulated."""
    key = decode_cursor(cursor, str)
    rows = await service.ledger.page(tx, simulator, limit + 1, key[0] if key else None)
    return page(rows, limit, lambda entry: entry, lambda entry: (entry.id,))


@router.post("/ledger", status_code=201)
async def import_ledger(spec: LedgerImport, service: Service, tx: Write) -> Imported:
    """Add past comparisons of your own from a CSV file."""
    added, simulators = await service.ledger.load(tx, spec)
    views = [await service.ledger.calibration(tx, simulator) for simulator in simulators]
    return Imported(added=added, simulators=simulators, calibrations=views)


@router.get("/calibration")
async def show_calibrations(service: Service, tx: Read, simulator: Simulator = None) -> Calibrations:
    """What past comparisons teach about each simulator: bias, its spread, how effects shrink, what that is worth."""
    from libs.stats import FEWEST_STUDIES
    from libs.stats.shipped import shipped

    given = shipped()
    one = None if simulator is None else [await service.ledger.calibration(tx, simulator)]
    names = [view.simulator for view in one or ()]
    query = f"?simulator={quote(names[0], safe='')}" if names else ""
    plots = {name: f"/validation/calibration/{name}.svg{query}" for name in ("bias", "effects", "coverage")}
    return Calibrations(
        source=given.source,
        licence=given.licence,
        url=given.url,
        borrowed=given.borrowed,
        fewest_studies=FEWEST_STUDIES,
        items=await service.ledger.calibrations(tx) if one is None else one,
        links={"page": f"/validation/calibration.html{query}", **plots},
    )


@router.get("/calibration.html", response_class=Response)
async def show_calibration_page(service: Service, tx: Read, simulator: Simulator = None) -> Response:
    """The same as a page that needs nothing but itself."""
    from services.validation.domain.ledger.page import to_html

    shown = await show_calibrations(service, tx, simulator)
    entries = await service.ledger.entries(tx, simulator) if simulator is not None else []
    return Response(to_html(shown.source, shown.items, entries), media_type="text/html; charset=utf-8", headers=NOSNIFF)


@router.get("/calibration/{name}.svg", response_class=Response)
async def show_calibration_plot(name: str, service: Service, tx: Read, simulator: Simulator = None) -> Response:
    """One plot as an SVG file: bias, effects, coverage."""
    from services.validation.domain.ledger.page import to_svg

    shown = await show_calibrations(service, tx, simulator)
    return Response(to_svg(name, shown.items), media_type="image/svg+xml", headers=NOSNIFF)
