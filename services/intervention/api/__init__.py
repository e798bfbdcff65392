"""HTTP resources of interventions, their executions and what came of them."""

from fastapi import APIRouter

from services.intervention.api import designs, executions

router = APIRouter(prefix="/interventions", tags=["interventions"])
for part in (designs, executions):
    router.include_router(part.router)
