"""HTTP resources of interventions and their results.

Create and execute open their transaction themselves, because they wait before or after it: in a transaction that is
open nothing could arrive.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from libs.contracts.communication import Response
from libs.contracts.errors import NotAvailableError
from libs.contracts.evidence import Analysis
from libs.contracts.instruments import Answer, Instrument
from libs.contracts.orchestrator import SimulationState
from libs.contracts.protocol import Step
from libs.contracts.specs import ExecutionSpec, InterventionSpec, InterventionType
from libs.db import Database
from libs.http import Cursor, Limit, Page, Read, Tenant, arrives, decode_cursor, encode_cursor, page
from services.intervention.domain.design import Design, protocol
from services.intervention.domain.execution import Execution
from services.intervention.domain.scores import Aggregate
from services.intervention.service import Interventions
from services.intervention.store import Placed

router = APIRouter(prefix="/interventions", tags=["interventions"])

WAITING = "Nobody is assigned yet: the plan is frozen once the population has been drawn."
RUNNING = "Figures of the responses so far; intervals and verdicts come at the planned n, never before."
ANALYSING = "Every assigned agent has answered or failed; the analysis is on its way."
ENDED = "The simulation ended before it was analysed, so there are no verdicts."


def interventions(request: Request) -> Interventions:
    """The service `create_app` built."""
    service: Interventions = request.app.state.service
    return service


def store_of(request: Request) -> Database:
    """The service's database, for endpoints that wait outside of their transaction."""
    database: Database = request.app.state.database
    return database


Service = Annotated[Interventions, Depends(interventions)]
Store = Annotated[Database, Depends(store_of)]
SimulationQuery = Annotated[str | None, Query(max_length=64, description="The latest execution when left out.")]


class VariantView(BaseModel):
    """An arm as the public JSON calls it."""

    name: str
    content: str
    timing: str
    channel: str
    is_control: bool


class InterventionView(BaseModel):
    """An intervention; `state` is that of its latest simulation, draft before there is one."""

    id: str
    name: str
    type: InterventionType
    variants: list[VariantView]
    baseline: str
    metrics: list[Instrument]
    target_segments: list[str]
    population_id: str | None
    seed: int
    alpha: float
    created_at: datetime
    state: SimulationState

    @classmethod
    def of(cls, design: Design, state: SimulationState) -> "InterventionView":
        """The view of a design."""
        variants = [
            VariantView(**arm.stimulus.model_dump(), name=arm.name, is_control=arm.is_baseline) for arm in design.arms
        ]
        return cls(
            id=design.id,
            name=design.name,
            type=design.type,
            variants=variants,
            baseline=design.baseline,
            metrics=list(design.instruments),
            target_segments=list(design.target_segments),
            population_id=design.population_id,
            seed=design.seed,
            alpha=design.alpha,
            created_at=design.created_at,
            state=state,
        )


class ExecutionView(BaseModel):
    """A started execution and where to follow it."""

    simulation_id: str
    intervention_id: str
    population_id: str
    state: SimulationState
    seed: int
    model: str
    links: dict[str, str]

    @classmethod
    def of(cls, execution: Execution) -> "ExecutionView":
        """The view of an execution."""
        simulation = f"/simulations/{execution.simulation_id}"
        intervention = f"/interventions/{execution.intervention_id}"
        chosen = f"?simulation_id={execution.simulation_id}"
        return cls(
            simulation_id=execution.simulation_id,
            intervention_id=execution.intervention_id,
            population_id=execution.population_id,
            state=execution.state,
            seed=execution.seed,
            model=execution.model,
            links={
                "status": f"{simulation}/status",
                "stream": f"{simulation}/stream",
                "results": f"{intervention}/results{chosen}",
                "individual_responses": f"{intervention}/individual-responses{chosen}",
            },
        )


class IndividualResult(BaseModel):
    """One agent's turn; `response` is null where the turn failed, and `failure` says why."""

    agent_id: str
    name: str
    response: str | None
    confidence: float | None
    reasoning: str | None
    demographic_profile: dict[str, str | int | float]
    segment: str | None
    arm: str
    status: str
    failure: str | None
    sentiment: float | None
    answers: dict[str, Answer]
    responded_at: datetime

    @classmethod
    def of(cls, placed: Placed) -> "IndividualResult":
        """The view of a response in its arm."""
        arm, response = placed
        return cls(**response.model_dump(include=set(cls.model_fields)), arm=arm)


class ResultsView(BaseModel):
    """The results of one execution. `analysis` is null until it is made; `note` then says what is missing."""

    simulation_id: str
    intervention_id: str
    timestamp: datetime
    state: SimulationState
    reason: str | None
    note: str | None
    aggregate_results: Aggregate | None
    analysis: Analysis | None
    plan_hash: str | None
    plan_frozen_at: datetime | None
    individual_results: list[IndividualResult]
    next_cursor: str | None


class PreviewView(BaseModel):
    """The arms and the steps of an execution."""

    arms: list[str]
    target_segments: list[str]
    steps: tuple[Step, ...]


