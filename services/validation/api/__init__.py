"""HTTP resources of validation. Fixed paths stand before those that begin with the id of a simulation."""

from fastapi import APIRouter

from services.validation.api import baselines, behaviour, comparisons, hybrids, ledger, quality

router = APIRouter(prefix="/validation", tags=["validation"])
for _part in (comparisons, baselines, ledger, behaviour, hybrids, quality):
    router.include_router(_part.router)
