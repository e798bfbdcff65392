"""The service as a whole: projections, the history, and the two halves of the work.

What people ask for becomes steps (`requests`); what the orchestrator has delivered becomes turns (`deliveries`). Of
what was recorded `stories` are told; `writing` is a model's work on any text.
"""

from collections.abc import AsyncIterator, Sequence

from libs.bus import NotReadyError
from libs.contracts.errors import InvalidError, NotFoundError
from libs.contracts.orchestrator import (
    ProtocolStateChanged,
    RunProtocol,
    SimulationCreated,
    SimulationStateChanged,
    TimelineForked,
)
from libs.contracts.population import AgentsGenerated, PersonasChanged, PopulationReady
from libs.contracts.timelines import Timeline
from libs.db import Database, Transaction
from libs.models import Models
from services.communication.adapters import Availability, Minds
from services.communication.domain.history import HistoryEntry
from services.communication.domain.protocols import groups_begin_with
from services.communication.domain.transcripts import beginning, by_group, transcript
from services.communication.events import Events
from services.communication.service.deliveries import Deliveries
from services.communication.service.estimates import Estimates
from services.communication.service.requests import Requests
from services.communication.service.stories import Stories
from services.communication.service.writing import Writing
from services.communication.store import (
    ArtefactFilter,
    Difference,
    HistoryFilter,
    Relation,
    Request,
    Store,
    StoredArtefact,
)


