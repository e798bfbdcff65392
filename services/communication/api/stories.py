"""Stories of simulations: begun, steered, gone on with, read again."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from libs.contracts.protocol import Usage
from libs.contracts.tools import StorySpec
from libs.http import Cursor, Limit, Page, Read, Tenant, decode_cursor, page
from services.communication.api.service import Service
from services.communication.domain.stories import Part, StoryHead

router = APIRouter()
NOTICE = "Told of simulated people: nothing in it happened, and nobody in it was asked."


class PartView(BaseModel):
    """A part of a story."""

    simulation_id: str
    story_id: str
    part: int = Field(description="From 1.")
    kind: Literal["narrative", "chronicle"] = Field(description="Told by a language model, or put together by rules.")
    text: str
    requirements: str
    words: int = Field(description="About how many were asked for.")
    include_plot_twist: bool
    notes: list[str] = Field(description="What was asked for and could not be done.")
    through: int = Field(description="Sequence number of the last item of the history that it knows.")
    model: str
    usage: Usage
    notice: str
    created_at: datetime
    links: dict[str, str]

    @classmethod
    def of(cls, part: Part) -> "PartView":
        """The view of a part."""
        return cls(
            simulation_id=part.simulation_id,
            story_id=part.story_id,
            part=part.number,
            kind=part.kind,
            text=part.text,
            requirements=part.spec.requirements,
            words=part.spec.words,
            include_plot_twist=part.spec.include_plot_twist,
            notes=list(part.notes),
            through=part.through,
            model=part.model,
            usage=part.usage,
            notice=NOTICE,
            created_at=part.created_at,
            links={"story": f"/communications/{part.simulation_id}/stories/{part.story_id}"},
        )


class StoryView(BaseModel):
    """A whole story."""

    simulation_id: str
    story_id: str
    notice: str
    text: str = Field(description="All parts, one after the other.")
    parts: list[PartView]


class StorySummary(BaseModel):
    """A story without its parts."""

    story_id: str
    parts: int
    begun_at: datetime
    told_at: datetime = Field(description="When its latest part was told.")

    @classmethod
    def of(cls, head: StoryHead) -> "StorySummary":
        """The view of a story."""
        return cls(story_id=head.story_id, parts=head.parts, begun_at=head.begun_at, told_at=head.told_at)


@router.post("/{simulation_id}/story", status_code=201)
async def tell(simulation_id: str, spec: StorySpec, service: Service, tenant: Tenant) -> PartView:
    """Begin a story of the simulation, or go on with one, steered by `requirements`.

    A language model tells it from the beginning and the end of the history and the parts so far. `offline` puts a
    chronicle together by rules: what was recorded, in order, each part going on where the one before ends.
    """
    return PartView.of(await service.stories.tell(simulation_id, spec, tenant))


@router.get("/{simulation_id}/stories")
async def list_stories(
    simulation_id: str, service: Service, tx: Read, limit: Limit = 50, cursor: Cursor = None
) -> Page[StorySummary]:
    """The stories of a simulation, newest first."""
    key = decode_cursor(cursor, str)
    rows = await service.stories.newest(tx, simulation_id, limit + 1, key[0] if key else None)
    return page(rows, limit, StorySummary.of, lambda head: (head.story_id,))


@router.get("/{simulation_id}/stories/{story_id}")
async def show_story(simulation_id: str, story_id: str, service: Service, tx: Read) -> StoryView:
    """A story from its beginning."""
    parts = await service.stories.show(tx, simulation_id, story_id)
    return StoryView(
        simulation_id=simulation_id,
        story_id=story_id,
        notice=NOTICE,
        text="\n\n".join(part.text for part in parts),
        parts=[PartView.of(part) for part in parts],
    )
