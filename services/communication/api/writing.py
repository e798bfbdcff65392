"""Texts that a model writes anew: enrich and style."""

from fastapi import APIRouter
from pydantic import BaseModel

from libs.contracts.protocol import Usage
from libs.contracts.tools import EnrichmentSpec, StyleSpec
from libs.models import Asked
from services.communication.api.service import Service

router = APIRouter()


class WrittenView(BaseModel):
    """The new text, and what it cost."""

    content: str
    model: str
    usage: Usage

    @classmethod
    def of(cls, answer: Asked[str]) -> "WrittenView":
        """The view of an answer."""
        return cls(content=answer.value or "", model=answer.model, usage=answer.usage)


@router.post("/enrich")
async def enrich(spec: EnrichmentSpec, service: Service) -> WrittenView:
    """Make a text richer by what is required, keeping all of it. One call of a language model."""
    return WrittenView.of(await service.writing.enrich(spec))


@router.post("/style")
async def style(spec: StyleSpec, service: Service) -> WrittenView:
    """Write a text in another style, saying the same. One call of a language model."""
    return WrittenView.of(await service.writing.style(spec))
