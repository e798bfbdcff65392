"""A look at a population before it is made."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from libs.contracts.estimates import PreviewSpec, Questions
from libs.contracts.people import Agent
from libs.contracts.planning import Attribute
from libs.contracts.specs import PopulationSpec
from libs.http import Read
from services.population.api.access import Service
from services.population.domain.population import Understood
from services.population.service.previews import Whom

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
    meant: int = Field(description="How many of all are meant by target and exclude.")
    attributes: dict[str, Attribute] | None = Field(description="What people have, meant or not; null if not wanted.")
    individuals: list[Agent]
    questions: list[Questions] = Field(description="What making the population would ask of its model; for estimates.")


async def previewed(spec: PreviewSpec, service: Service) -> PreviewSpec:
    """The body, once its model is known to be there: before a transaction begins."""
    await service.preparing.check(spec)
    return spec


@router.post("/preview")
async def preview_population(
    spec: Annotated[PreviewSpec, Depends(previewed)],
    service: Service,
    tx: Read,
    people: Annotated[int, Query(ge=1, le=SHOWN, description="How many are shown, evenly spread.")] = 20,
    attributes: Annotated[bool, Query(description="Tell what people have, for which everybody is drawn.")] = False,
) -> PreviewView:
    """Some of the people that a specification draws; nothing is kept."""
    whom = Whom(spec.target.target if spec.target else None, spec.exclude.target if spec.exclude else None)
    drawn = PopulationSpec.model_validate(spec.model_dump(exclude={"target", "exclude"}))
    shown = await service.drawing.preview(tx, drawn, people, whom, with_attributes=attributes)
    return PreviewView(
        seed=shown.seed,
        segments=[
            SegmentPreview(name=wanted.name, **reading.model_dump(include={"understood", "not_understood"}))
            for wanted, reading in zip(spec.segments, shown.readings, strict=True)
        ],
        meant=shown.meant,
        attributes=shown.attributes,
        individuals=shown.people,
        questions=service.preparing.questions(shown),
    )
