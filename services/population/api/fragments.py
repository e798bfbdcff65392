"""HTTP resources of fragments: those that come with the service, and those of a tenant's own."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from libs.contracts.base import JsonObject
from libs.contracts.specs import FragmentSpec
from libs.http import Page, Read, Write
from services.population.api.access import Service, lossless
from services.population.domain.fragments import Named

router = APIRouter(prefix="/fragments")
FragmentName = Annotated[str, Path(max_length=64)]


class FragmentView(BaseModel):
    """A persona fragment: what it says, and how it moves the numeric traits."""

    name: str
    origin: Literal["shipped", "own"]
    category: str
    description: str
    traits: dict[str, float]
    persona: JsonObject
    created_at: datetime | None = Field(description="Null for one that comes with the service.")

    @classmethod
    def of(cls, named: Named) -> "FragmentView":
        """The view of a fragment."""
        return cls(
            name=named.name,
            origin="own" if named.created_at else "shipped",
            created_at=named.created_at,
            **named.fragment.model_dump(exclude={"type"}),
        )


@router.get("")
async def list_fragments(service: Service, tx: Read) -> Page[FragmentView]:
    """Names that `fragments` may hold."""
    return Page(items=[FragmentView.of(named) for named in await service.fragments.all(tx)], next_cursor=None)


@router.post("", status_code=201, dependencies=[Depends(lossless)])
async def create_fragment(spec: FragmentSpec, service: Service, tx: Write) -> FragmentView:
    """Add a fragment of your own, to be named in segments and applied to people like those that come with the service.

    It cannot set what is drawn for everybody (name, age, occupation, …): that would contradict every person.
    """
    return FragmentView.of(await service.fragments.add(tx, spec))


@router.get("/{name}")
async def show_fragment(name: FragmentName, service: Service, tx: Read) -> FragmentView:
    """One fragment."""
    return FragmentView.of(await service.fragments.get(tx, name))


@router.delete("/{name}", status_code=204)
async def delete_fragment(name: FragmentName, service: Service, tx: Write) -> None:
    """Take a fragment of your own away. People keep what it said, also those who are still to be drawn with it."""
    await service.fragments.delete(tx, name)
