"""HTTP resources of communication."""

from fastapi import APIRouter

from services.communication.api import (
    artefacts,
    changes,
    engines,
    estimates,
    history,
    interactions,
    relations,
    requests,
    stories,
    transcripts,
    writing,
)

router = APIRouter(prefix="/communications", tags=["communications"])
for part in (
    engines,
    estimates,
    requests,
    relations,
    history,
    transcripts,
    changes,
    interactions,
    stories,
    writing,
    artefacts,
):
    router.include_router(part.router)
