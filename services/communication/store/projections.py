"""What other services announced, as far as communication needs it. Every query filters by the transaction's tenant."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, func, select, update

from libs.contracts.orchestrator import SimulationCreated, SimulationState, SimulationStateChanged, TimelineForked
from libs.contracts.people import Agent
from libs.contracts.population import AgentsGenerated, PersonasChanged, PopulationReady
from libs.contracts.timelines import MAIN, Timeline
from libs.db import Transaction, among, insert_new, texts, upsert
from services.communication.tables import agents, populations, simulations, timelines

IDS_IN_QUERY = 1_000
# What every delivery asks is made once.
_AGENTS = select(agents.c.document).where(
    agents.c.tenant == bindparam("of_tenant"),
    agents.c.population_id == bindparam("population"),
    among(agents.c.agent_id, texts("ids")),
)
_STATE = select(simulations.c.state, simulations.c.pauses).where(
    simulations.c.tenant == bindparam("of_tenant"), simulations.c.simulation_id == bindparam("simulation")
)
_TIMELINES = (
    select(timelines)
    .where(timelines.c.tenant == bindparam("of_tenant"), timelines.c.simulation_id == bindparam("simulation"))
    .order_by(timelines.c.number)
)


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulation as the orchestrator announced it; its state is None while only its creation is known.

    `is_ending`: it ends when the step that runs has ended.
    """

    simulation_id: str
    population_id: str
    intervention_id: str | None
    state: SimulationState | None
    seed: int
    engine: str | None
    model: str | None
    is_ending: bool


@dataclass(frozen=True, slots=True)
class Population:
    """A population that is complete at its owner; `known` agents of it have arrived here."""

    size: int
    segments: tuple[str, ...]
    known: int


class Projections:
    """What other services announced."""

    async def add_agents(self, tx: Transaction, events: Sequence[AgentsGenerated]) -> None:
        """Project agents; those that are there already stay as they are."""
        rows = [
            {
                "tenant": tx.tenant,
                "population_id": event.population_id,
                "agent_id": agent.agent_id,
                "position": agent.index,
                "segment": agent.segment,
                "document": agent.document(),
            }
            for event in events
            for agent in event.agents
        ]
        await insert_new(tx, agents, rows)

    async def change_agents(self, tx: Transaction, event: PersonasChanged) -> list[str]:
        """Project changed agents, unless a later version is there; the ids of those that have not arrived."""
        given = {agent.agent_id: agent for agent in event.agents}
        of_population = (agents.c.tenant == tx.tenant, agents.c.population_id == event.population_id)
        query = (
            select(agents.c.agent_id, agents.c.document["version"].as_integer().label("version"))
            .where(*of_population, among(agents.c.agent_id, list(given)))
            .with_for_update()
        )
        known = {row.agent_id: row.version or 0 for row in await tx.execute(query)}
        for agent_id, version in known.items():
            if version < event.version:
                statement = update(agents).where(*of_population, agents.c.agent_id == agent_id)
                await tx.execute(statement.values(document=given[agent_id].model_dump(mode="json")))
        return [agent_id for agent_id in given if agent_id not in known]

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
            "seed": event.seed,
            "engine": event.engine,
            "model": event.model,
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
            .values(
                state=event.state.value,
                state_changed_at=event.changed_at,
                is_ending=event.is_ending or False,
                pauses=event.pauses or 0,
            )
        )
        await tx.execute(statement)

    async def save_timeline(self, tx: Transaction, event: TimelineForked) -> None:
        """Project a timeline."""
        row = {
            "tenant": tx.tenant,
            "simulation_id": event.simulation_id,
            **event.timeline.model_dump(mode="json"),
        }
        await upsert(tx, timelines, [row])

    async def list_timelines(self, tx: Transaction, simulation_id: str) -> list[Timeline]:
        """The timelines of a simulation in the order in which they began; the last one is the present one."""
        rows = await tx.execute(_TIMELINES, {"of_tenant": tx.tenant, "simulation": simulation_id})
        found = [Timeline.model_validate(row) for row in rows.mappings()]
        return [MAIN, *found]

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
        return Simulation(
            simulation_id,
            row.population_id,
            row.intervention_id,
            state,
            row.seed or 0,
            row.engine,
            row.model,
            row.is_ending or False,
        )

    async def get_state(self, tx: Transaction, simulation_id: str) -> tuple[SimulationState | None, int]:
        """The last known state and number of pauses, also of a simulation whose creation has not arrived."""
        row = (await tx.execute(_STATE, {"of_tenant": tx.tenant, "simulation": simulation_id})).one_or_none()
        if row is None or row.state is None:
            return None, 0
        return SimulationState(row.state), row.pauses or 0

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
        these = {"of_tenant": tx.tenant, "population": population_id, "ids": agent_ids}
        found = [Agent.model_validate(document) for document in (await tx.execute(_AGENTS, these)).scalars()]
        return {agent.agent_id: agent for agent in found}

    async def known_agents(self, tx: Transaction, population_id: str, agent_ids: Sequence[str]) -> set[str]:
        """Those of the ids that are agents of the population."""
        found: set[str] = set()
        for start in range(0, len(agent_ids), IDS_IN_QUERY):
            some = agent_ids[start : start + IDS_IN_QUERY]
            query = select(agents.c.agent_id).where(
                agents.c.tenant == tx.tenant, agents.c.population_id == population_id, among(agents.c.agent_id, some)
            )
            found |= set((await tx.execute(query)).scalars())
        return found

    async def list_recipients(self, tx: Transaction, population_id: str, segments: Sequence[str]) -> list[str]:
        """Ids of the agents of these segments, or of everybody, in the order of the population."""
        query = select(agents.c.agent_id).where(agents.c.tenant == tx.tenant, agents.c.population_id == population_id)
        if segments:
            query = query.where(agents.c.segment.in_(segments))
        return list((await tx.execute(query.order_by(agents.c.position))).scalars())
