"""HTTP resources of communication."""

from fastapi import APIRouter

from services.communication.api import engines, history, interactions, relations, requests

router = APIRouter(prefix="/communications", tags=["communications"])
for part in (engines, requests, relations, history, interactions):
    router.include_router(part.router)
