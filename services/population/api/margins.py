"""The receipt of a population: how far its people are from every margin, with the source of each."""

from fastapi import APIRouter

from libs.http import Read
from services.population.api.access import Service
from services.population.domain.margins import MarginReport

router = APIRouter()


class MarginsView(MarginReport):
    """Margin errors of one population."""

    population_id: str


@router.get("/{population_id}/margins")
async def show_margins(population_id: str, service: Service, tx: Read) -> MarginsView:
    """Expected and drawn shares of every dimension, weights with Kish's effective n, and the source of each."""
    report = await service.margins(tx, population_id)
    return MarginsView(population_id=population_id, **dict(report))
