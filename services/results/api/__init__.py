"""HTTP resources of results: what was found out about a simulation, and the tools that work on what was recorded."""

from fastapi import APIRouter

from services.results.api import comparison, extraction, feed, live, results, tools

router = APIRouter(prefix="/results", tags=["results"])
for _part in (comparison, feed, live, results, extraction, tools):
    router.include_router(_part.router)
