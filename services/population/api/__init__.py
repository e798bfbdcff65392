"""HTTP resources of the population service, by what they are about.

Their order counts: parts with fixed paths (`/fragments`) come before those with `/{population_id}`.
"""

from fastapi import APIRouter

from services.population.api import (
    files,
    fragments,
    jobs,
    margins,
    people,
    populations,
    previews,
    profiles,
    templates,
    versions,
)

router = APIRouter(prefix="/agent-populations", tags=["populations"])
for part in (fragments, templates, jobs, margins, previews, profiles, populations, people, files, versions):
    router.include_router(part.router)
