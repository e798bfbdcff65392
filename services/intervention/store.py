"""Every query of the intervention service; domain objects in, domain objects out."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, and_, func, select, update

from libs.contracts.chosen import Chosen
from libs.contracts.communication import Response, ResponsesRecorded
from libs.contracts.compact import Once
from libs.contracts.errors import FieldError
from libs.contracts.evidence import Analysis
from libs.contracts.orchestrator import SimulationState
from libs.contracts.people import Agent
from libs.contracts.population import AgentsGenerated, PersonasChanged
from libs.contracts.protocol import Plan
from libs.db import Transaction, insert_new, upsert
from services.intervention.domain.assignment import Assigned, Person
from services.intervention.domain.design import Design
from services.intervention.domain.execution import Execution, Population
from services.intervention.domain.request import Request
from services.intervention.domain.robustness import Asking, Configuration, Robustness
from services.intervention.domain.scores import Finished
from services.intervention.tables import (
    agents,
    assignments,
    executions,
    interventions,
    populations,
    requests,
    responses,
    robustness,
    simulations,
)

PEOPLE, ASSIGNED = 500, 2_000
"""Rows at a time: of a person there is all that is known, of an assignment a few ids."""
TERMINAL = [state.value for state in SimulationState if state.is_terminal]
Placed = tuple[str, Response]
"""The arm a response was made in, and the response."""


class Designs:
    """Interventions as they were designed."""

    async def add(self, tx: Transaction, design: Design) -> None:
        await insert_new(
            tx, interventions, [{"tenant": tx.tenant, "id": design.id, "design": design.model_dump(mode="json")}]
        )

    async def replace(self, tx: Transaction, design: Design) -> None:
        await upsert(
            tx, interventions, [{"tenant": tx.tenant, "id": design.id, "design": design.model_dump(mode="json")}]
        )

    async def get(self, tx: Transaction, identity: str, *, lock: bool = False) -> Design | None:
        """With `lock`, nobody else changes it until the transaction ends."""
        query = _mine(tx, interventions).where(interventions.c.id == identity)
        row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
        return Design.model_validate(row.design) if row else None

    async def newest(self, tx: Transaction, limit: int, before: str | None) -> list[Design]:
        """Newest first; ids are time-ordered."""
        query = _mine(tx, interventions).order_by(interventions.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(interventions.c.id < before)
        return [Design.model_validate(row.design) for row in await tx.execute(query)]


class Executions:
    """Simulations that run an intervention."""

    async def add(self, tx: Transaction, execution: Execution) -> None:
        row = {
            "tenant": tx.tenant,
            "simulation_id": execution.simulation_id,
            "intervention_id": execution.intervention_id,
            "population_id": execution.population_id,
            "seed": execution.seed,
            "model": execution.model,
            "requested_at": execution.requested_at,
            "is_created": execution.is_created,
            "state": execution.state.value,
            "asking": execution.asking.model_dump(mode="json"),
        }
        await insert_new(tx, executions, [row])

    async def get(self, tx: Transaction, simulation_id: str, *, lock: bool = False) -> Execution | None:
        """With `lock`, nobody else changes it until the transaction ends."""
        query = _mine(tx, executions).where(executions.c.simulation_id == simulation_id)
        row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
        return _execution(row) if row else None

    async def latest(self, tx: Transaction, intervention_id: str) -> Execution | None:
        newest = executions.c.requested_at.desc(), executions.c.simulation_id.desc()
        query = _mine(tx, executions).where(executions.c.intervention_id == intervention_id).order_by(*newest).limit(1)
        row = (await tx.execute(query)).one_or_none()
        return _execution(row) if row else None

    async def states(self, tx: Transaction, intervention_ids: Sequence[str]) -> dict[str, SimulationState]:
        """The state of the latest execution of each of these interventions that has one."""
        query = (
            select(executions.c.intervention_id, executions.c.state)
            .where(executions.c.tenant == tx.tenant, executions.c.intervention_id.in_(intervention_ids))
            .order_by(executions.c.requested_at, executions.c.simulation_id)
        )
        return {row.intervention_id: SimulationState(row.state) for row in await tx.execute(query)}

    async def known(self, tx: Transaction, simulation_ids: Iterable[str]) -> set[str]:
        """Those of the simulations that run an intervention."""
        query = select(executions.c.simulation_id).where(
            executions.c.tenant == tx.tenant, executions.c.simulation_id.in_(set(simulation_ids))
        )
        return set((await tx.execute(query)).scalars())

    async def set_created(self, tx: Transaction, simulation_id: str) -> None:
        await self._set(tx, simulation_id, is_created=True)

    async def set_plan(self, tx: Transaction, simulation_id: str, plan: Plan, plan_hash: str) -> None:
        await self._set(tx, simulation_id, plan=plan.model_dump(mode="json"), plan_hash=plan_hash)

    async def set_analysis(self, tx: Transaction, simulation_id: str, analysis: Analysis, at: datetime) -> None:
        """Unless a newer one is known already."""
        is_older = executions.c.analysed_at.is_(None) | (executions.c.analysed_at <= at)
        await tx.execute(
            update(executions)
            .where(executions.c.tenant == tx.tenant, executions.c.simulation_id == simulation_id, is_older)
            .values(analysis=analysis.model_dump(mode="json"), analysed_at=at)
        )

    async def set_state(
        self, tx: Transaction, simulation_id: str, state: SimulationState, reason: str | None, at: datetime
    ) -> None:
        """Unless a newer state, or one that nothing leaves, is known already: events may overtake each other."""
        is_older = executions.c.changed_at.is_(None) | (executions.c.changed_at <= at)
        await tx.execute(
            update(executions)
            .where(executions.c.tenant == tx.tenant, executions.c.simulation_id == simulation_id)
            .where(is_older, executions.c.state.not_in(TERMINAL))
            .values(state=state.value, reason=reason, changed_at=at, is_created=True)
        )

    async def _set(self, tx: Transaction, simulation_id: str, **values: object) -> None:
        mine = executions.c.tenant == tx.tenant, executions.c.simulation_id == simulation_id
        await tx.execute(update(executions).where(*mine).values(**values))


class Simulations:
    """All simulations, projected from the orchestrator: who is in them."""

    async def put(self, tx: Transaction, simulation_id: str, population_id: str) -> None:
        row = {"tenant": tx.tenant, "simulation_id": simulation_id, "population_id": population_id}
        await insert_new(tx, simulations, [row])

    async def population_of(self, tx: Transaction, simulation_id: str) -> str | None:
        query = _mine(tx, simulations).where(simulations.c.simulation_id == simulation_id)
        row = (await tx.execute(query)).one_or_none()
        return str(row.population_id) if row else None


class Configurations:
    """Executions that differ in their configuration alone."""

    async def add(self, tx: Transaction, made: Robustness) -> None:
        row = {
            "tenant": tx.tenant,
            "id": made.id,
            "intervention_id": made.intervention_id,
            "requested_at": made.requested_at,
            "configurations": [one.model_dump(mode="json") for one in made.configurations],
        }
        await insert_new(tx, robustness, [row])

    async def latest(self, tx: Transaction, intervention_id: str) -> Robustness | None:
        query = _mine(tx, robustness).where(robustness.c.intervention_id == intervention_id)
        row = (await tx.execute(query.order_by(robustness.c.id.desc()).limit(1))).one_or_none()
        if row is None:
            return None
        configurations = tuple(Configuration.model_validate(one) for one in row.configurations)
        return Robustness(row.id, row.intervention_id, row.requested_at, configurations)


class Requests:
    """What systems outside asked for over the bus."""

    async def claim(self, tx: Transaction, request: Request) -> bool:
        """Take the name of a request; False when one has it already, which is settled then."""
        return bool(await insert_new(tx, requests, [_request_row(tx, request)]))

    async def settle(self, tx: Transaction, request: Request) -> None:
        """Note what became of it."""
        await upsert(tx, requests, [_request_row(tx, request)])

    async def get(self, tx: Transaction, request_id: str) -> Request | None:
        row = (await tx.execute(_mine(tx, requests).where(requests.c.request_id == request_id))).one_or_none()
        return _request(row) if row else None

    async def newest(self, tx: Transaction, limit: int, before: tuple[datetime, str] | None) -> list[Request]:
        """The last handled first."""
        query = _mine(tx, requests)
        if before is not None:
            at, request_id = before
            is_before = (requests.c.handled_at == at) & (requests.c.request_id < request_id)
            query = query.where((requests.c.handled_at < at) | is_before)
        query = query.order_by(requests.c.handled_at.desc(), requests.c.request_id.desc()).limit(limit)
        return [_request(row) for row in await tx.execute(query)]

    async def newer_than(self, tx: Transaction, intervention_id: str, sent_at: datetime) -> str | None:
        """The request that last changed an intervention, if it was sent after this time."""
        query = _mine(tx, requests).where(
            requests.c.intervention_id == intervention_id,
            requests.c.action != "execute",
            requests.c.sent_at > sent_at,
        )
        row = (await tx.execute(query.order_by(requests.c.sent_at.desc()).limit(1))).one_or_none()
        return str(row.request_id) if row else None


class Populations:
    """Who there is, projected from the population service."""

    async def put(self, tx: Transaction, population: Population) -> None:
        row = {
            "tenant": tx.tenant,
            "population_id": population.population_id,
            "size": population.size,
            "segments": population.segments,
        }
        await upsert(tx, populations, [row])

    async def get(self, tx: Transaction, population_id: str) -> Population | None:
        query = _mine(tx, populations).where(populations.c.population_id == population_id)
        row = (await tx.execute(query)).one_or_none()
        return Population(row.population_id, row.size, dict(row.segments)) if row else None

    async def newest_ids(self, tx: Transaction, limit: int) -> list[str]:
        query = _mine(tx, populations).order_by(populations.c.population_id.desc()).limit(limit)
        return [row.population_id for row in await tx.execute(query)]

    async def add_agents(self, tx: Transaction, blocks: Iterable[AgentsGenerated]) -> None:
        rows = [
            {
                "tenant": tx.tenant,
                "population_id": block.population_id,
                **_agent(agent),
            }
            for block in blocks
            for agent in block.agents
        ]
        await insert_new(tx, agents, rows)

    async def change_agents(self, tx: Transaction, changed: PersonasChanged) -> None:
        """People as they are now, unless a later version of them is known."""
        mine = agents.c.tenant == tx.tenant, agents.c.population_id == changed.population_id
        for agent in changed.agents:
            of_agent = agents.c.agent_id == agent.agent_id, agents.c.version < changed.version
            values = {**_agent(agent), "version": changed.version}
            await tx.execute(update(agents).where(*mine, *of_agent).values(**values))

    async def count_agents(self, tx: Transaction, population_id: str) -> int:
        mine = agents.c.tenant == tx.tenant, agents.c.population_id == population_id
        return int((await tx.execute(select(func.count()).select_from(agents).where(*mine))).scalar_one())

    async def members(self, tx: Transaction, population_id: str) -> list[Person]:
        """Everybody of a population who has been heard of."""
        query = (
            select(agents.c.agent_id, agents.c.segment, agents.c.profile)
            .where(agents.c.tenant == tx.tenant, agents.c.population_id == population_id)
            .order_by(agents.c.agent_id)
        )
        once = Once()
        return [
            Person(row.agent_id, once(row.segment), once.record(row.profile or {}))
            async for rows in tx.blocks(query, PEOPLE)
            for row in rows
        ]


class Responses:
    """Who is in which arm, and what they answered."""

    async def assign(self, tx: Transaction, simulation_id: str, assigned: Sequence[Assigned]) -> None:
        owner = {"tenant": tx.tenant, "simulation_id": simulation_id}
        for start in range(0, len(assigned), ASSIGNED):
            rows = [owner | each._asdict() for each in assigned[start : start + ASSIGNED]]
            await insert_new(tx, assignments, rows)

    async def participants(self, tx: Transaction, population_id: str, intervention_ids: Sequence[str]) -> set[str]:
        """Agents of a population who were assigned in any execution of these interventions."""
        joined = and_(
            assignments.c.tenant == executions.c.tenant, assignments.c.simulation_id == executions.c.simulation_id
        )
        query = (
            select(assignments.c.agent_id)
            .join_from(assignments, executions, joined)
            .where(
                executions.c.tenant == tx.tenant,
                executions.c.population_id == population_id,
                executions.c.intervention_id.in_(intervention_ids),
            )
        )
        return set((await tx.execute(query)).scalars())

    async def headcount(self, tx: Transaction, simulation_id: str) -> dict[tuple[str, str | None], int]:
        """Assigned agents by arm and segment."""
        groups = assignments.c.arm, assignments.c.segment
        query = (
            select(*groups, func.count().label("n"))
            .where(assignments.c.tenant == tx.tenant, assignments.c.simulation_id == simulation_id)
            .group_by(*groups)
        )
        return {(row.arm, row.segment): row.n for row in await tx.execute(query)}

    async def add(self, tx: Transaction, recorded: Iterable[ResponsesRecorded]) -> None:
        rows = [
            {
                "tenant": tx.tenant,
                "simulation_id": message.simulation_id,
                "turn_id": response.turn_id,
                "agent_id": response.agent_id,
                "arm": message.arm,
                "segment": response.segment,
                "status": response.status,
                "answers": document["answers"],
                "document": document,
                "step_id": message.step_id,
            }
            for message in recorded
            for response in message.responses
            for document in [response.model_dump(mode="json")]
        ]
        await insert_new(tx, responses, rows)

    async def finished(self, tx: Transaction, simulation_id: str, chosen: Chosen) -> list[Finished]:
        """Finished turns of assigned agents in their own arm, by agent, without what the chosen were asked again."""
        assigned = and_(
            assignments.c.tenant == responses.c.tenant,
            assignments.c.simulation_id == responses.c.simulation_id,
            assignments.c.agent_id == responses.c.agent_id,
            assignments.c.arm == responses.c.arm,
        )
        query = (
            select(responses.c.agent_id, assignments.c.arm, assignments.c.segment, responses.c.status)
            .add_columns(
                responses.c.step_id, responses.c.answers, responses.c.document["cluster_id"].label("cluster_id")
            )
            .join_from(responses, assignments, assigned)
            .where(responses.c.tenant == tx.tenant, responses.c.simulation_id == simulation_id)
            .order_by(responses.c.agent_id, responses.c.turn_id)
        )
        once = Once()
        return [
            Finished(
                row.agent_id,
                once(row.arm),
                once(row.segment),
                row.status == "answered",
                once.record(chosen.counted(row.step_id, row.arm, row.answers)),
                once(row.cluster_id),
            )
            async for rows in tx.blocks(query)
            for row in rows
        ]

    async def page(
        self,
        tx: Transaction,
        simulation_id: str,
        limit: int,
        after: tuple[str, str] | None,
        arm: str | None = None,
        segment: str | None = None,
    ) -> list[Placed]:
        """Responses by agent, after this (agent_id, turn_id)."""
        place = responses.c.agent_id, responses.c.turn_id
        query = _mine(tx, responses).where(responses.c.simulation_id == simulation_id).order_by(*place).limit(limit)
        if after is not None:
            agent, turn = after
            query = query.where((place[0] > agent) | ((place[0] == agent) & (place[1] > turn)))
        if arm is not None:
            query = query.where(responses.c.arm == arm)
        if segment is not None:
            query = query.where(responses.c.segment == segment)
        return [(row.arm, Response.model_validate(row.document)) for row in await tx.execute(query)]


class Store:
    """All of the service's queries, by what they are about."""

    def __init__(self) -> None:
        self.designs = Designs()
        self.executions = Executions()
        self.simulations = Simulations()
        self.configurations = Configurations()
        self.requests = Requests()
        self.populations = Populations()
        self.responses = Responses()


