"""HTTP resources of webhooks and of what they were told."""

from fastapi import APIRouter

from services.webhooks.api import notifications, webhooks

router = APIRouter(tags=["webhooks"])
for part in (webhooks, notifications):
    router.include_router(part.router)
