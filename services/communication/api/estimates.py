"""What turns will take, before they are taken."""

from fastapi import APIRouter

from libs.contracts.estimates import Estimate, TurnsSpec
from libs.http import Tenant
from services.communication.api.service import Service

router = APIRouter()


@router.post("/estimate")
async def estimate_turns(spec: TurnsSpec, service: Service, tenant: Tenant) -> Estimate:
    """What these turns take, without taking them. `POST /studies/estimate` does it for a whole study."""
    return await service.estimates.estimate(spec, tenant)
