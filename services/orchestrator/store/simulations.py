"""Queries of the orchestrator."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, delete, func, literal, select, tuple_, update
from sqlalchemy import Row as SqlRow

from libs.contracts.orchestrator import SimulationState
from libs.contracts.protocol import Assignment, Audience, Usage, total_usage
from libs.contracts.timelines import Timeline
from libs.db import Transaction, add_up, insert_new, upsert
from libs.db.rows import Row
from services.orchestrator.domain.checkpoint import Checkpoint, Origin
from services.orchestrator.domain.deliveries import LARGEST_DELIVERY, Groups
from services.orchestrator.domain.listing import After, Sort, Wanted
from services.orchestrator.domain.simulation import Simulation
from services.orchestrator.tables import (
    assignment_parts,
    assignments,
    audiences,
    checkpoints,
    deliveries,
    populations,
    simulations,
    step_progress,
)

UNKNOWN, DELETED = "unknown", "deleted"
AGENTS = 16 * LARGEST_DELIVERY
"""Agents that are read at once: a whole number of deliveries, of whatever size."""
NAMED = 20
"""Values that a refusal names."""
DeliveryState = Literal["open", "closed"]


@dataclass(frozen=True, slots=True)
class Population:
    """A population as far as a simulation needs it."""

    population_id: str
    size: int
    state: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class ArmProgress:
    """Turns finished in one arm."""

    arm: str
    answered: int
    failed: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Turns finished on the present timeline, and what was spent on all of them."""

    arms: tuple[ArmProgress, ...]
    usage: Usage


