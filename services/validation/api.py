"""HTTP resources of validation."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from libs.contracts.errors import NotAvailableError
from libs.http import Read
from services.validation.domain.card import QualityCard
from services.validation.service import Validation

router = APIRouter(prefix="/validation", tags=["validation"])


def validation(request: Request) -> Validation:
    """The service `create_app` built."""
    service: Validation = request.app.state.service
    return service


Service = Annotated[Validation, Depends(validation)]


@router.get("/{simulation_id}/metrics")
async def simulation_metrics(simulation_id: str, service: Service, tx: Read) -> QualityCard:
    """The quality of what a simulation has recorded so far."""
    return await service.quality(tx, simulation_id)


@router.post("/empirical-compare")
async def compare_empirically() -> None:
    """Not there yet."""
    raise NotAvailableError("POST /validation/empirical-compare")


@router.post("/agent-behavior")
async def validate_agent_behaviour() -> None:
    """Not there yet."""
    raise NotAvailableError("POST /validation/agent-behavior")


@router.post("/historical-baseline")
async def add_historical_baseline() -> None:
    """Not there yet."""
    raise NotAvailableError("POST /validation/historical-baseline")
