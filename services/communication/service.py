"""Use cases of the communication service: project, broadcast, deliver, remember.

A delivery is done again after a crash: turns that were recorded are neither run nor announced a second time.
"""

from collections.abc import Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import NamedTuple

from libs.bus import NotReadyError
from libs.contracts import ids
from libs.contracts.catalogue import resolve
from libs.contracts.communication import DeliverStimulus
from libs.contracts.dialogue import BroadcastSpec
from libs.contracts.envelope import Message
from libs.contracts.errors import ConflictError, InvalidError, NotAvailableError, NotFoundError
from libs.contracts.orchestrator import SimulationCreated, SimulationState, SimulationStateChanged
from libs.contracts.people import Agent
from libs.contracts.population import AgentsGenerated, PopulationReady
from libs.contracts.protocol import Audience, Step, Stimulus
from libs.contracts.turns import TurnReply
from libs.db import Database, Transaction
from libs.minds.memory import remember
from libs.models import ModelsError, in_groups
from services.communication.adapters import Encounter, Engines
from services.communication.domain.history import HistoryEntry
from services.communication.domain.turns import FinishedTurn, finish
from services.communication.events import Events
from services.communication.store import HistoryFilter, Population, Simulation, Store

OPEN_STATES = (SimulationState.READY, SimulationState.RUNNING)
EARLY_STATES = (None, SimulationState.DRAFT, SimulationState.PROVISIONING)
STOPPED_STATES = (SimulationState.CANCELLED, SimulationState.FAILED)
GROUP_SIZE = 64
GROUP_WAIT_S = 0.1


class AcceptedBroadcast(NamedTuple):
    """A broadcast that was passed on to the orchestrator."""

    broadcast_id: str
    simulation_id: str
    recipients: int