def _mine(tx: Transaction, table: Any) -> Select[Any]:
    return select(table).where(table.c.tenant == tx.tenant)


def _request_row(tx: Transaction, request: Request) -> dict[str, Any]:
    return {"tenant": tx.tenant, **asdict(request), "errors": [asdict(error) for error in request.errors]}


def _request(row: Row[Any]) -> Request:
    fields = {name: getattr(row, name) for name in Request.__dataclass_fields__}
    errors = tuple(FieldError(error["field"], error["message"], tuple(error["allowed"])) for error in row.errors)
    return Request(**fields | {"errors": errors})


def _agent(agent: Agent) -> dict[str, Any]:
    profile = {**agent.demographic_profile, "age": agent.age}
    return {"agent_id": agent.agent_id, "segment": agent.segment, "profile": profile}


def _execution(row: Row[Any]) -> Execution:
    return Execution(
        simulation_id=row.simulation_id,
        intervention_id=row.intervention_id,
        population_id=row.population_id,
        seed=row.seed,
        model=row.model,
        requested_at=row.requested_at,
        is_created=row.is_created,
        state=SimulationState(row.state),
        reason=row.reason,
        changed_at=row.changed_at,
        plan=Plan.model_validate(row.plan) if row.plan else None,
        plan_hash=row.plan_hash,
        analysis=Analysis.model_validate(row.analysis) if row.analysis else None,
        analysed_at=row.analysed_at,
        asking=Asking.model_validate(row.asking) if row.asking else Asking(elicitation=row.elicitation),
    )
