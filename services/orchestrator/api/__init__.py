"""HTTP resources of simulations."""

from fastapi import APIRouter

from services.orchestrator.api import checkpoints, simulations

router = APIRouter(prefix="/simulations", tags=["simulations"])
for resource in (simulations, checkpoints):
    router.include_router(resource.router)
