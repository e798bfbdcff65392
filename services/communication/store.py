"""Queries of the communication service."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, insert, select, update

from libs.contracts.base import JsonObject
from libs.contracts.communication import DeliverStimulus
from libs.contracts.dialogue import BroadcastSpec
from libs.contracts.orchestrator import SimulationCreated, SimulationState, SimulationStateChanged
from libs.contracts.people import Agent
from libs.contracts.population import AgentsGenerated, PopulationReady
from libs.contracts.protocol import Usage
from libs.db import Transaction, insert_new, upsert
from libs.minds.memory import episode
from services.communication.domain.history import HistoryEntry, HistoryKind, items_of
from services.communication.domain.turns import FinishedTurn, Totals
from services.communication.tables import (
    agents,
    broadcasts,
    episodes,
    history,
    populations,
    simulations,
    stimuli,
    turns,
)

REMEMBERED = 8
"""Episodes of an agent that are looked at for its prompt."""


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulation as the orchestrator announced it; its state is None while only its creation is known."""

    simulation_id: str
    population_id: str
    intervention_id: str | None
    state: SimulationState | None


@dataclass(frozen=True, slots=True)
class Population:
    """A population that is complete at its owner; `known` agents of it have arrived here."""

    size: int
    segments: tuple[str, ...]
    known: int


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which items of a history are wanted; None means any. `since` is included, `until` is not."""

    agent_id: str | None = None
    kind: HistoryKind | None = None
    step_id: str | None = None
    round: int | None = None
    since: datetime | None = None
    until: datetime | None = None


class Store:
    """Every query filters by the transaction's tenant."""

    async def add_agents(self, tx: Transaction, events: Sequence[AgentsGenerated]) -> None:
        """Project agents; those that are there already stay as they are."""
        rows = [
            {
                "tenant": tx.tenant,
                "population_id": event.population_id,
                "agent_id": agent.agent_id,
                "position": agent.index,
                "segment": agent.segment,
                "document": agent.model_dump(mode="json"),
            }
            for event in events
            for agent in event.agents
        ]
        await insert_new(tx, agents, rows)

    async def save_population(self, tx: Transaction, event: PopulationReady) -> None:
        """Project a population."""
        row = {
            "tenant": tx.tenant,
            "population_id": event.population_id,
            "size": event.size,
            "segments": list(event.segments),
        }
        await upsert(tx, populations, [row])

    async def save_simulation(self, tx: Transaction, event: SimulationCreated) -> None:
        """Project a simulation; its state is projected apart, and may have come before."""
        row = {
            "tenant": tx.tenant,
            "simulation_id": event.simulation_id,
            "population_id": event.population_id,
            "intervention_id": event.intervention_id,
        }
        await upsert(tx, simulations, [row])

    async def save_state(self, tx: Transaction, event: SimulationStateChanged) -> None:
        """Project a state, unless a later one is there."""
        key = {"tenant": tx.tenant, "simulation_id": event.simulation_id}
        await insert_new(tx, simulations, [key])
        is_later = simulations.c.state_changed_at.is_(None) | (simulations.c.state_changed_at <= event.changed_at)
        statement = (
            update(simulations)
            .where(*(simulations.c[name] == value for name, value in key.items()), is_later)
            .values(state=event.state.value, state_changed_at=event.changed_at)
        )
        await tx.execute(statement)

    async def get_simulation(self, tx: Transaction, simulation_id: str, *, lock: bool = False) -> Simulation | None:
        """A simulation whose creation has arrived; locked until the transaction ends if asked."""
        query = select(simulations).where(
            simulations.c.tenant == tx.tenant,
            simulations.c.simulation_id == simulation_id,
            simulations.c.population_id.is_not(None),
        )
        row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
        if row is None:
            return None
        state = None if row.state is None else SimulationState(row.state)
        return Simulation(simulation_id, row.population_id, row.intervention_id, state)

    async def get_state(self, tx: Transaction, simulation_id: str) -> SimulationState | None:
        """The last known state, also of a simulation whose creation has not arrived."""
        query = select(simulations.c.state).where(
            simulations.c.tenant == tx.tenant, simulations.c.simulation_id == simulation_id
        )
        state = (await tx.execute(query)).scalar_one_or_none()
        return None if state is None else SimulationState(state)

    async def get_population(self, tx: Transaction, population_id: str) -> Population | None:
        """A population that is ready."""
        query = select(populations.c.size, populations.c.segments).where(
            populations.c.tenant == tx.tenant, populations.c.population_id == population_id
        )
        row = (await tx.execute(query)).one_or_none()
        if row is None:
            return None
        count = select(func.count()).where(agents.c.tenant == tx.tenant, agents.c.population_id == population_id)
        return Population(row.size, tuple(row.segments), (await tx.execute(count)).scalar_one())

    async def find_agents(self, tx: Transaction, population_id: str, agent_ids: Sequence[str]) -> dict[str, Agent]:
        """Those of the agents that have arrived, by id."""
        query = select(agents.c.document).where(
            agents.c.tenant == tx.tenant, agents.c.population_id == population_id, agents.c.agent_id.in_(agent_ids)
        )
        found = [Agent.model_validate(document) for document in (await tx.execute(query)).scalars()]
        return {agent.agent_id: agent for agent in found}

    async def list_recipients(self, tx: Transaction, population_id: str, segments: Sequence[str]) -> list[str]:
        """Ids of the agents of these segments, or of everybody, in the order of the population."""
        query = select(agents.c.agent_id).where(agents.c.tenant == tx.tenant, agents.c.population_id == population_id)
        if segments:
            query = query.where(agents.c.segment.in_(segments))
        return list((await tx.execute(query.order_by(agents.c.position))).scalars())

    async def find_recorded(self, tx: Transaction, turn_ids: Iterable[str]) -> set[str]:
        """Those of the turns that are finished."""
        query = select(turns.c.turn_id).where(turns.c.tenant == tx.tenant, turns.c.turn_id.in_(list(turn_ids)))
        return set((await tx.execute(query)).scalars())

    async def total(self, tx: Transaction, turn_ids: Iterable[str]) -> Totals:
        """Counts and usage of finished turns, and why most of the failed ones failed."""
        names = list(Usage.model_fields)
        sums = [func.coalesce(func.sum(turns.c[name]), 0).label(name) for name in names]
        query = (
            select(turns.c.status, func.count().label("turns"), *sums)
            .where(turns.c.tenant == tx.tenant, turns.c.turn_id.in_(list(turn_ids)))
            .group_by(turns.c.status)
        )
        rows = (await tx.execute(query)).all()
        counts = {row.status: row.turns for row in rows}
        usage = Usage.model_validate({name: sum(getattr(row, name) for row in rows) for name in names})
        reasons = (
            select(turns.c.failure)
            .where(turns.c.tenant == tx.tenant, turns.c.turn_id.in_(list(turn_ids)), turns.c.failure.is_not(None))
            .group_by(turns.c.failure)
            .order_by(func.count().desc(), turns.c.failure)
            .limit(1)
        )
        failure = (await tx.execute(reasons)).scalar_one_or_none()
        return Totals(counts.get("answered", 0), counts.get("failed", 0), usage, failure)

    async def find_episodes(
        self, tx: Transaction, simulation_id: str, timeline_id: str, agent_ids: Sequence[str]
    ) -> dict[str, list[JsonObject]]:
        """The newest episodes of each agent that has any, oldest first."""
        place = func.row_number().over(partition_by=episodes.c.agent_id, order_by=episodes.c.sequence.desc())
        newest = (
            select(episodes.c.agent_id, episodes.c.sequence, episodes.c.document, place.label("place"))
            .where(_of_timeline(tx, simulation_id, timeline_id), episodes.c.agent_id.in_(agent_ids))
            .subquery()
        )
        query = select(newest).where(newest.c.place <= REMEMBERED).order_by(newest.c.agent_id, newest.c.sequence)
        found: dict[str, list[JsonObject]] = {}
        for row in await tx.execute(query):
            found.setdefault(row.agent_id, []).append(row.document)
        return found

    async def record(
        self, tx: Transaction, command: DeliverStimulus, finished: Sequence[FinishedTurn]
    ) -> list[FinishedTurn]:
        """Store finished turns with their history and what the agents remember; gives those that are new."""
        rows = [_turn_row(tx, command, turn) for turn in finished]
        fresh = {row["turn_id"] for row in await insert_new(tx, turns, rows)}
        new = [turn for turn in finished if turn.turn_id in fresh]
        if not new:
            return []
        if command.stimulus is not None:
            shown = {
                "tenant": tx.tenant,
                "simulation_id": command.simulation_id,
                "step_id": command.step_id,
                "arm": command.arm,
                "document": command.stimulus.model_dump(),
            }
            await insert_new(tx, stimuli, [shown])
        await tx.execute(insert(history), [row for turn in new for row in _history_rows(tx, command, turn)])
        await self._remember(tx, command, new)
        return new

    async def _remember(self, tx: Transaction, command: DeliverStimulus, new: Sequence[FinishedTurn]) -> None:
        timeline = _of_timeline(tx, command.simulation_id, command.timeline_id)
        agent_ids = [turn.agent.agent_id for turn in new]
        query = (
            select(episodes.c.agent_id, func.max(episodes.c.sequence).label("last"))
            .where(timeline, episodes.c.agent_id.in_(agent_ids))
            .group_by(episodes.c.agent_id)
        )
        last: dict[str, int] = {row.agent_id: row.last for row in await tx.execute(query)}
        rows = [
            {
                "tenant": tx.tenant,
                "simulation_id": command.simulation_id,
                "timeline_id": command.timeline_id,
                "agent_id": turn.agent.agent_id,
                "sequence": last.get(turn.agent.agent_id, 0) + 1,
                "turn_id": turn.turn_id,
                "document": episode(command.round, command.stimulus, turn.turn),
            }
            for turn in new
            if turn.turn is not None
        ]
        if rows:
            await tx.execute(insert(episodes), rows)

    async def add_broadcast(
        self,
        tx: Transaction,
        broadcast_id: str,
        spec: BroadcastSpec,
        *,
        round_number: int,
        recipients: int,
        at: datetime,
    ) -> None:
        """Store a broadcast that was accepted."""
        row = {
            "tenant": tx.tenant,
            "simulation_id": spec.simulation_id,
            "broadcast_id": broadcast_id,
            "round": round_number,
            "recipients": recipients,
            "spec": spec.model_dump(mode="json"),
            "created_at": at,
        }
        await tx.execute(insert(broadcasts), row)

    async def count_broadcasts(self, tx: Transaction, simulation_id: str) -> int:
        """Broadcasts of a simulation so far."""
        query = select(func.count()).where(
            broadcasts.c.tenant == tx.tenant, broadcasts.c.simulation_id == simulation_id
        )
        return int((await tx.execute(query)).scalar_one())

    async def list_history(
        self, tx: Transaction, simulation_id: str, wanted: HistoryFilter, *, after: int, limit: int
    ) -> list[HistoryEntry]:
        """Items after a sequence number, in the order in which they were recorded."""
        same = [history.c[name] == stimuli.c[name] for name in ("tenant", "simulation_id", "step_id", "arm")]
        shown = and_(history.c.kind == HistoryKind.STIMULUS.value, *same)
        query = (
            select(history, stimuli.c.document.label("shown"))
            .select_from(history.outerjoin(stimuli, shown))
            .where(
                history.c.tenant == tx.tenant,
                history.c.simulation_id == simulation_id,
                history.c.sequence > after,
                *_conditions(wanted),
            )
            .order_by(history.c.sequence)
            .limit(limit)
        )
        return [_entry(row) for row in await tx.execute(query)]


