"""HTTP resources of populations: made, listed, shown, put away, deleted.

Fixed paths (`/list`) stand before `/{population_id}`, which would swallow them.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from libs.contracts.demographics import Template
from libs.contracts.errors import NotFoundError
from libs.contracts.orchestrator import SimulationState
from libs.http import Cursor, Limit, Page, Read, Write, decode_cursor, page
from services.population.api.access import Service, Wanted
from services.population.api.jobs import point_to_job
from services.population.domain.planning import Plan
from services.population.domain.population import REST, Particularities, Population, State, Understood, Use
from services.population.domain.writing import Personas
from services.population.service import Segment

router = APIRouter()
LINKED = ("job", "segments", "margins", "individuals", "export", "versions", "simulations", "profile")


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
    version: int = Field(description="How often people were changed.")
    seed: int
    demographic_base: str
    segments: list[SegmentSummary]
    rest: int
    created_at: datetime
    ready_at: datetime | None
    archived_at: datetime | None
    personas: Personas | None = Field(description="How a model wrote the personas; null where they are composed.")
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
            archived_at=population.archived_at,
            personas=population.personas,
            links={"self": here, **{name: f"{here}/{name}" for name in LINKED}},
        )


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


class UseView(BaseModel):
    """A simulation of a population; its state is null until it is known."""

    simulation_id: str
    name: str
    state: SimulationState | None
    links: dict[str, str]

    @classmethod
    def of(cls, use: Use) -> "UseView":
        """The view of a use."""
        links = {"status": f"/simulations/{use.simulation_id}/status"}
        return cls(simulation_id=use.simulation_id, name=use.name, state=use.state, links=links)


class SegmentsView(BaseModel):
    """The segments of a population, the rest last."""

    population_id: str
    state: State
    size: int
    generated: int
    segments: list[SegmentView]


@router.post("/create", status_code=201, responses={202: {"description": "Not everybody is there yet."}})
async def create_population(wanted: Wanted, service: Service, tx: Write, response: Response) -> PopulationView:
    """Draw a population. Up to 500 people are there when this answers; with more, or where a model has to be asked,
    `state` is generating, and `links.job` says how far it is."""
    population = await service.drawing.create(tx, wanted)
    if population.state is State.GENERATING:
        point_to_job(population, response)
    return PopulationView.of(population)


@router.get("/list")
async def list_populations(
    service: Service,
    tx: Read,
    archived: Annotated[bool, Query(description="Those that were put away, instead of the others.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[PopulationView]:
    """Populations, newest first."""
    key = decode_cursor(cursor, str)
    rows = await service.newest(tx, limit + 1, key[0] if key else None, archived=archived)
    return page(rows, limit, PopulationView.of, lambda row: (row.id,))


@router.get("/{population_id}")
async def show_population(population_id: str, service: Service, tx: Read) -> PopulationView:
    """A population and how far drawing has come."""
    return PopulationView.of(await service.show(tx, population_id))


@router.get("/{population_id}/plan")
async def show_plan(population_id: str, service: Service, tx: Read) -> Plan:
    """What the model planned for a population with a `factory`; what came of it is in `margins`."""
    plan = (await service.show(tx, population_id)).plan
    if plan is None:
        raise NotFoundError("plan of the population", population_id)
    return plan


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


@router.post("/{population_id}/archive")
async def archive_population(population_id: str, service: Service, tx: Write) -> PopulationView:
    """Put a population away: it is not listed and its people cannot be changed. Simulations may use it as before."""
    return PopulationView.of(await service.set_archived(tx, population_id, archived=True))


@router.post("/{population_id}/restore")
async def restore_population(population_id: str, service: Service, tx: Write) -> PopulationView:
    """Take a population out of the archive."""
    return PopulationView.of(await service.set_archived(tx, population_id, archived=False))


@router.delete("/{population_id}", status_code=204)
async def delete_population(population_id: str, service: Service, tx: Write) -> None:
    """Delete a population and its people; refused while a simulation that is not over uses it.

    What simulations recorded of its people stays where it is: it is their evidence.
    """
    await service.delete(tx, population_id)


@router.get("/{population_id}/simulations")
async def list_simulations(
    population_id: str, service: Service, tx: Read, limit: Limit = 50, cursor: Cursor = None
) -> Page[UseView]:
    """Simulations of a population, newest first: one population may be used by many, also at the same time."""
    key = decode_cursor(cursor, str)
    rows = await service.simulations(tx, population_id, limit + 1, key[0] if key else None)
    return page(rows, limit, UseView.of, lambda use: (use.simulation_id,))
