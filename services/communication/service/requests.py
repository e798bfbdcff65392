"""What people ask for in an interactive simulation: checked, compiled into steps, and handed to the orchestrator.

The simulation is locked meanwhile, so requests have an order: the how-manieth one it is names its steps.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from libs.contracts import ids
from libs.contracts.dialogue import (
    BroadcastSpec,
    ConversationSpec,
    MessageSpec,
    RelationsSpec,
    SequenceSpec,
)
from libs.contracts.errors import ConflictError, NotFoundError
from libs.contracts.instruments import Instrument
from libs.contracts.orchestrator import SimulationState
from libs.contracts.timelines import MAIN
from libs.db import Transaction
from libs.minds.relationships import pair
from libs.minds.tools import Tools
from libs.models import Models, check_mind
from services.communication.adapters import Engines
from services.communication.domain import admission, protocols
from services.communication.domain.protocols import Protocol, Slot
from services.communication.events import Events
from services.communication.store import Population, Request, Simulation, Store

OPEN_STATES = (SimulationState.READY, SimulationState.RUNNING, SimulationState.PAUSED)
EARLY_STATES = (None, SimulationState.DRAFT, SimulationState.PROVISIONING)

Kind = Literal["broadcast", "message", "conversation", "sequence"]
PREFIXES: dict[Kind, str] = {"broadcast": "brd", "message": "msg", "conversation": "cnv", "sequence": "seq"}
Spec = BroadcastSpec | MessageSpec | ConversationSpec | SequenceSpec
SPECS: dict[str, type[Spec]] = {
    "broadcast": BroadcastSpec,
    "message": MessageSpec,
    "conversation": ConversationSpec,
    "sequence": SequenceSpec,
}


class Accepted(NamedTuple):
    """A request that was passed on to the orchestrator."""

    protocol_id: str
    simulation_id: str
    recipients: int
    step_ids: tuple[str, ...]
    groups: dict[str, tuple[str, ...]]
    first_round: int


class _Place(NamedTuple):
    """The simulation of a request, its people, and the slot of the request."""

    simulation: Simulation
    population: Population
    slot: Slot


class Requests:
    """Use cases that ask agents something. Each raises `NotFoundError`, `ConflictError` or `InvalidError`."""

    def __init__(self, store: Store, events: Events, engines: Engines, tools: Tools, models: Models) -> None:
        self._store = store
        self._models = models
        self._events = events
        self._engines = engines
        self._tools = tools

    async def is_open(self, tx: Transaction, simulation_id: str) -> bool:
        """False while news on its way here may still make this simulation take requests."""
        simulation = await self._store.projections.get_simulation(tx, simulation_id)
        if simulation is None:
            return False
        if simulation.intervention_id is not None or simulation.state not in (*EARLY_STATES, *OPEN_STATES):
            return True
        return simulation.state in OPEN_STATES and await self._find_complete(tx, simulation) is not None

    async def model_of(self, tx: Transaction, simulation_id: str) -> str | None:
        """What the agents of a simulation think with; None for one that is not known."""
        simulation = await self._store.projections.get_simulation(tx, simulation_id)
        return None if simulation is None else simulation.model

    async def check(self, spec: Spec, model: str) -> None:
        """Raise `InvalidError` for a model that cannot answer it; in no transaction, because others are asked."""
        asked = [one for instruments in admission.instruments_of(spec).values() for one in instruments]
        await check_mind(self._models, model, asked, admission.conditions_of(spec))

    async def broadcast(self, tx: Transaction, spec: BroadcastSpec) -> Accepted:
        """Say something to all, to some segments or to some agents."""
        place = await self._place(tx, spec.simulation_id)
        instruments = (await self._instruments(tx, place, spec))[""]
        recipients = await self._recipients(tx, place, spec.target_segments, spec.agent_ids)
        admission.check_earshot(spec, len(recipients))
        protocol = protocols.broadcast(place.slot, spec, instruments, recipients)
        return await self._accept(tx, "broadcast", place, spec, protocol)

    async def message(self, tx: Transaction, spec: MessageSpec) -> Accepted:
        """Say something to one agent."""
        place = await self._place(tx, spec.simulation_id)
        instruments = (await self._instruments(tx, place, spec))[""]
        addressed = {"to_agent_id": spec.to_agent_id, "from_agent_id": spec.from_agent_id}
        people = await self._store.projections.find_agents(
            tx, place.simulation.population_id, [agent_id for agent_id in addressed.values() if agent_id]
        )
        admission.check_agents({field: agent_id for field, agent_id in addressed.items() if agent_id}, people)
        sender = None if spec.from_agent_id is None else people[spec.from_agent_id].name
        protocol = protocols.message(place.slot, spec, instruments, sender)
        return await self._accept(tx, "message", place, spec, protocol)

    async def conversation(self, tx: Transaction, spec: ConversationSpec) -> Accepted:
        """Let groups talk, or an agent interview others."""
        place = await self._place(tx, spec.simulation_id)
        instruments = (await self._instruments(tx, place, spec))[""]
        await self._check_agents(tx, place, admission.named_agents(spec))
        candidates = spec.agent_ids or await self._recipients(tx, place, spec.target_segments, ())
        seed = place.simulation.seed if spec.seed is None else spec.seed
        groups = protocols.grouped(place.slot, spec, candidates, seed)
        admission.check_groups(spec, groups)
        protocol = protocols.conversation(place.slot, spec, instruments, groups)
        return await self._accept(tx, "conversation", place, spec, protocol)

    async def sequence(self, tx: Transaction, spec: SequenceSpec) -> Accepted:
        """Have touchpoints follow each other on the simulated clock."""
        place = await self._place(tx, spec.simulation_id)
        recipients = await self._recipients(tx, place, spec.target_segments, spec.agent_ids)
        instruments = await self._instruments(tx, place, spec)
        protocol = protocols.sequence(place.slot, spec, instruments, recipients)
        return await self._accept(tx, "sequence", place, spec, protocol)

    async def relate(self, tx: Transaction, simulation_id: str, spec: RelationsSpec) -> int:
        """Add relations between agents, on every timeline; gives how many were named."""
        place = await self._place(tx, simulation_id)
        named = {
            f"relations.{number}.agent_ids.{end}": agent_id
            for number, relation in enumerate(spec.relations)
            for end, agent_id in enumerate(relation.agent_ids)
        }
        await self._check_agents(tx, place, named)
        kinds = {pair(*relation.agent_ids): relation.kind for relation in spec.relations}
        await self._store.dialogue.relate(tx, simulation_id, MAIN.timeline_id, kinds, moment=0)
        return len(kinds)

    async def _place(self, tx: Transaction, simulation_id: str) -> _Place:
        """Lock the simulation. Raises unless it takes requests."""
        simulation = await self._store.projections.get_simulation(tx, simulation_id, lock=True)
        if simulation is None:
            raise NotFoundError("simulation", simulation_id)
        if simulation.intervention_id is not None:
            raise ConflictError(
                f"Simulation {simulation_id!r} runs intervention {simulation.intervention_id!r}; communication is for "
                "interactive simulations (POST /simulations/create)."
            )
        if simulation.state not in OPEN_STATES or simulation.is_ending:
            state = "ending" if simulation.is_ending else simulation.state or SimulationState.DRAFT
            raise ConflictError(
                f"Simulation {simulation_id!r} is {state}; communication needs one that is ready, running or paused."
            )
        if (problem := await self._engines.problem(simulation.engine)) is not None:
            raise ConflictError(f"The engine of simulation {simulation_id!r} cannot run here: {problem}")
        population = await self._find_complete(tx, simulation)
        if population is None:
            raise ConflictError(f"The people of simulation {simulation_id!r} have not all arrived yet; try again.")
        number, rounds = await self._store.dialogue.count_requests(tx, simulation_id)
        return _Place(simulation, population, Slot(number + 1, rounds + 1))

    async def _find_complete(self, tx: Transaction, simulation: Simulation) -> Population | None:
        """The simulation's population once all of its agents have arrived."""
        population = await self._store.projections.get_population(tx, simulation.population_id)
        return population if population is not None and population.known >= population.size else None

    async def _instruments(self, tx: Transaction, place: _Place, spec: Spec) -> dict[str, tuple[Instrument, ...]]:
        """What a request asks, by touchpoint, if it fits what was asked before it."""
        instruments = admission.instruments_of(spec)
        if any(instruments.values()) or admission.conditions_of(spec):
            before: dict[str, Instrument] = {}
            simulation_id = place.simulation.simulation_id
            timeline = (await self._store.projections.list_timelines(tx, simulation_id))[-1]
            for kind, earlier in await self._store.dialogue.asked(tx, simulation_id, timeline):
                asked = admission.instruments_of(SPECS[kind].model_validate(earlier))
                before |= {one.name: one for each in asked.values() for one in each}
            admission.check_asked(spec, instruments, before)
        return instruments

    async def _recipients(
        self, tx: Transaction, place: _Place, segments: Sequence[str], agent_ids: Sequence[str]
    ) -> list[str]:
        if agent_ids:
            await self._check_agents(
                tx, place, {f"agent_ids.{number}": agent_id for number, agent_id in enumerate(agent_ids)}
            )
            return list(agent_ids)
        admission.check_segments(segments, place.population.segments)
        return await self._store.projections.list_recipients(tx, place.simulation.population_id, segments)

    async def _check_agents(self, tx: Transaction, place: _Place, named: Mapping[str, str]) -> None:
        """Refuse agents whom the population does not have; `named` by field."""
        agent_ids = list(dict.fromkeys(named.values()))
        known = await self._store.projections.known_agents(tx, place.simulation.population_id, agent_ids)
        admission.check_agents(named, known)

    async def _accept(self, tx: Transaction, kind: Kind, place: _Place, spec: Spec, protocol: Protocol) -> Accepted:
        admission.check_tools(spec, self._tools)
        simulation_id, slot = place.simulation.simulation_id, place.slot
        protocol_id = ids.new_id(PREFIXES[kind])
        request = Request(protocol_id, kind, slot.first_round, protocol.rounds, protocol.recipients, datetime.now(UTC))
        await self._store.dialogue.add_request(tx, simulation_id, request, spec.model_dump(mode="json"))
        await self._store.dialogue.add_members(tx, simulation_id, protocol.members)
        await self._events.run_protocol(
            tx, simulation_id, protocol_id, protocol.steps, protocol.audiences, ends=spec.ends
        )
        step_ids = tuple(step.step_id for step in protocol.steps)
        return Accepted(protocol_id, simulation_id, protocol.recipients, step_ids, protocol.members, slot.first_round)
