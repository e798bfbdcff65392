"""What can run agents' turns here."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.communication.api.service import Service

router = APIRouter()


class EngineView(BaseModel):
    """An engine that a study may name."""

    name: str
    is_available: bool
    version: str | None = Field(description="Of the library behind it; null where it needs none or has none.")
    problem: str | None = Field(description="Why it cannot run here, and what to do.")


class EnginesView(BaseModel):
    """All engines."""

    items: list[EngineView]


@router.get("/engines")
async def list_engines(service: Service) -> EnginesView:
    """The engines that a study may name, and which of them can run here."""
    return EnginesView(
        items=[
            EngineView(name=name, is_available=found.problem is None, version=found.version, problem=found.problem)
            for name, found in (await service.engines()).items()
        ]
    )
