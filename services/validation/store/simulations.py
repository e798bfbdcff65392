"""What has been heard of simulations and their people.

Events of one simulation may arrive in any order, so each of them makes the simulation's row if it is not there yet.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select, update

from libs.contracts.chosen import Asking, chosen_by
from libs.contracts.communication import Response, ResponsesRecorded
from libs.contracts.instruments import Instrument
from libs.contracts.intervention import ArmsAssigned
from libs.contracts.orchestrator import SimulationState, StepStarted
from libs.contracts.people import Agent
from libs.contracts.protocol import Plan, Usage
from libs.contracts.timelines import MAIN, Timeline
from libs.db import Transaction, along, among, insert_new, upsert
from services.validation.domain.records import Said, Simulation, Turn, text_digest
from services.validation.tables import agents, assignments, simulations, steps, turns

IDS_IN_QUERY = 1_000
TERMINAL = [state.value for state in SimulationState if state.is_terminal]


class Simulations:
    """What other services announced."""

    async def simulation(self, tx: Transaction, simulation_id: str) -> Simulation | None:
        query = select(simulations).where(*_of(tx, simulations, simulation_id))
        row = (await tx.execute(query)).one_or_none()
        if row is None:
            return None
        started = await self._steps(tx, simulation_id)
        return Simulation(
            simulation_id=row.simulation_id,
            name=row.name,
            model=row.model,
            state=SimulationState(row.state) if row.state else None,
            plan=Plan.model_validate(row.plan) if row.plan else None,
            plan_hash=row.plan_hash,
            population_id=row.population_id,
            asked=_asked(started),
            chosen=chosen_by(map(_asking, started)),
        )

    async def _steps(self, tx: Transaction, simulation_id: str) -> Sequence[Row[Any]]:
        """Those of the present timeline, in order."""
        there = along(await self._timeline(tx, simulation_id), steps.c.timeline_id, steps.c.step_place)
        mine = *_of(tx, steps, simulation_id), steps.c.timeline_id.is_(None) | there
        query = select(steps).where(*mine).order_by(steps.c.step_place)
        return (await tx.execute(query)).all()

    async def people(self, tx: Transaction, population_id: str, agent_ids: Sequence[str]) -> dict[str, Agent]:
        """Who these agents are, as far as it has been heard."""
        found = {}
        for start in range(0, len(agent_ids), IDS_IN_QUERY):
            query = select(agents.c.document).where(
                agents.c.tenant == tx.tenant,
                agents.c.population_id == population_id,
                among(agents.c.agent_id, agent_ids[start : start + IDS_IN_QUERY]),
            )
            known = [Agent.model_validate(row.document) for row in await tx.execute(query)]
            found.update({agent.agent_id: agent for agent in known})
        return found

    async def assigned(self, tx: Transaction, simulation_id: str) -> set[tuple[str, str]]:
        """Every assigned agent with each of its arms."""
        query = select(assignments).where(*_of(tx, assignments, simulation_id))
        return {(row.agent_id, row.arm) for row in await tx.execute(query)}

    async def turns(self, tx: Transaction, simulation_id: str) -> list[Turn]:
        """Finished turns of the present timeline by agent."""
        there = along(await self._timeline(tx, simulation_id), turns.c.timeline_id, turns.c.step_place)
        query = select(turns).where(*_of(tx, turns, simulation_id), there).order_by(turns.c.agent_id, turns.c.turn_id)
        return [
            Turn(
                agent_id=row.agent_id,
                arm=row.arm,
                timeline_id=row.timeline_id,
                step_id=row.step_id,
                round=row.round,
                is_answered=row.status == "answered",
                failure=row.failure,
                text_digest=row.text_digest,
                answers=row.answers,
                usage=Usage.model_validate(row.usage),
                responded_at=row.responded_at,
                segment=row.segment,
                cluster_id=row.cluster_id,
                said=Said.model_validate(row.said or {}),
            )
            for row in await tx.execute(query)
        ]

    async def put(self, tx: Transaction, simulation_id: str, **known: object) -> None:
        """Note what is known of the simulation; what was known of it before stays."""
        await upsert(tx, simulations, [{"tenant": tx.tenant, "simulation_id": simulation_id, **known}])

    async def put_state(self, tx: Transaction, simulation_id: str, state: SimulationState, at: datetime) -> None:
        """Unless a newer state, or one that nothing leaves, is known already."""
        await self.put(tx, simulation_id)
        is_older = simulations.c.changed_at.is_(None) | (simulations.c.changed_at <= at)
        is_open = simulations.c.state.is_(None) | simulations.c.state.not_in(TERMINAL)
        await tx.execute(
            update(simulations)
            .where(*_of(tx, simulations, simulation_id), is_older, is_open)
            .values(state=state.value, changed_at=at)
        )

    async def put_timeline(self, tx: Transaction, simulation_id: str, timeline: Timeline) -> None:
        """Note the present timeline, unless a later one is known."""
        await self.put(tx, simulation_id)
        known = await self._timeline(tx, simulation_id, lock=True)
        if timeline.number > known.number:
            await self.put(tx, simulation_id, timeline=timeline.model_dump(mode="json"))

    async def _timeline(self, tx: Transaction, simulation_id: str, *, lock: bool = False) -> Timeline:
        query = select(simulations.c.timeline).where(*_of(tx, simulations, simulation_id))
        document = (await tx.execute(query.with_for_update() if lock else query)).scalar_one_or_none()
        return Timeline.model_validate(document) if document else MAIN

    async def assign(self, tx: Transaction, part: ArmsAssigned) -> None:
        await self.put(tx, part.simulation_id)
        rows = [
            {
                "tenant": tx.tenant,
                "simulation_id": part.simulation_id,
                "agent_id": assignment.agent_id,
                "arm": assignment.arm,
            }
            for assignment in part.assignments
        ]
        await insert_new(tx, assignments, rows)

    async def add_step(self, tx: Transaction, started: StepStarted) -> None:
        """What a step asks."""
        instruments = [instrument.model_dump(mode="json") for instrument in started.step.instruments]
        row = {
            "tenant": tx.tenant,
            "simulation_id": started.simulation_id,
            "step_id": started.step.step_id,
            "step_place": started.place or 0,
            "instruments": instruments,
            "timeline_id": (started.timeline or MAIN).timeline_id,
            "arms": list(started.planned),
            "is_conditional": started.step.condition is not None,
        }
        await self.put(tx, started.simulation_id)
        await insert_new(tx, steps, [row])

    async def add_agents(self, tx: Transaction, population_id: str, people: Iterable[Agent]) -> None:
        """Who agents are, unless a later version of them is known."""
        given = {agent.agent_id: agent for agent in people}
        key = agents.c.tenant == tx.tenant, agents.c.population_id == population_id
        query = select(agents.c.agent_id, agents.c.version).where(*key, among(agents.c.agent_id, list(given)))
        known = {row.agent_id: row.version for row in await tx.execute(query.with_for_update())}
        rows = [
            {
                "tenant": tx.tenant,
                "population_id": population_id,
                "agent_id": agent.agent_id,
                "version": agent.version or 0,
                "document": agent.document(),
            }
            for agent in given.values()
            if (agent.version or 0) > known.get(agent.agent_id, -1)
        ]
        await upsert(tx, agents, rows)

    async def add_turns(self, tx: Transaction, recorded: Iterable[ResponsesRecorded]) -> None:
        messages = list(recorded)
        for simulation_id in sorted({message.simulation_id for message in messages}):
            await self.put(tx, simulation_id)
        rows = [_turn(tx, message, response) for message in messages for response in message.responses]
        await insert_new(tx, turns, rows)


def _turn(tx: Transaction, message: ResponsesRecorded, response: Response) -> dict[str, object]:
    document = response.model_dump(mode="json", include={"answers", "usage"})
    return {
        "tenant": tx.tenant,
        "simulation_id": message.simulation_id,
        "turn_id": response.turn_id,
        "agent_id": response.agent_id,
        "arm": message.arm,
        "timeline_id": message.timeline_id,
        "step_id": message.step_id,
        "round": message.round,
        "status": response.status,
        "failure": response.failure,
        "text_digest": text_digest(response.response),
        "answers": document["answers"],
        "usage": document["usage"],
        "responded_at": response.responded_at,
        "step_place": message.place or 0,
        "segment": response.segment,
        "cluster_id": response.cluster_id,
        "said": Said.of(response).model_dump(mode="json"),
    }


def _asked(started: Sequence[Row[Any]]) -> tuple[Instrument, ...]:
    """What the steps asked, each metric as it was asked last."""
    found = [Instrument.model_validate(one) for row in started for one in row.instruments]
    return tuple({instrument.name: instrument for instrument in found}.values())


def _asking(row: Row[Any]) -> Asking:
    metrics = tuple(instrument["name"] for instrument in row.instruments)
    return Asking(row.step_id, tuple(row.arms or ()), metrics, bool(row.is_conditional))


def _of(tx: Transaction, table: Any, simulation_id: str) -> tuple[Any, Any]:
    return table.c.tenant == tx.tenant, table.c.simulation_id == simulation_id
