"""HTTP resources of simulations and of studies."""

from fastapi import APIRouter

from services.orchestrator.api import checkpoints, simulations, studies

router = APIRouter()
for resource in (simulations, checkpoints):
    router.include_router(resource.router, prefix="/simulations", tags=["simulations"])
router.include_router(studies.router)