class Communication:
    """Everything that is said to agents and by them."""

    def __init__(self, database: Database, store: Store, events: Events, engines: Engines) -> None:
        self._database = database
        self._store = store
        self._events = events
        self._engines = engines

    async def start(self) -> None:
        """Get the engines ready."""
        await self._engines.start()

    async def stop(self) -> None:
        """Let them go."""
        await self._engines.stop()

    async def agents_generated(self, tx: Transaction, events: Sequence[AgentsGenerated]) -> None:
        """Project agents."""
        await self._store.add_agents(tx, events)

    async def population_ready(self, tx: Transaction, event: PopulationReady) -> None:
        """Project a population."""
        await self._store.save_population(tx, event)

    async def simulation_created(self, tx: Transaction, event: SimulationCreated) -> None:
        """Project a simulation."""
        await self._store.save_simulation(tx, event)

    async def simulation_state_changed(self, tx: Transaction, event: SimulationStateChanged) -> None:
        """Project its state."""
        await self._store.save_state(tx, event)

    async def knows_target(self, tx: Transaction, simulation_id: str) -> bool:
        """False while news on its way here may still make this simulation take broadcasts."""
        simulation = await self._store.get_simulation(tx, simulation_id)
        if simulation is None:
            return False
        if simulation.intervention_id is not None or simulation.state not in (*EARLY_STATES, *OPEN_STATES):
            return True
        return simulation.state in OPEN_STATES and await self._find_complete(tx, simulation) is not None

    async def knows_simulation(self, tx: Transaction, simulation_id: str) -> bool:
        """True once the simulation is known here."""
        return await self._store.get_simulation(tx, simulation_id) is not None

    async def broadcast(self, tx: Transaction, spec: BroadcastSpec) -> AcceptedBroadcast:
        """Have a stimulus delivered to all or some segments of an interactive simulation."""
        if spec.broadcast_if_no_target:
            raise NotAvailableError("broadcast_if_no_target = true (agents that hear each other)")
        simulation = await self._store.get_simulation(tx, spec.simulation_id, lock=True)
        if simulation is None:
            raise NotFoundError("simulation", spec.simulation_id)
        population = await self._population_of(tx, simulation)
        _check_segments(spec, population)
        instruments = resolve(spec.metrics, "metrics")
        recipients = await self._store.list_recipients(tx, simulation.population_id, spec.target_segments)
        broadcast_id = ids.new_id("brd")
        round_number = await self._store.count_broadcasts(tx, spec.simulation_id) + 1
        stimulus = Stimulus(content=spec.content, channel=spec.channel, timing=spec.timing)
        step = Step(
            kind="deliver",
            step_id=broadcast_id,
            round=round_number,
            stimuli={ids.ONLY_ARM: stimulus},
            instruments=instruments,
            audience_id=broadcast_id,
        )
        audience = Audience(audience_id=broadcast_id, groups={ids.ONLY_ARM: tuple(recipients)})
        await self._store.add_broadcast(
            tx, broadcast_id, spec, round_number=round_number, recipients=len(recipients), at=datetime.now(UTC)
        )
        await self._events.run_protocol(tx, spec.simulation_id, broadcast_id, (step,), (audience,))
        return AcceptedBroadcast(broadcast_id, spec.simulation_id, len(recipients))

    async def history(
        self, tx: Transaction, simulation_id: str, wanted: HistoryFilter, *, after: int, limit: int
    ) -> list[HistoryEntry]:
        """Items of a simulation's history after a sequence number. Raises `NotFoundError`."""
        if not await self.knows_simulation(tx, simulation_id):
            raise NotFoundError("simulation", simulation_id)
        return await self._store.list_history(tx, simulation_id, wanted, after=after, limit=limit)

    async def deliver(self, message: Message[DeliverStimulus]) -> None:
        """Run the turns of a delivery that are not recorded yet, then announce that it is complete.

        Raises `NotReadyError` while agents are missing, `ModelsError` when turns remain open; finished turns stay.
        """
        command = message.data
        turn_ids = _turn_ids(command)
        async with self._database.read(tenant=message.envelope.tenant) as tx:
            if await self._store.get_state(tx, command.simulation_id) in STOPPED_STATES:
                return
            encounters = await self._encounters(tx, command, turn_ids)
        if encounters:
            await self._run(message, encounters)
        async with self._database.write(message.envelope) as tx:
            totals = await self._store.total(tx, turn_ids)
            if totals.answered + totals.failed < len(turn_ids):
                raise ModelsError("the models service left turns without a reply")
            await self._events.delivery_completed(tx, command, totals)

    async def _population_of(self, tx: Transaction, simulation: Simulation) -> Population:
        """The population of a simulation that takes broadcasts. Raises `ConflictError` for any other."""
        identity = simulation.simulation_id
        if simulation.intervention_id is not None:
            raise ConflictError(
                f"Simulation {identity!r} runs intervention {simulation.intervention_id!r}; broadcasts are for "
                "interactive simulations (POST /simulations/create)."
            )
        if simulation.state not in OPEN_STATES:
            state = simulation.state or SimulationState.DRAFT
            raise ConflictError(f"Simulation {identity!r} is {state}; broadcasts need one that is ready or running.")
        population = await self._find_complete(tx, simulation)
        if population is None:
            raise ConflictError(f"The agents of simulation {identity!r} are still arriving; try again in a moment.")
        return population

    async def _find_complete(self, tx: Transaction, simulation: Simulation) -> Population | None:
        """The simulation's population once all of its agents have arrived."""
        population = await self._store.get_population(tx, simulation.population_id)
        return population if population is not None and population.known >= population.size else None

    async def _encounters(self, tx: Transaction, command: DeliverStimulus, turn_ids: dict[str, str]) -> list[Encounter]:
        """The turns that are not recorded yet."""
        known = await self._store.find_agents(tx, command.population_id, list(turn_ids.values()))
        missing = [agent_id for agent_id in turn_ids.values() if agent_id not in known]
        if missing:
            raise NotReadyError(
                f"{len(missing)} agents of population {command.population_id} have not arrived, {missing[0]} for one"
            )
        recorded = await self._store.find_recorded(tx, turn_ids)
        pending = {turn: known[agent_id] for turn, agent_id in turn_ids.items() if turn not in recorded}
        agent_ids = [agent.agent_id for agent in pending.values()]
        memories = await self._store.find_episodes(tx, command.simulation_id, command.timeline_id, agent_ids)
        return [Encounter(turn, agent, remember(memories.get(agent.agent_id, []))) for turn, agent in pending.items()]

    async def _run(self, message: Message[DeliverStimulus], encounters: Sequence[Encounter]) -> None:
        agents = {encounter.turn_id: encounter.agent for encounter in encounters}
        replies = self._engines.turns(message.data, encounters)
        groups = in_groups(replies, most=GROUP_SIZE, within_s=GROUP_WAIT_S)
        async with aclosing(groups):
            async for group in groups:
                await self._record(message, agents, group)

    async def _record(
        self, message: Message[DeliverStimulus], agents: dict[str, Agent], replies: Sequence[TurnReply]
    ) -> None:
        command, now = message.data, datetime.now(UTC)
        finished: dict[str, FinishedTurn] = {}
        for reply in replies:
            if reply.turn_id in agents:
                finished.setdefault(reply.turn_id, finish(reply, agents[reply.turn_id], command.instruments, now))
        async with self._database.write(message.envelope) as tx:
            new = await self._store.record(tx, command, list(finished.values()))
            await self._events.responses_recorded(tx, command, new)


def _turn_ids(command: DeliverStimulus) -> dict[str, str]:
    """Agent id by turn id."""
    place = (command.simulation_id, command.timeline_id, command.step_id, command.round)
    return {str(ids.turn_id(*place, agent_id)): agent_id for agent_id in command.agent_ids}


def _check_segments(spec: BroadcastSpec, population: Population) -> None:
    for place, segment in enumerate(spec.target_segments):
        if segment not in population.segments:
            raise InvalidError(
                f"target_segments.{place}", f"the population has no segment {segment!r}", population.segments
            )
