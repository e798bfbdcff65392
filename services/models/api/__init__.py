"""HTTP resources of the models service: the private `/v1/turns`, a face like OpenAI's, what models take and cost."""

from fastapi import APIRouter

from services.models.api import budgets, capabilities, chat, embeddings, jobs, load, quota, quotes, turns, usage

router = APIRouter(prefix="/v1", tags=["models"])
for part in (turns, chat, embeddings, capabilities, load, quota, quotes, usage, budgets, jobs):
    router.include_router(part.router)
