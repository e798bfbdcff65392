"""What people ask for in an interactive simulation: checked, compiled into steps, and handed to the orchestrator.

The simulation is locked meanwhile, so requests have an order: the how-manieth one it is names its steps.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from libs.contracts import ids
from libs.contracts.catalogue import resolve
from libs.contracts.dialogue import (
    LARGEST_GROUP,
    BroadcastSpec,
    ConversationSpec,
    MessageSpec,
    RelationsSpec,
    SequenceSpec,
)
from libs.contracts.errors import ConflictError, InvalidError, NotFoundError
from libs.contracts.instruments import Instrument
from libs.contracts.orchestrator import SimulationState
from libs.contracts.timelines import MAIN
from libs.db import Transaction
from libs.minds.conditions import misfit
from libs.minds.relationships import pair
from libs.minds.tools import Tools
from libs.models import Models, check_mind
from services.communication.adapters import Engines
from services.communication.domain import protocols
from services.communication.domain.protocols import Protocol, Slot
from services.communication.events import Events
from services.communication.store import Population, Request, Simulation, Store

OPEN_STATES = (SimulationState.READY, SimulationState.RUNNING, SimulationState.PAUSED)
EARLY_STATES = (None, SimulationState.DRAFT, SimulationState.PROVISIONING)
MOST_IN_EARSHOT = 200
"""Agents who may all hear each other: what is heard grows with their square."""

Kind = Literal["broadcast", "message", "conversation", "sequence"]
PREFIXES: dict[Kind, str] = {"broadcast": "brd", "message": "msg", "conversation": "cnv", "sequence": "seq"}
Spec = BroadcastSpec | MessageSpec | ConversationSpec | SequenceSpec


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
        asked = [one for instruments in _instruments(spec).values() for one in instruments]
        conditions = [one.condition for one in spec.touchpoints] if isinstance(spec, SequenceSpec) else []
        compiled = [one.compiled(None) for one in conditions if one is not None]
        await check_mind(self._models, model, asked, compiled)

    async def broadcast(self, tx: Transaction, spec: BroadcastSpec) -> Accepted:
        """Say something to all, to some segments or to some agents."""
        place = await self._place(tx, spec.simulation_id)
        instruments = resolve(spec.metrics, "metrics")
        recipients = await self._recipients(tx, place, spec.target_segments, spec.agent_ids)
        if spec.broadcast_if_no_target and len(recipients) > MOST_IN_EARSHOT:
            raise InvalidError(
                "broadcast_if_no_target",
                f"{len(recipients)} agents cannot all hear each other, at most {MOST_IN_EARSHOT} can; "
                "name fewer, or let groups talk (POST /communications/conversation/start)",
            )
        protocol = protocols.broadcast(place.slot, spec, instruments, recipients)
        return await self._accept(tx, "broadcast", place, spec, protocol)

    async def message(self, tx: Transaction, spec: MessageSpec) -> Accepted:
        """Say something to one agent."""
        place = await self._place(tx, spec.simulation_id)
        instruments = resolve(spec.metrics, "metrics")
        addressed = {"to_agent_id": spec.to_agent_id, "from_agent_id": spec.from_agent_id}
        people = await self._store.projections.find_agents(
            tx, place.simulation.population_id, [agent_id for agent_id in addressed.values() if agent_id]
        )
        for field, agent_id in addressed.items():
            if agent_id is not None and agent_id not in people:
                raise InvalidError(field, f"the population has no agent {agent_id!r}")
        sender = None if spec.from_agent_id is None else people[spec.from_agent_id].name
        protocol = protocols.message(place.slot, spec, instruments, sender)
        return await self._accept(tx, "message", place, spec, protocol)

    async def conversation(self, tx: Transaction, spec: ConversationSpec) -> Accepted:
        """Let groups talk, or an agent interview others."""
        place = await self._place(tx, spec.simulation_id)
        instruments = resolve(spec.metrics, "metrics")
        named = {f"agent_ids.{number}": agent_id for number, agent_id in enumerate(spec.agent_ids)}
        named |= {"interviewer_id": spec.interviewer_id} if spec.interviewer_id else {}
        await self._check_agents(tx, place, named)
        candidates = spec.agent_ids or await self._recipients(tx, place, spec.target_segments, ())
        seed = place.simulation.seed if spec.seed is None else spec.seed
        groups = protocols.grouped(place.slot, spec, candidates, seed)
        _check_groups(spec, groups)
        protocol = protocols.conversation(place.slot, spec, instruments, groups)
        return await self._accept(tx, "conversation", place, spec, protocol)

    async def sequence(self, tx: Transaction, spec: SequenceSpec) -> Accepted:
        """Have touchpoints follow each other on the simulated clock."""
        place = await self._place(tx, spec.simulation_id)
        recipients = await self._recipients(tx, place, spec.target_segments, spec.agent_ids)
        instruments = _instruments(spec)
        _check_conditions(spec, instruments, is_first=place.slot.number == 1)
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

    async def _recipients(
        self, tx: Transaction, place: _Place, segments: Sequence[str], agent_ids: Sequence[str]
    ) -> list[str]:
        if agent_ids:
            await self._check_agents(
                tx, place, {f"agent_ids.{number}": agent_id for number, agent_id in enumerate(agent_ids)}
            )
            return list(agent_ids)
        for number, segment in enumerate(segments):
            if segment not in place.population.segments:
                raise InvalidError(
                    f"target_segments.{number}",
                    f"the population has no segment {segment!r}",
                    place.population.segments,
                )
        return await self._store.projections.list_recipients(tx, place.simulation.population_id, segments)

    async def _check_agents(self, tx: Transaction, place: _Place, named: Mapping[str, str]) -> None:
        """Refuse agents whom the population does not have; `named` by field."""
        agent_ids = list(dict.fromkeys(named.values()))
        known = await self._store.projections.known_agents(tx, place.simulation.population_id, agent_ids)
        for field, agent_id in named.items():
            if agent_id not in known:
                raise InvalidError(field, f"the population has no agent {agent_id!r}")

    async def _accept(self, tx: Transaction, kind: Kind, place: _Place, spec: Spec, protocol: Protocol) -> Accepted:
        self._check_tools(spec)
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

    def _check_tools(self, spec: Spec) -> None:
        for number, name in enumerate(spec.tools):
            if self._tools.unknown([name]):
                raise InvalidError(f"tools.{number}", f"there is no tool {name!r}", self._tools.names)


def _check_groups(spec: ConversationSpec, groups: dict[str, tuple[str, ...]]) -> None:
    least = 1 if spec.kind == "interview" else 2
    largest = max(map(len, groups.values()), default=0)
    if not groups or min(map(len, groups.values())) < least:
        field = "agent_ids" if spec.agent_ids else "groups"
        raise InvalidError(field, f"a {spec.kind} needs at least {least} in a group")
    if largest > LARGEST_GROUP:
        raise InvalidError("groups", f"a group of {largest} is too large to talk, at most {LARGEST_GROUP} can")


def _instruments(spec: Spec) -> dict[str, tuple[Instrument, ...]]:
    """What is asked, by touchpoint; what has none is one itself. Raises `InvalidError`."""
    if not isinstance(spec, SequenceSpec):
        return {"": resolve(spec.metrics, "metrics")}
    return {
        touchpoint.name: resolve(touchpoint.metrics, f"touchpoints.{number}.metrics")
        for number, touchpoint in enumerate(spec.touchpoints)
    }


def _check_conditions(spec: SequenceSpec, instruments: dict[str, tuple[Instrument, ...]], *, is_first: bool) -> None:
    """A condition is about a metric that was asked before, in an earlier request too unless this is the first one."""
    for number, touchpoint in enumerate(spec.touchpoints):
        condition = touchpoint.condition
        if condition is None or condition.metric is None or condition.before:
            continue
        earlier = [condition.touchpoint] if condition.touchpoint else [one.name for one in spec.touchpoints[:number]]
        asked = {instrument.name: instrument for name in earlier for instrument in instruments[name]}
        field = f"touchpoints.{number}.condition"
        if condition.metric in asked:
            if (problem := misfit(condition.operator, condition.value, asked[condition.metric])) is not None:
                raise InvalidError(f"{field}.value", problem)
        elif condition.touchpoint is not None or is_first:
            by = repr(condition.touchpoint) if condition.touchpoint else "no earlier touchpoint"
            does = "does not ask" if condition.touchpoint else "asks"
            raise InvalidError(f"{field}.metric", f"{by} {does} {condition.metric!r}", tuple(asked))
