"""Stories, part by part."""

from typing import Any

from sqlalchemy import Row, func, select

from libs.contracts.protocol import Usage
from libs.contracts.tools import StorySpec
from libs.db import Transaction, insert_new
from services.communication.domain.stories import Part, StoryHead
from services.communication.tables import stories


class Stories:
    """Every query filters by the transaction's tenant."""

    async def add(self, tx: Transaction, part: Part) -> bool:
        """Store a part; False when there is one of its number already."""
        row = {
            "tenant": tx.tenant,
            "simulation_id": part.simulation_id,
            "story_id": part.story_id,
            "part": part.number,
            "kind": part.kind,
            "text": part.text,
            "spec": part.spec.model_dump(mode="json"),
            "notes": list(part.notes),
            "through": part.through,
            "model": part.model,
            "usage": part.usage.model_dump(),
            "created_at": part.created_at,
        }
        return bool(await insert_new(tx, stories, [row]))

    async def parts(self, tx: Transaction, simulation_id: str, story_id: str) -> list[Part]:
        """The parts of a story, in order; none when there is no such story."""
        query = select(stories).where(
            stories.c.tenant == tx.tenant,
            stories.c.simulation_id == simulation_id,
            stories.c.story_id == story_id,
        )
        return [_part(row) for row in await tx.execute(query.order_by(stories.c.part))]

    async def newest(self, tx: Transaction, simulation_id: str, limit: int, before: str | None) -> list[StoryHead]:
        """The stories of a simulation, newest first; ids are time-ordered."""
        first, last = func.min(stories.c.created_at), func.max(stories.c.created_at)
        query = (
            select(stories.c.story_id, func.count().label("parts"), first.label("begun"), last.label("told"))
            .where(stories.c.tenant == tx.tenant, stories.c.simulation_id == simulation_id)
            .group_by(stories.c.story_id)
            .order_by(stories.c.story_id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(stories.c.story_id < before)
        return [StoryHead(row.story_id, row.parts, row.begun, row.told) for row in await tx.execute(query)]


def _part(row: Row[Any]) -> Part:
    return Part(
        simulation_id=row.simulation_id,
        story_id=row.story_id,
        number=row.part,
        text=row.text,
        kind=row.kind,
        spec=StorySpec.model_validate(row.spec),
        notes=tuple(row.notes),
        through=row.through,
        model=row.model,
        usage=Usage.model_validate(row.usage),
        created_at=row.created_at,
    )
