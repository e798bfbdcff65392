"""HTTP resources of executions: start one, and what came of it.

Execute opens its transactions itself, because it waits between them: in one that is open nothing could arrive.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from libs.contracts.communication import Response
from libs.contracts.errors import NotAvailableError
from libs.contracts.evidence import Analysis
from libs.contracts.experiments import ExecutionSpec
from libs.contracts.instruments import Answer
from libs.contracts.orchestrator import SimulationState
from libs.contracts.protocol import Plan
from libs.http import Cursor, Limit, Page, Read, Tenant, arrives, decode_cursor, encode_cursor, page
from services.intervention.api.access import Service, SimulationQuery, Store, population_arrives
from services.intervention.domain.execution import Execution
from services.intervention.domain.scores import Aggregate
from services.intervention.store import Placed

router = APIRouter()

WAITING = "Nobody is assigned yet: the plan is frozen once the population has been drawn."
RUNNING = "Figures of the responses so far; intervals and verdicts come at the planned n, never before."
ANALYSING = "Every assigned agent has answered or failed; the analysis is on its way."
ENDED = "The simulation ended before it was analysed, so there are no verdicts."


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
    plan: Plan | None
    plan_hash: str | None
    plan_frozen_at: datetime | None
    individual_results: list[IndividualResult]
    next_cursor: str | None


@router.post("/{intervention_id}/execute", status_code=202)
async def execute_intervention(
    intervention_id: str, service: Service, database: Store, tenant: Tenant, spec: ExecutionSpec | None = None
) -> ExecutionView:
    """Run the intervention. The simulation can be queried when this answers, unless the orchestrator is slow."""
    asked = spec or ExecutionSpec()
    async with database.read(tenant=tenant) as tx:
        design, _ = await service.show(tx, intervention_id)
    await service.check(design, asked)
    await population_arrives(database, tenant, service, asked.population_id or design.population_id)
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
        plan=execution.plan,
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


@router.post("/compare")
async def compare_interventions() -> None:
    """Not there yet."""
    raise NotAvailableError("POST /interventions/compare")
