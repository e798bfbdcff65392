"""The quality card of a simulation."""

from fastapi import APIRouter

from libs.http import Read
from services.validation.api.access import Service
from services.validation.domain.card import QualityCard

router = APIRouter()


@router.get("/{simulation_id}/metrics")
async def simulation_metrics(simulation_id: str, service: Service, tx: Read) -> QualityCard:
    """The quality of what a simulation has recorded so far."""
    return await service.quality(tx, simulation_id)
