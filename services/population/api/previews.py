"""A look at a population before it is made."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from libs.contracts.base import Name
from libs.contracts.estimates import Questions
from libs.contracts.people import Agent
from libs.contracts.specs import PopulationSpec
from libs.http import Read
from services.population.api.access import Service
from services.population.domain.population import Understood

router = APIRouter()
SHOWN = 200


class SegmentPreview(BaseModel):
    """What would be made of a segment's particularities."""

    name: str
    understood: list[Understood]
    not_understood: list[str]


class PreviewView(BaseModel):
    """Some of the people, and the seed that draws them."""

    seed: int
    segments: list[SegmentPreview]
    individuals: list[Agent]
    questions: list[Questions] = Field(description="What making the population would ask of its model; for estimates.")


async def checked(spec: PopulationSpec, service: Service) -> PopulationSpec:
    """The body, once its model is known to be there: before a transaction begins."""
    await service.preparing.check(spec)
    return spec


@router.post("/preview")
async def preview_population(
    spec: Annotated[PopulationSpec, Depends(checked)],
    service: Service,
    tx: Read,
    people: Annotated[int, Query(ge=1, le=SHOWN, description="How many are shown, evenly spread.")] = 20,
    segment: Annotated[list[Name] | None, Query(description="Only people of these segments.")] = None,
) -> PreviewView:
    """Some of the people that a specification draws; nothing is kept."""
    shown = await service.drawing.preview(tx, spec, people, segment or [])
    return PreviewView(
        seed=shown.seed,
        segments=[
            SegmentPreview(name=wanted.name, **reading.model_dump(include={"understood", "not_understood"}))
            for wanted, reading in zip(spec.segments, shown.readings, strict=True)
        ],
        individuals=shown.people,
        questions=service.preparing.questions(shown),
    )
