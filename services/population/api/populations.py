"""HTTP resources of populations and their people.

Fixed paths (`/list`, `/templates`, `/fragments`) stand before `/{population_id}`, which would swallow them.
"""

from datetime import datetime

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from libs.contracts.base import JsonObject
from libs.contracts.errors import NotAvailableError
from libs.contracts.people import Agent
from libs.contracts.specs import PopulationSpec
from libs.http import Cursor, Limit, Page, Read, Write, decode_cursor, page
from services.population.api.access import FURTHEST, SegmentName, Service
from services.population.domain.fragments import Fragment
from services.population.domain.population import REST, Particularities, Population, State, Understood
from services.population.domain.templates import Dimension, Template
from services.population.service import Segment

router = APIRouter()


class SegmentSummary(BaseModel):
    """A segment as it was asked for, and what was made of its particularities."""

    name: str
    size: int
    particularities: str
    fragments: list[str]
    understood: list[Understood]
    not_understood: list[str]


class PopulationView(BaseModel):
    """A population; `rest` is the number of people outside of every segment.

    One of people from files has the demographic base `imported`, and its seed, which nothing was drawn with, is 0.
    """

    id: str
    name: str
    state: State
    reason: str | None
    size: int
    generated: int
    version: int = Field(description="How often fragments were applied.")
    seed: int
    demographic_base: str
    segments: list[SegmentSummary]
    rest: int
    created_at: datetime
    ready_at: datetime | None
    links: dict[str, str]

    @classmethod
    def of(cls, population: Population) -> "PopulationView":
        """The view of a population."""
        spec, here = population.spec, f"/agent-populations/{population.id}"
        pairs: list[tuple[int, Particularities]] = list(enumerate(population.readings))
        return cls(
            id=population.id,
            name=spec.name,
            state=population.state,
            reason=population.reason,
            size=spec.size,
            generated=population.generated,
            version=population.version,
            seed=population.seed,
            demographic_base=spec.demographic_base,
            segments=[
                SegmentSummary(
                    **spec.segments[place].model_dump(),
                    understood=reading.understood,
                    not_understood=reading.not_understood,
                )
                for place, reading in pairs
            ],
            rest=population.rest,
            created_at=population.created_at,
            ready_at=population.ready_at,
            links={
                "self": here,
                **{name: f"{here}/{name}" for name in ("segments", "individuals", "export", "versions")},
            },
        )


class TemplateView(BaseModel):
    """A demographic template with the source of every margin."""

    name: str
    title: str
    universe: str
    note: str
    dimensions: dict[str, Dimension]

    @classmethod
    def of(cls, template: Template) -> "TemplateView":
        """The view of a template."""
        return cls(**{name: getattr(template, name) for name in cls.model_fields})


class FragmentView(BaseModel):
    """A persona fragment: what it says, and how it moves the numeric traits."""

    name: str
    category: str
    description: str
    traits: dict[str, float]
    persona: JsonObject

    @classmethod
    def of(cls, name: str, fragment: Fragment) -> "FragmentView":
        """The view of a fragment."""
        return cls(name=name, **fragment.model_dump(exclude={"type"}))


class Count(BaseModel):
    """People with one value; `share` is of those drawn so far."""

    value: str
    count: int
    share: float


class SegmentView(BaseModel):
    """A segment in figures. `name` is null for the rest, whose `label` is (rest)."""

    name: str | None
    label: str
    size: int
    generated: int
    share: float
    mean_age: float | None
    distributions: dict[str, list[Count]]
    mean_traits: dict[str, float]

    @classmethod
    def of(cls, segment: Segment, population: Population, template: Template | None) -> "SegmentView":
        """The view of a segment; values stand in the template's order, also those that nobody has."""
        summary = segment.summary
        dimensions = template.dimensions if template else {}
        return cls(
            name=segment.name,
            label=segment.name or REST,
            size=segment.size,
            generated=summary.size,
            share=segment.size / population.spec.size,
            mean_age=round(summary.ages / summary.size, 2) if summary.size else None,
            distributions={
                name: [
                    Count(value=value, count=counts[value], share=counts[value] / summary.size)
                    for value in (dimensions[name].values if name in dimensions else sorted(counts))
                ]
                for name, counts in summary.counts.items()
            },
            mean_traits=summary.mean_traits(),
        )


class SegmentsView(BaseModel):
    """The segments of a population, the rest last."""

    population_id: str
    state: State
    size: int
    generated: int
    segments: list[SegmentView]


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

    @classmethod
    def of(cls, agent: Agent) -> "IndividualView":
        """The view of a person."""
        return cls(**{name: getattr(agent, name) for name in cls.model_fields})


@router.post("/create", status_code=201, responses={202: {"description": "More than 500 people: still drawing."}})
async def create_population(spec: PopulationSpec, service: Service, tx: Write, response: Response) -> PopulationView:
    """Draw a population. Up to 500 people are there when this answers; with more, `state` is generating."""
    population = await service.create(tx, spec)
    if population.state is State.GENERATING:
        response.status_code = 202
    return PopulationView.of(population)


@router.post("/bulk-generate")
async def bulk_generate() -> None:
    """Not there yet."""
    raise NotAvailableError("POST /agent-populations/bulk-generate")


@router.get("/list")
async def list_populations(
    service: Service, tx: Read, limit: Limit = 50, cursor: Cursor = None
) -> Page[PopulationView]:
    """Populations, newest first."""
    key = decode_cursor(cursor, str)
    rows = await service.newest(tx, limit + 1, key[0] if key else None)
    return page(rows, limit, PopulationView.of, lambda row: (row.id,))


@router.get("/templates")
async def list_templates(service: Service) -> Page[TemplateView]:
    """Values that `demographic_base` may have."""
    return Page(items=[TemplateView.of(template) for template in service.templates], next_cursor=None)


@router.get("/fragments")
async def list_fragments(service: Service) -> Page[FragmentView]:
    """Names that `fragments` may hold."""
    items = [FragmentView.of(name, fragment) for name, fragment in service.fragments.items()]
    return Page(items=items, next_cursor=None)


@router.get("/{population_id}")
async def show_population(population_id: str, service: Service, tx: Read) -> PopulationView:
    """A population and how far drawing has come."""
    return PopulationView.of(await service.show(tx, population_id))


@router.get("/{population_id}/segments")
async def show_segments(population_id: str, service: Service, tx: Read) -> SegmentsView:
    """Size, distributions and mean traits of every segment and of the rest."""
    population, template, segments = await service.segments(tx, population_id)
    return SegmentsView(
        population_id=population.id,
        state=population.state,
        size=population.spec.size,
        generated=population.generated,
        segments=[SegmentView.of(segment, population, template) for segment in segments],
    )


@router.get("/{population_id}/individuals")
async def list_individuals(
    population_id: str,
    service: Service,
    tx: Read,
    segment: SegmentName = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[IndividualView]:
    """People in the order of their ids."""
    key = decode_cursor(cursor, int)
    after = min(max(key[0], 0), FURTHEST) if key else 0
    rows = [person.agent for person in await service.people(tx, population_id, limit + 1, after, segment)]
    return page(rows, limit, IndividualView.of, lambda agent: (agent.index,))


@router.get("/{population_id}/individuals/{agent_id}")
async def show_individual(population_id: str, agent_id: str, service: Service, tx: Read) -> IndividualView:
    """One person."""
    return IndividualView.of((await service.person(tx, population_id, agent_id)).agent)
