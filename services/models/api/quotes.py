"""`GET /v1/quotes`: what is known of a model before it is called."""

from typing import Annotated

from fastapi import APIRouter, Query

from libs.contracts.base import Name
from libs.contracts.estimates import Quote
from services.models.api.access import Service

router = APIRouter()


@router.get("/quotes")
async def quote(model: Annotated[Name, Query()], service: Service) -> Quote:
    """Price, pace and limits of a chat model, for estimates."""
    return service.quote(model)