def _entry(row: Row[tuple[Any, ...]]) -> HistoryEntry:
    kind = HistoryKind(row.kind)
    return HistoryEntry(
        id=f"{row.turn_id}-{row.place}",
        sequence=row.sequence,
        agent_id=row.agent_id,
        name=row.name,
        arm=row.arm,
        round=row.round,
        step_id=row.step_id,
        kind=kind,
        content=row.shown["content"] if kind is HistoryKind.STIMULUS else row.content,
        channel=row.channel,
        at=row.at,
        cluster_id=row.cluster_id,
    )


def _conditions(wanted: HistoryFilter) -> list[ColumnElement[bool]]:
    names = ("agent_id", "kind", "step_id", "round")
    given = {name: getattr(wanted, name) for name in names}
    conditions: list[ColumnElement[bool]] = [
        history.c[name] == value for name, value in given.items() if value is not None
    ]
    if wanted.since is not None:
        conditions.append(history.c.at >= wanted.since)
    if wanted.until is not None:
        conditions.append(history.c.at < wanted.until)
    return conditions


def _of_timeline(tx: Transaction, simulation_id: str, timeline_id: str) -> ColumnElement[bool]:
    return and_(
        episodes.c.tenant == tx.tenant,
        episodes.c.simulation_id == simulation_id,
        episodes.c.timeline_id == timeline_id,
    )


def _turn_row(tx: Transaction, command: DeliverStimulus, turn: FinishedTurn) -> JsonObject:
    return {
        "tenant": tx.tenant,
        "turn_id": turn.turn_id,
        "simulation_id": command.simulation_id,
        "delivery_id": command.delivery_id,
        "agent_id": turn.agent.agent_id,
        "status": turn.status,
        "failure": turn.failure,
        **turn.usage.model_dump(),
        "responded_at": turn.at,
    }


def _history_rows(tx: Transaction, command: DeliverStimulus, turn: FinishedTurn) -> list[JsonObject]:
    shared = {
        "tenant": tx.tenant,
        "simulation_id": command.simulation_id,
        "turn_id": turn.turn_id,
        "agent_id": turn.agent.agent_id,
        "name": turn.agent.name,
        "cluster_id": turn.agent.agent_id,  # agents do not talk with each other yet: each is a cluster of one
        "arm": command.arm,
        "round": command.round,
        "step_id": command.step_id,
        "at": turn.at,
    }
    return [
        {**shared, "place": place, "kind": item.kind.value, "content": item.content, "channel": item.channel}
        for place, item in enumerate(items_of(turn, command.stimulus))
    ]