@router.post("/create", status_code=201)
async def create_intervention(
    spec: InterventionSpec, service: Service, database: Store, tenant: Tenant
) -> InterventionView:
    """Design an intervention; nothing runs yet."""
    await _population_arrives(database, tenant, service, spec.population_id)
    async with database.write(tenant=tenant) as tx:
        return InterventionView.of(await service.create(tx, spec), SimulationState.DRAFT)


@router.post("/preview")
async def preview_intervention(spec: InterventionSpec, service: Service) -> PreviewView:
    """What an execution would do, without designing anything. `POST /studies/estimate` does it for a whole study."""
    made = service.preview(spec)
    return PreviewView(
        arms=[arm.name for arm in made.arms], target_segments=list(made.target_segments), steps=protocol(made)
    )


@router.get("/list")
async def list_interventions(
    service: Service, tx: Read, limit: Limit = 50, cursor: Cursor = None
) -> Page[InterventionView]:
    """Interventions, newest first."""
    key = decode_cursor(cursor, str)
    rows = await service.newest(tx, limit + 1, key[0] if key else None)
    return page(rows, limit, lambda row: InterventionView.of(*row), lambda row: (row[0].id,))


@router.post("/compare")
async def compare_interventions() -> None:
    """Not there yet."""
    raise NotAvailableError("POST /interventions/compare")


@router.get("/{intervention_id}")
async def show_intervention(intervention_id: str, service: Service, tx: Read) -> InterventionView:
    """An intervention as it was designed."""
    return InterventionView.of(*await service.show(tx, intervention_id))


@router.post("/{intervention_id}/execute", status_code=202)
async def execute_intervention(
    intervention_id: str, service: Service, database: Store, tenant: Tenant, spec: ExecutionSpec | None = None
) -> ExecutionView:
    """Run the intervention. The simulation can be queried when this answers, unless the orchestrator is slow."""
    asked = spec or ExecutionSpec()
    async with database.read(tenant=tenant) as tx:
        design, _ = await service.show(tx, intervention_id)
    await service.check(design, asked)
    await _population_arrives(database, tenant, service, asked.population_id or design.population_id)
    async with database.write(tenant=tenant) as tx:
        execution = await service.execute(tx, intervention_id, asked)
    await arrives(database, lambda tx: service.is_created(tx, execution), tenant=tenant)
    async with database.read(tenant=tenant) as tx:
        return ExecutionView.of(await service.execution(tx, intervention_id, execution.simulation_id))


@router.get("/{intervention_id}/results")
async def intervention_results(
    intervention_id: str,
    service: Service,
    tx: Read,
    simulation_id: SimulationQuery = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> ResultsView:
    """Aggregate, analysis and individual results of an execution; the individual ones in pages."""
    after = decode_cursor(cursor, str, str)
    execution = await service.execution(tx, intervention_id, simulation_id)
    aggregate = await service.aggregate(tx, execution)
    responses = list(await service.responses(tx, execution, limit + 1, after))
    shown = responses[:limit]
    return ResultsView(
        simulation_id=execution.simulation_id,
        intervention_id=execution.intervention_id,
        timestamp=execution.as_of,
        state=execution.state,
        reason=execution.reason,
        note=_note(execution, aggregate),
        aggregate_results=aggregate,
        analysis=execution.analysis,
        plan_hash=execution.plan_hash,
        plan_frozen_at=execution.plan.frozen_at if execution.plan else None,
        individual_results=[IndividualResult.of(placed) for placed in shown],
        next_cursor=encode_cursor(*_place(shown[-1])) if len(responses) > limit else None,
    )


@router.get("/{intervention_id}/individual-responses")
async def individual_responses(
    intervention_id: str,
    service: Service,
    tx: Read,
    simulation_id: SimulationQuery = None,
    arm: Annotated[str | None, Query(max_length=120)] = None,
    segment: Annotated[str | None, Query(max_length=120)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[IndividualResult]:
    """What each agent said and answered, by agent; of one arm or segment when asked."""
    after = decode_cursor(cursor, str, str)
    execution = await service.execution(tx, intervention_id, simulation_id)
    await service.check_filters(tx, execution, arm, segment)
    rows = await service.responses(tx, execution, limit + 1, after, arm, segment)
    return page(rows, limit, IndividualResult.of, _place)


async def _population_arrives(
    database: Database, tenant: str, service: Interventions, population_id: str | None
) -> None:
    """A population that was created a moment ago may not have been heard of yet."""
    if population_id is not None:
        wanted = population_id
        await arrives(database, lambda tx: service.knows_population(tx, wanted), tenant=tenant)


def _place(placed: Placed) -> tuple[str, str]:
    response: Response = placed[1]
    return response.agent_id, response.turn_id


def _note(execution: Execution, aggregate: Aggregate | None) -> str | None:
    is_stopped = execution.state in {SimulationState.FAILED, SimulationState.CANCELLED}
    if aggregate is None:
        return ENDED if is_stopped else WAITING
    if aggregate.total_responses + aggregate.failed_responses < aggregate.assigned:
        return ENDED if is_stopped else RUNNING
    if execution.analysis is None:
        return ENDED if is_stopped else ANALYSING
    return None
