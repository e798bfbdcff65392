"""HTTP resources of the population service, by what they are about."""

from fastapi import APIRouter

from services.population.api import files, populations, profiles, versions

router = APIRouter(prefix="/agent-populations", tags=["populations"])
for part in (populations, profiles, files, versions):
    router.include_router(part.router)
