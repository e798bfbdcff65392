"""HTTP resources of the people of a population: found, shown one by one with where they come from, edited."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from libs.contracts.base import JsonObject
from libs.contracts.errors import DomainError, InvalidError
from libs.contracts.people import Agent
from libs.http import Cursor, Limit, Page, Read, Write, decode_cursor, page
from libs.http.app import FURTHER_PARAMETERS
from services.population.api.access import FURTHEST, Document, SegmentName, Service
from services.population.api.versions import ChangeView, VersionView
from services.population.domain.imports import IMPORTED
from services.population.domain.population import Population, Understood
from services.population.domain.selection import Key, Selection, Sort, key_of
from services.population.domain.versions import Edit, Recorded, Version
from services.population.service import Wanted

router = APIRouter()
MOST_VALUES = 50
MERGE_PATCH = "application/merge-patch+json"
PATCH_BODY: JsonObject = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {
                "schema": {
                    "type": "object",
                    "properties": {"persona": {"type": "object"}, "traits": {"type": "object"}},
                    "additionalProperties": False,
                }
            }
            for kind in (MERGE_PATCH, "application/json")
        },
    }
}


class WrongTypeError(DomainError):
    """A body of a kind that cannot be read here."""

    title = "The body is of another type"
    status = 415


class IndividualView(BaseModel):
    """One person."""

    agent_id: str
    name: str
    age: int
    segment: str | None
    demographic_profile: dict[str, str | int | float]
    traits: dict[str, float]
    persona: JsonObject
    version: int | None = Field(description="Version that last changed the person; null when none did.")
    weight: float | None = Field(description="How many people this one stands for, 1 on average; null when unknown.")

    @classmethod
    def of(cls, agent: Agent) -> "IndividualView":
        """The view of a person."""
        return cls(**{name: getattr(agent, name) for name in IndividualView.model_fields})


class Origin(BaseModel):
    """How somebody came into the population; seed and what follows are null for people from files."""

    kind: Literal["drawn", "imported"]
    demographic_base: str
    at: datetime
    seed: int | None
    particularities: str | None
    understood: list[Understood]
    fragments: list[str]

    @classmethod
    def of(cls, population: Population, agent: Agent) -> "Origin":
        """The origin of a person."""
        spec = population.spec
        drawn = spec.demographic_base != IMPORTED
        names = list(population.segments)
        place = names.index(agent.segment) if agent.segment in names else None
        segment = None if place is None else spec.segments[place]
        return cls(
            kind="drawn" if drawn else "imported",
            demographic_base=spec.demographic_base,
            at=population.created_at,
            seed=population.seed if drawn else None,
            particularities=segment.particularities if segment and drawn else None,
            understood=[] if place is None else population.readings[place].understood,
            fragments=segment.fragments if segment else [],
        )


class HistoryView(BaseModel):
    """A version that changed somebody, or that contradicts them: what was done, and how they were before and after."""

    version: VersionView
    change: ChangeView


class PersonView(IndividualView):
    """One person with where they come from and everything that was done to them, newest first."""

    population_id: str
    index: int
    origin: Origin
    history: list[HistoryView]
    links: dict[str, str]

    @classmethod
    def with_history(
        cls, population: Population, agent: Agent, history: list[tuple[Version, Recorded]]
    ) -> "PersonView":
        """The view of a person with their history."""
        here = f"/agent-populations/{population.id}"
        mine = f"{here}/individuals/{agent.agent_id}"
        return cls(
            **IndividualView.of(agent).model_dump(),
            population_id=population.id,
            index=agent.index,
            origin=Origin.of(population, agent),
            history=[HistoryView(version=VersionView.of(one), change=ChangeView.of(did)) for one, did in history],
            links={"self": mine, "file": f"{mine}/agent.json", "population": here, "versions": f"{here}/versions"},
        )


@router.get(
    "/{population_id}/individuals", openapi_extra={FURTHER_PARAMETERS: "demographic attributes of the population"}
)
async def list_individuals(
    population_id: str,
    request: Request,
    service: Service,
    tx: Read,
    segment: SegmentName = None,
    age_min: Annotated[int | None, Query(ge=0, le=200, description="Only people at least this old.")] = None,
    age_max: Annotated[int | None, Query(ge=0, le=200, description="Only people at most this old.")] = None,
    name: Annotated[str, Query(max_length=120, description="Only names with this in them, whatever case.")] = "",
    fragment: Annotated[
        str | None, Query(max_length=64, description="Only people drawn with, or changed by, this fragment.")
    ] = None,
    sort: Annotated[Sort, Query(description="What the people are ordered by.")] = Sort.INDEX,
    order: Annotated[Literal["asc", "desc"], Query(description="Lowest or highest first.")] = "asc",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[IndividualView]:
    """People, by default in the order of their ids.

    Any further parameter is the name of a demographic attribute (`region=South`); given several times, any of its
    values will do. What nobody here has is refused with what there is.
    """
    if age_min is not None and age_max is not None and age_min > age_max:
        raise InvalidError("age_min", f"is above age_max, which is {age_max}")
    selection = Selection(youngest=age_min, oldest=age_max, name=name.strip(), sort=sort, descending=order == "desc")
    wanted = Wanted(segment, fragment, _attributes(request), _parameters(request))
    after = _after(cursor, sort)
    rows = await service.people(tx, population_id, limit + 1, after, wanted=wanted, selection=selection)
    return page(
        [person.agent for person in rows],
        limit,
        IndividualView.of,
        lambda agent: key_of(agent.index, agent.name, agent.age, sort),
    )


@router.get("/{population_id}/individuals/{agent_id}")
async def show_individual(population_id: str, agent_id: str, service: Service, tx: Read) -> PersonView:
    """One person: who they are, where they come from, and what was done to them."""
    return await _shown(service, tx, population_id, agent_id)


@router.patch("/{population_id}/individuals/{agent_id}", openapi_extra=PATCH_BODY)
async def edit_individual(
    population_id: str,
    agent_id: str,
    request: Request,
    patch: Document,
    service: Service,
    tx: Write,
    author: Annotated[str | None, Query(max_length=120, description="Who edits, as they say; kept.")] = None,
    note: Annotated[str | None, Query(max_length=500, description="Why; kept.")] = None,
) -> PersonView:
    """Edit one person's `persona` or `traits` by a JSON merge patch (RFC 7396); each edit is a version.

    Attributes are protected, and so are the persona's fields that state one. Simulations that run see the edit from
    the person's next turn on.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in (MERGE_PATCH, "application/json"):
        raise WrongTypeError(f"content-type: {kind!r} is not read here; allowed: {MERGE_PATCH}, application/json")
    if not isinstance(patch, dict):
        raise InvalidError("body", "is not an object")
    await service.versions.edit(tx, population_id, agent_id, Edit(patch, author, note))
    return await _shown(service, tx, population_id, agent_id)


async def _shown(service: Service, tx: Read, population_id: str, agent_id: str) -> PersonView:
    person = await service.person(tx, population_id, agent_id)
    population, history = await service.history(tx, population_id, person)
    return await asyncio.to_thread(PersonView.with_history, population, person.agent, history)


def _parameters(request: Request) -> list[str]:
    """The query parameters that the endpoint names itself."""
    declared = request.scope["route"].dependant.query_params
    return [field.alias for field in declared]


def _attributes(request: Request) -> Mapping[str, list[str]]:
    """The other parameters of the query, with all their values."""
    declared = set(_parameters(request))
    found: dict[str, list[str]] = {}
    for name, value in request.query_params.multi_items():
        if name not in declared:
            found.setdefault(name, []).append(value)
    if sum(map(len, found.values())) > MOST_VALUES:
        raise InvalidError("query", f"has more than {MOST_VALUES} values to filter by")
    return found


def _after(cursor: str | None, sort: Sort) -> Key | None:
    key = decode_cursor(cursor, *sort.types)
    return None if key is None else tuple(_near(part) if isinstance(part, int) else part for part in key)


def _near(number: int) -> int:
    """A forged number as one that the store can compare with."""
    return min(max(number, -1), FURTHEST)
