"""HTTP resources of simulations and of studies."""

from fastapi import APIRouter

from services.orchestrator.api import checkpoints, lists, simulations, studies

router = APIRouter()
for resource in (simulations, lists, checkpoints):
    router.include_router(resource.router, prefix="/simulations", tags=["simulations"])
router.include_router(studies.router)
