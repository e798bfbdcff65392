"""HTTP resources of executions: start one, and what came of it.

Execute opens its transactions itself, because it waits between them: in one that is open nothing could arrive.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from libs.contracts.communication import Response
from libs.contracts.decision import Alarm, Decision, alarms_of, decide, waiting
from libs.contracts.evidence import Analysis
from libs.contracts.experiments import ComparisonSpec, ExecutionSpec, RobustnessSpec
from libs.contracts.instruments import Answer
from libs.contracts.orchestrator import SimulationState
from libs.contracts.protocol import Plan
from libs.http import Cursor, Limit, Page, Read, Tenant, arrives, decode_cursor, encode_cursor, page
from services.intervention.api.access import Service, SimulationQuery, Store, population_arrives
from services.intervention.domain.comparing import SideBySide
from services.intervention.domain.execution import Execution
from services.intervention.domain.monitoring import EffectEstimate, Monitored, already_clear, main_effects_of
from services.intervention.domain.robustness import Configuration, RobustEffect, Robustness, robust_effects
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
    decision: Decision
    alarms: list[Alarm]
    main_effects: list[EffectEstimate]
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
    if asked.start_from is not None:
        before = asked.start_from.simulation_id
        await arrives(database, lambda tx: service.knows_simulation(tx, before), tenant=tenant)
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
        decision=_decision(execution, aggregate),
        alarms=list(alarms_of(execution.plan, execution.analysis)) if execution.plan and execution.analysis else [],
        main_effects=list(main_effects_of(execution.plan, execution.analysis))
        if execution.plan and execution.analysis
        else [],
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


def _decision(execution: Execution, aggregate: Aggregate | None, why: Sequence[str] = ()) -> Decision:
    """The banner: at the planned n what the analysis bears, before it that it is to go on."""
    if execution.plan is not None and execution.analysis is not None:
        return decide(execution.plan, execution.analysis)
    answered = 0 if aggregate is None else aggregate.total_responses + aggregate.failed_responses
    return waiting(answered, 0 if aggregate is None else aggregate.assigned, why)


def _note(execution: Execution, aggregate: Aggregate | None) -> str | None:
    is_stopped = execution.state in {SimulationState.FAILED, SimulationState.CANCELLED}
    if aggregate is None:
        return ENDED if is_stopped else WAITING
    if aggregate.total_responses + aggregate.failed_responses < aggregate.assigned:
        return ENDED if is_stopped else RUNNING
    if execution.analysis is None:
        return ENDED if is_stopped else ANALYSING
    return None


class MonitorView(BaseModel):
    """An execution while it runs: every interval holds at every look, taken or to come."""

    simulation_id: str
    state: SimulationState
    answered: int
    assigned: int
    comparisons: list[Monitored]
    decision: Decision


@router.get("/{intervention_id}/monitor")
async def monitor_intervention(
    intervention_id: str, service: Service, tx: Read, simulation_id: SimulationQuery = None
) -> MonitorView:
    """Always-valid intervals of the answers so far. Looking is free; the plan's rule to stop stays what it is."""
    execution = await service.execution(tx, intervention_id, simulation_id)
    aggregate = await service.aggregate(tx, execution)
    found = await service.monitor(tx, execution)
    return MonitorView(
        simulation_id=execution.simulation_id,
        state=execution.state,
        answered=0 if aggregate is None else aggregate.total_responses,
        assigned=0 if aggregate is None else aggregate.assigned,
        comparisons=list(found),
        decision=_decision(execution, aggregate, already_clear(found)),
    )


@router.post("/compare")
async def compare_interventions(spec: ComparisonSpec, service: Service, tx: Read) -> SideBySide:
    """Interventions side by side: what each found, and how far apart their effects are."""
    return await service.compare(tx, spec.intervention_ids)


class ConfigurationView(Configuration):
    """One execution of a set of configurations."""

    state: SimulationState


class RobustnessView(BaseModel):
    """Whether effects survive other configurations; `effects` of those that are analysed so far."""

    id: str
    intervention_id: str
    requested_at: datetime
    analysed: int
    is_complete: bool
    configurations: list[ConfigurationView]
    effects: list[RobustEffect]

    @classmethod
    def of(cls, made: Robustness, executions: Mapping[str, Execution]) -> "RobustnessView":
        """The view of a set and its executions."""
        states = {name: one.state for name, one in executions.items()}
        analyses = {name: one.analysis for name, one in executions.items() if one.analysis is not None}
        views = [
            ConfigurationView(**one.model_dump(), state=states.get(one.simulation_id, SimulationState.DRAFT))
            for one in made.configurations
        ]
        return cls(
            id=made.id,
            intervention_id=made.intervention_id,
            requested_at=made.requested_at,
            analysed=len(analyses),
            is_complete=all(one.state.is_terminal for one in views),
            configurations=views,
            effects=list(robust_effects(analyses)),
        )


@router.post("/{intervention_id}/robustness", status_code=202)
async def vary_intervention(
    intervention_id: str, spec: RobustnessSpec, service: Service, database: Store, tenant: Tenant
) -> RobustnessView:
    """Execute it in every configuration; ask again with GET until it is complete."""
    async with database.read(tenant=tenant) as tx:
        design, _ = await service.show(tx, intervention_id)
    for model in spec.models:
        await service.check(design, ExecutionSpec(model=model, engine=spec.engine))
    await population_arrives(database, tenant, service, spec.population_id or design.population_id)
    async with database.write(tenant=tenant) as tx:
        made = await service.vary(tx, intervention_id, spec)
        return RobustnessView.of(made, {})


@router.get("/{intervention_id}/robustness")
async def show_robustness(intervention_id: str, service: Service, tx: Read) -> RobustnessView:
    """The latest set of configurations: sign agreement and range of every effect."""
    return RobustnessView.of(*await service.variation(tx, intervention_id))
