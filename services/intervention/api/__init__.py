"""HTTP resources of interventions, their executions and what came of them."""

from fastapi import APIRouter

from services.intervention.api import designs, executions, requests

router = APIRouter(prefix="/interventions", tags=["interventions"])
for part in (requests, designs, executions):  # what is literal before what takes an id
    router.include_router(part.router)
