"""HTTP resources of drawing: a population is drawn once, so its job is found under its own id."""

from datetime import datetime
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from libs.contracts.errors import NotFoundError
from libs.http import Read, Write
from services.population.api.access import Service, Wanted
from services.population.domain.imports import IMPORTED
from services.population.domain.population import Population, Stage, State

router = APIRouter()
JobState = Literal["queued", "running", "completed", "failed", "cancelled"]


class JobView(BaseModel):
    """How far drawing a population is. Speed and remaining time are as it went lately, null when nothing is drawn."""

    population_id: str
    state: JobState
    stage: Stage | None = Field(
        description="A model is asked for a plan or about particularities, people are drawn, or a model writes them; "
        "null when it is over."
    )
    reason: str | None
    size: int
    generated: int
    progress: float = Field(description="From 0 to 1.")
    people_per_second: float | None
    remaining_s: float | None
    created_at: datetime
    progressed_at: datetime | None
    completed_at: datetime | None
    links: dict[str, str]

    @classmethod
    def of(cls, population: Population) -> "JobView":
        """The view of a population's job."""
        here = f"/agent-populations/{population.id}"
        remaining = population.remaining_s
        return cls(
            population_id=population.id,
            state=_state(population),
            stage=population.stage,
            reason=population.reason,
            size=population.spec.size,
            generated=population.generated,
            progress=population.generated / population.spec.size,
            people_per_second=population.people_per_second,
            remaining_s=None if remaining is None else round(remaining, 1),
            created_at=population.created_at,
            progressed_at=population.progressed_at,
            completed_at=population.ready_at,
            links={
                "self": f"{here}/job",
                "cancel": f"{here}/job/cancel",
                "stream": f"{here}/stream",
                "population": here,
                "individuals": f"{here}/individuals",
            },
        )


def _state(population: Population) -> JobState:
    if population.state is State.GENERATING:
        return "running" if population.generated or population.asking else "queued"
    states: dict[State, JobState] = {
        State.READY: "completed",
        State.FAILED: "failed",
        State.CANCELLED: "cancelled",
    }
    return states[population.state]


def point_to_job(population: Population, response: Response) -> None:
    """Answer that drawing goes on, and where to see how far it is."""
    response.status_code = 202
    response.headers["location"] = f"/agent-populations/{population.id}/job"


@router.post("/bulk-generate", status_code=202)
async def bulk_generate(wanted: Wanted, service: Service, tx: Write, response: Response) -> JobView:
    """Draw up to 100,000 people as a job. A process that is killed loses nobody: the next one goes on, and draws those
    whom the first one would have drawn."""
    population = await service.drawing.create(tx, wanted, in_background=True)
    point_to_job(population, response)
    return JobView.of(population)


@router.get("/{population_id}/job")
async def show_job(population_id: str, service: Service, tx: Read) -> JobView:
    """How far drawing a population is; of imported people there is no job."""
    population = await service.show(tx, population_id)
    if population.spec.demographic_base == IMPORTED:
        raise NotFoundError("job of the imported population", population_id)
    return JobView.of(population)


@router.post("/{population_id}/job/cancel")
async def cancel_job(population_id: str, service: Service, tx: Write) -> JobView:
    """Draw nobody more. Those who are there can be seen and deleted; no simulation can use them."""
    return JobView.of(await service.drawing.cancel(tx, population_id))
