"""Who knows whom in a simulation."""

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from libs.contracts.dialogue import RelationsSpec
from libs.http import Cursor, Limit, Page, Read, Tenant, decode_cursor, page
from services.communication.api.service import Service, asking

router = APIRouter()


class RelationsView(BaseModel):
    """Relations that were added."""

    simulation_id: str
    relations: int = Field(description="Pairs that were named; those that knew each other already still do.")


class RelationView(BaseModel):
    """Two agents who know each other."""

    model_config = ConfigDict(from_attributes=True)

    agent_id: str
    other_id: str
    kind: str


@router.post("/{simulation_id}/relations", status_code=201)
async def relate(
    request: Request, simulation_id: str, spec: RelationsSpec, service: Service, tenant: Tenant
) -> RelationsView:
    """Let agents know each other: in a network, what one says to nobody in particular reaches those who do."""
    async with asking(request, tenant, simulation_id) as tx:
        related = await service.requests.relate(tx, simulation_id, spec)
    return RelationsView(simulation_id=simulation_id, relations=related)


@router.get("/{simulation_id}/relations")
async def list_relations(
    simulation_id: str, service: Service, tx: Read, limit: Limit = 50, cursor: Cursor = None
) -> Page[RelationView]:
    """Relations that were added or made by reaching out; those that personas state are in the personas."""
    key = decode_cursor(cursor, str, str)
    after = (key[0], key[1]) if key else None
    found = await service.list_relations(tx, simulation_id, after=after, limit=limit + 1)
    return page(found, limit, RelationView.model_validate, lambda one: (one.agent_id, one.other_id))