class Store:
    """Every query filters by the transaction's tenant."""

    async def add(self, tx: Transaction, simulation: Simulation) -> bool:
        """False when there is a simulation of this id already."""
        return bool(await insert_new(tx, simulations, [_row(tx, simulation)]))

    async def save(self, tx: Transaction, simulation: Simulation) -> None:
        """Write a simulation that was loaded in this transaction."""
        await upsert(tx, simulations, [_row(tx, simulation)])

    async def get(self, tx: Transaction, simulation_id: str, *, lock: bool = False) -> Simulation | None:
        """A simulation; locked until the transaction ends when it will be changed."""
        query = select(simulations.c.document).where(
            simulations.c.tenant == tx.tenant, simulations.c.simulation_id == simulation_id
        )
        document = (await tx.execute(query.with_for_update() if lock else query)).scalar_one_or_none()
        return None if document is None else Simulation.model_validate(document)

    async def page(
        self, tx: Transaction, wanted: Wanted, sort: Sort, *, after: After | None, limit: int
    ) -> list[Simulation]:
        """Simulations that are wanted, in order; the id decides between those that are alike."""
        key = (simulations.c[sort.field], simulations.c.simulation_id)
        order = [column.desc() if sort.is_backwards else column.asc() for column in key]
        query = select(simulations.c.document).where(*_matching(tx, wanted)).order_by(*order).limit(limit)
        if after is not None:
            value = datetime.fromisoformat(after.value) if sort.field == "created_at" else after.value
            last = tuple_(literal(value, key[0].type), literal(after.simulation_id))
            query = query.where(tuple_(*key) < last if sort.is_backwards else tuple_(*key) > last)
        return [Simulation.model_validate(row.document) for row in await tx.execute(query)]

    async def find(self, tx: Transaction, wanted: Wanted, limit: int) -> list[str]:
        """Ids of simulations that are wanted, oldest first."""
        query = select(simulations.c.simulation_id).where(*_matching(tx, wanted))
        return list((await tx.execute(query.order_by(simulations.c.simulation_id).limit(limit))).scalars())

    async def names_of(self, tx: Transaction, field: Literal["population_id", "intervention_id"]) -> list[str]:
        """Values of a field of simulations, newest first, not all of them."""
        column = simulations.c[field]
        query = select(column).where(simulations.c.tenant == tx.tenant, column.is_not(None)).distinct()
        return list((await tx.execute(query.order_by(column.desc()).limit(NAMED))).scalars())

    async def waiting_for(self, tx: Transaction, population_id: str) -> list[str]:
        """Ids of simulations that wait for a population."""
        query = select(simulations.c.simulation_id).where(
            simulations.c.tenant == tx.tenant,
            simulations.c.population_id == population_id,
            simulations.c.state == SimulationState.PROVISIONING.value,
        )
        return list((await tx.execute(query.order_by(simulations.c.simulation_id))).scalars())

    async def overdue(self, tx: Transaction, now: datetime, limit: int = 100) -> list[tuple[str, str]]:
        """(tenant, simulation id) of simulations whose state timed out, of every tenant."""
        query = (
            select(simulations.c.tenant, simulations.c.simulation_id)
            .where(simulations.c.deadline_at < now)
            .order_by(simulations.c.deadline_at)
            .limit(limit)
        )
        return [(row.tenant, row.simulation_id) for row in await tx.execute(query)]

    async def count_by_state(self, tx: Transaction) -> dict[str, int]:
        """How many simulations of every tenant are in each state."""
        query = select(simulations.c.state, func.count().label("number")).group_by(simulations.c.state)
        return {row.state: row.number for row in await tx.execute(query)}

    async def count_due(self, tx: Transaction, state: SimulationState, before: datetime) -> int:
        """How many simulations of every tenant time out of a state before then."""
        condition = (simulations.c.state == state.value, simulations.c.deadline_at < before)
        return int((await tx.execute(select(func.count()).select_from(simulations).where(*condition))).scalar_one())

    async def save_population(self, tx: Transaction, population: Population) -> None:
        """Project a population that is ready or has failed; holds its row until the transaction ends."""
        await upsert(tx, populations, [{"tenant": tx.tenant, **asdict(population)}])

    async def note_population(self, tx: Transaction, population: Population) -> None:
        """Project a population unless more is known of it already."""
        await self.hold_population(tx, population.population_id)
        statement = (
            update(populations)
            .where(
                populations.c.tenant == tx.tenant,
                populations.c.population_id == population.population_id,
                populations.c.state == UNKNOWN,
            )
            .values(size=population.size, state=population.state)
        )
        await tx.execute(statement)

    async def hold_population(self, tx: Transaction, population_id: str) -> None:
        """Make transactions about one population queue: the later one sees what the earlier one did."""
        unknown = Population(population_id, 0, UNKNOWN, None)
        await insert_new(tx, populations, [{"tenant": tx.tenant, **asdict(unknown)}])
        query = select(populations.c.state).where(
            populations.c.tenant == tx.tenant, populations.c.population_id == population_id
        )
        await tx.execute(query.with_for_update())

    async def get_population(self, tx: Transaction, population_id: str) -> Population | None:
        """A population that was announced."""
        query = select(
            populations.c.population_id, populations.c.size, populations.c.state, populations.c.reason
        ).where(
            populations.c.tenant == tx.tenant,
            populations.c.population_id == population_id,
            populations.c.state != UNKNOWN,
        )
        row = (await tx.execute(query)).one_or_none()
        return None if row is None else Population(row.population_id, row.size, row.state, row.reason)

    async def add_assignments(
        self, tx: Transaction, simulation_id: str, part: int, parts: int, new: tuple[Assignment, ...]
    ) -> tuple[dict[str, int], bool]:
        """Store a part; gives the agents assigned to each arm so far, and whether all parts are there now."""
        key = {"tenant": tx.tenant, "simulation_id": simulation_id}
        await insert_new(tx, assignment_parts, [{**key, "part": part, "parts": parts}])
        rows = [{**key, "agent_id": item.agent_id, "arm": item.arm} for item in new]
        await insert_new(tx, assignments, rows)
        by_arm = (
            select(assignments.c.arm, func.count().label("agents"))
            .where(assignments.c.tenant == tx.tenant, assignments.c.simulation_id == simulation_id)
            .group_by(assignments.c.arm)
            .order_by(assignments.c.arm)
        )
        arrived = select(func.count()).where(
            assignment_parts.c.tenant == tx.tenant, assignment_parts.c.simulation_id == simulation_id
        )
        counts = {row.arm: row.agents for row in await tx.execute(by_arm)}
        return counts, (await tx.execute(arrived)).scalar_one() == parts

    async def agents_of(self, tx: Transaction, simulation_id: str, arm: str, after: str) -> list[str]:
        """Agent ids of an arm, in order, the next after this one; at most `AGENTS`."""
        query = (
            select(assignments.c.agent_id)
            .where(
                assignments.c.tenant == tx.tenant,
                assignments.c.simulation_id == simulation_id,
                assignments.c.arm == arm,
                assignments.c.agent_id > after,
            )
            .order_by(assignments.c.agent_id)
            .limit(AGENTS)
        )
        return list((await tx.execute(query)).scalars())

    async def add_audiences(self, tx: Transaction, simulation_id: str, new: tuple[Audience, ...]) -> None:
        """Store audiences; those that are there already stay as they are."""
        rows: list[Row] = [
            {"tenant": tx.tenant, "simulation_id": simulation_id, **audience.model_dump(mode="json")}
            for audience in new
        ]
        await insert_new(tx, audiences, rows)

    async def get_audience(self, tx: Transaction, simulation_id: str, audience_id: str) -> Groups:
        """The agents of an audience by group."""
        query = select(audiences.c.groups).where(
            audiences.c.tenant == tx.tenant,
            audiences.c.simulation_id == simulation_id,
            audiences.c.audience_id == audience_id,
        )
        groups = (await tx.execute(query)).scalar_one()
        return {group_id: tuple(agent_ids) for group_id, agent_ids in groups.items()}

    async def open_deliveries(self, tx: Transaction, simulation_id: str, delivery_ids: list[str]) -> None:
        """Note deliveries that were asked for."""
        key = {"tenant": tx.tenant, "simulation_id": simulation_id}
        rows: list[Row] = [
            {**key, "delivery_id": identity, "completed_at": None, "closed_at": None} for identity in delivery_ids
        ]
        await insert_new(tx, deliveries, rows)

    async def complete_delivery(
        self, tx: Transaction, simulation_id: str, delivery_id: str, now: datetime
    ) -> DeliveryState | None:
        """What the delivery was before; None when it was complete, or was never asked for."""
        of_delivery = _deliveries_of(tx, simulation_id, deliveries.c.delivery_id == delivery_id)
        statement = update(deliveries).where(*of_delivery, deliveries.c.completed_at.is_(None))
        closed = (await tx.execute(statement.values(completed_at=now).returning(deliveries.c.closed_at))).one_or_none()
        if closed is None:
            return None
        return "open" if closed.closed_at is None else "closed"

    async def find_open_deliveries(self, tx: Transaction, simulation_id: str) -> set[str]:
        """Ids of the deliveries that are waited for."""
        return set((await tx.execute(select(deliveries.c.delivery_id).where(*_open(tx, simulation_id)))).scalars())

    async def close_deliveries(self, tx: Transaction, simulation_id: str, now: datetime) -> None:
        """What is still open counts no more, whenever it completes."""
        await tx.execute(update(deliveries).where(*_open(tx, simulation_id)).values(closed_at=now))

    async def add_progress(
        self, tx: Transaction, simulation_id: str, timeline_id: str, place: int, added: ArmProgress, usage: Usage
    ) -> None:
        """Add finished turns to the counts of a step and arm."""
        row = {
            "tenant": tx.tenant,
            "simulation_id": simulation_id,
            "timeline_id": timeline_id,
            "place": place,
            "arm": added.arm,
            "answered": added.answered,
            "failed": added.failed,
            **usage.model_dump(),
        }
        await add_up(tx, step_progress, [row])

    async def progress_of(self, tx: Transaction, found: Sequence[Simulation]) -> dict[str, Progress]:
        """Finished turns and usage by simulation."""
        ids = [simulation.simulation_id for simulation in found]
        query = (
            select(step_progress)
            .where(step_progress.c.tenant == tx.tenant, step_progress.c.simulation_id.in_(ids))
            .order_by(step_progress.c.arm)
        )
        rows: dict[str, list[SqlRow[Any]]] = {identity: [] for identity in ids}
        for row in await tx.execute(query):
            rows[row.simulation_id].append(row)
        return {one.simulation_id: _progress(one.timeline, rows[one.simulation_id]) for one in found}

    async def add_checkpoint(self, tx: Transaction, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint: one row."""
        row = {
            "tenant": tx.tenant,
            "simulation_id": checkpoint.simulation.simulation_id,
            "checkpoint_id": checkpoint.checkpoint_id,
            "origin": checkpoint.origin,
            "created_at": checkpoint.created_at,
            "document": checkpoint.model_dump(mode="json"),
        }
        await insert_new(tx, checkpoints, [row])

    async def drop_checkpoints(self, tx: Transaction, simulation_id: str, origin: Origin, *, keep: int) -> None:
        """Forget the oldest checkpoints that came about in this way (their ids grow with time)."""
        these = (
            checkpoints.c.tenant == tx.tenant,
            checkpoints.c.simulation_id == simulation_id,
            checkpoints.c.origin == origin,
        )
        newest = select(checkpoints.c.checkpoint_id).where(*these).order_by(checkpoints.c.checkpoint_id.desc())
        oldest_kept = (await tx.execute(newest.offset(keep - 1).limit(1))).scalar_one_or_none()
        if oldest_kept is not None:
            await tx.execute(delete(checkpoints).where(*these, checkpoints.c.checkpoint_id < oldest_kept))

    async def unmarked(self, tx: Transaction, since: datetime, limit: int = 100) -> list[tuple[str, str]]:
        """(tenant, simulation id) of older running simulations without a checkpoint since then, of every tenant."""
        recent = (
            checkpoints.c.tenant == simulations.c.tenant,
            checkpoints.c.simulation_id == simulations.c.simulation_id,
            checkpoints.c.created_at > since,
        )
        query = (
            select(simulations.c.tenant, simulations.c.simulation_id)
            .where(
                simulations.c.state == SimulationState.RUNNING.value,
                simulations.c.created_at <= since,
                ~select(checkpoints.c.checkpoint_id).where(*recent).exists(),
            )
            .order_by(simulations.c.simulation_id)
            .limit(limit)
        )
        return [(row.tenant, row.simulation_id) for row in await tx.execute(query)]

    async def get_checkpoint(self, tx: Transaction, simulation_id: str, checkpoint_id: str) -> Checkpoint | None:
        """A checkpoint of a simulation."""
        query = select(checkpoints.c.document).where(
            checkpoints.c.tenant == tx.tenant,
            checkpoints.c.simulation_id == simulation_id,
            checkpoints.c.checkpoint_id == checkpoint_id,
        )
        document = (await tx.execute(query)).scalar_one_or_none()
        return None if document is None else Checkpoint.model_validate(document)

    async def list_checkpoints(
        self, tx: Transaction, simulation_id: str, *, before: str | None, limit: int
    ) -> list[Checkpoint]:
        """Checkpoints of a simulation, newest first (their ids grow with time)."""
        query = (
            select(checkpoints.c.document)
            .where(checkpoints.c.tenant == tx.tenant, checkpoints.c.simulation_id == simulation_id)
            .order_by(checkpoints.c.checkpoint_id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(checkpoints.c.checkpoint_id < before)
        return [Checkpoint.model_validate(document) for document in (await tx.execute(query)).scalars()]


def _deliveries_of(tx: Transaction, simulation_id: str, *conditions: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    return [deliveries.c.tenant == tx.tenant, deliveries.c.simulation_id == simulation_id, *conditions]


def _open(tx: Transaction, simulation_id: str) -> list[ColumnElement[bool]]:
    return _deliveries_of(tx, simulation_id, deliveries.c.completed_at.is_(None), deliveries.c.closed_at.is_(None))


def _progress(timeline: Timeline, rows: Sequence[SqlRow[Any]]) -> Progress:
    """Turns count where they are part of the timeline, usage wherever it was spent."""
    arms: dict[str, ArmProgress] = {}
    usages = [Usage.model_validate({name: getattr(row, name) for name in Usage.model_fields}) for row in rows]
    for row in rows:
        if timeline.includes(row.timeline_id, row.place):
            before = arms.get(row.arm, ArmProgress(row.arm, 0, 0))
            arms[row.arm] = ArmProgress(row.arm, before.answered + row.answered, before.failed + row.failed)
    return Progress(tuple(arms.values()), total_usage(usages))


def _matching(tx: Transaction, wanted: Wanted) -> list[ColumnElement[bool]]:
    conditions = [simulations.c.tenant == tx.tenant]
    if wanted.states:
        conditions.append(simulations.c.state.in_([state.value for state in wanted.states]))
    if wanted.name is not None:
        conditions.append(simulations.c.name.icontains(wanted.name, autoescape=True))
    if wanted.population_id is not None:
        conditions.append(simulations.c.population_id == wanted.population_id)
    if wanted.intervention_id is not None:
        conditions.append(simulations.c.intervention_id == wanted.intervention_id)
    if wanted.created_after is not None:
        conditions.append(simulations.c.created_at > wanted.created_after)
    if wanted.created_before is not None:
        conditions.append(simulations.c.created_at < wanted.created_before)
    return conditions


def _row(tx: Transaction, simulation: Simulation) -> Row:
    return {
        "tenant": tx.tenant,
        "simulation_id": simulation.simulation_id,
        "population_id": simulation.population_id,
        "state": simulation.state.value,
        "deadline_at": simulation.deadline_at,
        "document": simulation.model_dump(mode="json"),
        "name": simulation.name,
        "intervention_id": simulation.intervention_id,
        "created_at": simulation.created_at,
    }