class Communication:
    """Everything that is said to agents and by them."""

    def __init__(self, database: Database, store: Store, events: Events, minds: Minds, models: Models) -> None:
        self._store = store
        self._engines = minds.engines
        self.requests = Requests(store, events, minds.engines, minds.tools, models)
        self.deliveries = Deliveries(database, store, events, minds)
        self.stories = Stories(database, store, models)
        self.writing = Writing(models)
        self.estimates = Estimates(database, store, minds, models)

    async def start(self) -> None:
        """Get the engines ready."""
        await self._engines.start()

    async def stop(self) -> None:
        """Let them go."""
        await self._engines.stop()

    async def engines(self) -> dict[str, Availability]:
        """Which engines can run here, by name."""
        return await self._engines.availability()

    async def agents_generated(self, tx: Transaction, events: Sequence[AgentsGenerated]) -> None:
        """Project agents."""
        await self._store.projections.add_agents(tx, events)

    async def personas_changed(self, tx: Transaction, event: PersonasChanged) -> None:
        """Project what agents have become. Raises `NotReadyError` while one of them has not arrived."""
        missing = await self._store.projections.change_agents(tx, event)
        if missing:
            raise NotReadyError(f"{len(missing)} agents of population {event.population_id} have not arrived")

    async def population_ready(self, tx: Transaction, event: PopulationReady) -> None:
        """Project a population."""
        await self._store.projections.save_population(tx, event)

    async def simulation_created(self, tx: Transaction, event: SimulationCreated) -> None:
        """Project a simulation; its people remember what they lived through in the one it starts from."""
        await self._store.projections.save_simulation(tx, event)
        if event.start_from is not None:
            await self._store.memories.bring(tx, event.simulation_id, event.start_from)

    async def simulation_state_changed(self, tx: Transaction, event: SimulationStateChanged) -> None:
        """Project its state."""
        await self._store.projections.save_state(tx, event)

    async def protocol_state_changed(self, tx: Transaction, event: ProtocolStateChanged) -> None:
        """Project what became of a request."""
        await self._store.dialogue.save_request_state(tx, event.simulation_id, event.protocol_id, event.state)

    async def protocol_given_up(self, tx: Transaction, command: RunProtocol) -> None:
        """A request that the orchestrator could not take."""
        await self._store.dialogue.save_request_state(tx, command.simulation_id, command.protocol_id, "dropped")

    async def timeline_forked(self, tx: Transaction, event: TimelineForked) -> None:
        """Project a timeline."""
        await self._store.projections.save_timeline(tx, event)

    async def timeline(self, tx: Transaction, simulation_id: str, timeline_id: str | None) -> Timeline:
        """A timeline of a simulation, or its present one. Raises `NotFoundError`."""
        await self._check_known(tx, simulation_id)
        timelines = await self._store.projections.list_timelines(tx, simulation_id)
        if timeline_id is None:
            return timelines[-1]
        found = next((one for one in timelines if one.timeline_id == timeline_id), None)
        if found is None:
            raise NotFoundError("timeline", timeline_id)
        return found

    async def history(
        self, tx: Transaction, simulation_id: str, wanted: HistoryFilter, *, after: int, limit: int
    ) -> list[HistoryEntry]:
        """Items of a simulation's history after a sequence number. Raises `NotFoundError`, `InvalidError`."""
        await self._check_agent(tx, simulation_id, wanted.agent_id)
        return await self._store.history.list(tx, simulation_id, wanted, after=after, limit=limit)

    async def compare_memories(
        self, tx: Transaction, simulation_id: str, before: Timeline, after: Timeline, *, beyond: str, limit: int
    ) -> list[Difference]:
        """The agents whose memory is not the same on both timelines, by id."""
        return await self._store.memories.compare(tx, simulation_id, before, after, beyond=beyond, limit=limit)

    async def whole_history(
        self, tx: Transaction, simulation_id: str, wanted: HistoryFilter
    ) -> AsyncIterator[HistoryEntry]:
        """Every item of a simulation's history. Raises `NotFoundError`."""
        await self._check_known(tx, simulation_id)
        async for entry in self._store.history.all(tx, simulation_id, wanted):
            yield entry

    async def transcript(self, tx: Transaction, simulation_id: str) -> AsyncIterator[str]:
        """The talk of a simulation in parts. Raises `NotFoundError` at the first one."""
        timeline = await self.timeline(tx, simulation_id, None)
        conversations = await self._store.talk.conversations(tx, simulation_id, timeline)
        if not conversations:
            raise NotFoundError("talk in the simulation", simulation_id)
        yield beginning(simulation_id)
        for one in conversations:
            members = await self._store.dialogue.members_of(tx, simulation_id, groups_begin_with(one))
            items = await self._store.talk.items(tx, simulation_id, timeline, one)
            for group, said in by_group(items, members).items():
                yield "".join(transcript(", ".join(filter(None, (one, group))), said))

    async def rounds_of(self, tx: Transaction, simulation_id: str, request_id: str) -> tuple[int, int]:
        """The first and last round of a request; no other request has any of them. Raises `NotFoundError`."""
        request = await self._store.dialogue.get_request(tx, simulation_id, request_id)
        if request is None:
            raise NotFoundError("request", request_id)
        return request.round, request.round + request.rounds - 1

    async def list_requests(
        self, tx: Transaction, simulation_id: str, *, after: str | None, limit: int
    ) -> list[Request]:
        """What was asked for in a simulation, oldest first. Raises `NotFoundError`."""
        await self._check_known(tx, simulation_id)
        return await self._store.dialogue.list_requests(tx, simulation_id, after=after, limit=limit)

    async def list_relations(
        self, tx: Transaction, simulation_id: str, *, after: tuple[str, str] | None, limit: int
    ) -> list[Relation]:
        """Relations of a simulation. Raises `NotFoundError`."""
        timeline = await self.timeline(tx, simulation_id, None)
        return await self._store.dialogue.list_relations(tx, simulation_id, timeline, after=after, limit=limit)

    async def list_artefacts(
        self, tx: Transaction, simulation_id: str, wanted: ArtefactFilter, *, after: int, limit: int
    ) -> list[StoredArtefact]:
        """What agents made with tools, in the order of recording. Raises `NotFoundError`."""
        await self._check_agent(tx, simulation_id, wanted.agent_id)
        timeline = await self.timeline(tx, simulation_id, None)
        return await self._store.artefacts.list(tx, simulation_id, timeline, wanted, after=after, limit=limit)

    async def artefact(self, tx: Transaction, simulation_id: str, artefact_id: str) -> StoredArtefact:
        """One artefact. Raises `NotFoundError`."""
        await self._check_known(tx, simulation_id)
        found = await self._store.artefacts.get(tx, simulation_id, artefact_id)
        if found is None:
            raise NotFoundError("artefact", artefact_id)
        return found

    async def knows_simulation(self, tx: Transaction, simulation_id: str) -> bool:
        """True once the simulation is known here."""
        return await self._store.projections.get_simulation(tx, simulation_id) is not None

    async def _check_agent(self, tx: Transaction, simulation_id: str, agent_id: str | None) -> None:
        """Raise for a simulation that is not known, and for an agent that its people do not have."""
        simulation = await self._store.projections.get_simulation(tx, simulation_id)
        if simulation is None:
            raise NotFoundError("simulation", simulation_id)
        known = await self._store.projections.known_agents(tx, simulation.population_id, [agent_id] if agent_id else [])
        if agent_id is not None and agent_id not in known:
            raise InvalidError("agent_id", f"the population has no agent {agent_id!r}")

    async def _check_known(self, tx: Transaction, simulation_id: str) -> None:
        if not await self.knows_simulation(tx, simulation_id):
            raise NotFoundError("simulation", simulation_id)
