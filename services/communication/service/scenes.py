"""What is known of the agents of a step before they act: their past, what they heard, who is in the room with them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from libs.bus import NotReadyError
from libs.contracts.communication import DeliverStimulus
from libs.contracts.people import Agent
from libs.contracts.protocol import Conversation
from libs.contracts.timelines import Timeline
from libs.db import Transaction
from libs.minds.artefacts import Artefact
from libs.minds.conditions import attribute_of, holds, says
from libs.minds.memory import Heard, Memory, remember, wanted
from libs.minds.relationships import NO_RELATIONS, Member, Members, Relations, relations_of
from libs.minds.retrieval import Vector
from libs.minds.tools import NO_TOOLS, Toolbox, Tools, Used
from services.communication.adapters import Encounter
from services.communication.domain.moments import timeline_of, turn_moments
from services.communication.domain.talk import NOTHING_SAID, Said, said_in
from services.communication.domain.turns import FinishedTurn, TurnRecord, left_out
from services.communication.store import NOTHING_REMEMBERED, Remembered, Store


class Room(NamedTuple):
    """Those who can hear each other, and who knows whom of them."""

    members: Members
    relations: Relations


class Past(NamedTuple):
    """What an agent comes with into a turn."""

    agent: Agent
    remembered: Remembered
    heard: Sequence[Heard]
    made: Sequence[Artefact] = ()
    """With the tools of the step."""


class Scene(NamedTuple):
    """Those who act at the same time, and those of the step who take no turn."""

    pasts: Mapping[str, Past]
    """By turn id."""
    left_out: list[FinishedTurn]
    moments: Mapping[str, int]
    clusters: Mapping[str, str]
    rooms: Mapping[str, Room]
    """By agent id, as moments and clusters; empty outside a conversation."""
    tools: Toolbox = NO_TOOLS

    def without(self, turn_ids: Collection[str]) -> "Scene":
        """The scene of the others."""
        return self._replace(pasts={turn: past for turn, past in self.pasts.items() if turn not in turn_ids})

    def texts(self, query: str) -> list[str]:
        """The texts that are worth an embedding for the agents to remember what fits."""
        pasts = (past.remembered for past in self.pasts.values())
        return list(dict.fromkeys(text for past in pasts for text in wanted(past.episodes, past.recollections, query)))

    def encounters(self, query: str, embeddings: Mapping[str, Vector]) -> dict[str, Encounter]:
        """The turns to be taken, by turn id."""
        return {
            turn: Encounter(turn, past.agent, _memory(past, query, embeddings), self._present(past.agent.agent_id))
            for turn, past in self.pasts.items()
        }

    def record_of(self, command: DeliverStimulus, finished: FinishedTurn) -> TurnRecord:
        """A finished turn with what came before it, what others hear of it, and what was done with tools."""
        agent_id = finished.agent.agent_id
        past = self.pasts.get(finished.turn_id)
        return TurnRecord(
            finished=finished,
            moment=self.moments[agent_id],
            cluster_id=self.clusters.get(agent_id, agent_id),
            heard=past.heard if past else (),
            said=_said(command.conversation, self.rooms.get(agent_id), finished),
            uses=self._used(command, finished, past) if past else (),
        )

    def _used(self, command: DeliverStimulus, finished: FinishedTurn, past: Past) -> Sequence[Used]:
        if finished.turn is None:
            return ()
        return self.tools.use(finished.turn, finished.turn_id, past.agent, command.simulated_at, past.made)

    def _present(self, agent_id: str) -> tuple[str, ...]:
        """Names of the others in the room."""
        room = self.rooms.get(agent_id)
        return () if room is None else tuple(name for other, name in room.members.names.items() if other != agent_id)


class Scenes:
    """Finds out what is known."""

    def __init__(self, store: Store, tools: Tools) -> None:
        self._store = store
        self._tools = tools

    async def find(self, tx: Transaction, command: DeliverStimulus, turn_ids: Mapping[str, str]) -> Scene:
        """The scene of the turns (agent id by turn id) that are not recorded yet. Raises `NotReadyError`."""
        await self._check_past(tx, command)
        people = await self._people(tx, command, list(turn_ids.values()))
        recorded = await self._store.turns.find_recorded(tx, turn_ids)
        pending = {turn: people[agent_id] for turn, agent_id in turn_ids.items() if turn not in recorded}
        agent_ids = {agent.agent_id for agent in pending.values()}
        moments = {agent_id: moment for agent_id, moment in turn_moments(command).items() if agent_id in agent_ids}
        clusters = await self._store.dialogue.find_clusters(tx, *_log_of(command), list(agent_ids))
        rooms = await self._rooms(tx, command, moments)
        skipping = await self._skipping(tx, command, {agent.agent_id: agent for agent in pending.values()})
        now = datetime.now(UTC)
        taking = {turn: agent for turn, agent in pending.items() if agent.agent_id not in skipping}
        absent = [left_out(turn, agent, "skipped", now) for turn, agent in pending.items() if turn not in taking]
        if command.responds is False:
            silent = [left_out(turn, agent, "silent", now) for turn, agent in taking.items()]
            return Scene({}, [*absent, *silent], moments, clusters, rooms)
        tools = self._tools.box(command.tools)
        pasts = await self._pasts(tx, command, taking, moments, tools)
        return Scene(pasts, absent, moments, clusters, rooms, tools)

    async def _check_past(self, tx: Transaction, command: DeliverStimulus) -> None:
        """What its agents have lived through is brought when the simulation is heard of."""
        if command.past is None:
            return
        if await self._store.projections.get_simulation(tx, command.simulation_id) is None:
            raise NotReadyError(f"the past of simulation {command.simulation_id} has not arrived")

    async def _people(self, tx: Transaction, command: DeliverStimulus, agent_ids: list[str]) -> dict[str, Agent]:
        known = await self._store.projections.find_agents(tx, command.population_id, agent_ids)
        missing = [agent_id for agent_id in agent_ids if agent_id not in known]
        if missing:
            raise NotReadyError(
                f"{len(missing)} agents of population {command.population_id} have not arrived, {missing[0]} for one"
            )
        return known

    async def _skipping(self, tx: Transaction, command: DeliverStimulus, people: Mapping[str, Agent]) -> set[str]:
        agent_ids = list(people)
        if command.condition is None:
            return set()
        condition, place = command.condition, _log_of(command)
        if condition.proposition is not None:
            return set()  # that takes a model, and is judged of those who would take their turn
        if condition.before:
            if command.past is None:
                return set(agent_ids)  # nobody said or answered anything before
            place = command.past.simulation_id, command.past.timeline
        if condition.about == "words":
            said = await self._store.turns.find_said(tx, *place, agent_ids)
            return {agent_id for agent_id in agent_ids if not says(condition, said.get(agent_id, ()))}
        if condition.about == "attribute":
            known = {agent_id: attribute_of(people[agent_id], condition.metric) for agent_id in agent_ids}
        else:
            known = await self._store.turns.find_answers(tx, *place, agent_ids, condition)
        return {agent_id for agent_id in agent_ids if not holds(condition, known.get(agent_id))}

    async def _pasts(
        self,
        tx: Transaction,
        command: DeliverStimulus,
        taking: Mapping[str, Agent],
        moments: Mapping[str, int],
        tools: Toolbox,
    ) -> dict[str, Past]:
        agent_ids = [agent.agent_id for agent in taking.values()]
        place = _log_of(command)
        memories = await self._store.turns.find_memories(tx, *place, agent_ids)
        since = {agent_id: memory.last_moment for agent_id, memory in memories.items()}
        until = {agent_id: moments[agent_id] for agent_id in agent_ids}
        heard = await self._store.turns.find_heard(tx, *place, since, until)
        made = await self._store.artefacts.find_made(tx, *place, agent_ids, [tool.name for tool in tools.tools])
        return {
            turn: Past(
                agent,
                memories.get(agent.agent_id, NOTHING_REMEMBERED),
                heard.get(agent.agent_id, ()),
                made.get(agent.agent_id, ()),
            )
            for turn, agent in taking.items()
        }

    async def _rooms(self, tx: Transaction, command: DeliverStimulus, moments: Mapping[str, int]) -> dict[str, Room]:
        """Where each agent of a conversation is."""
        rules = command.conversation
        if rules is None or not moments:
            return {}
        groups = await self._store.dialogue.find_members(tx, command.simulation_id, list(command.groups or {}))
        everybody = sorted({agent_id for group in groups.values() for agent_id in group})
        people = await self._people(tx, command, everybody)
        before = min(moments.values())
        known = await self._store.dialogue.find_relations(tx, *_log_of(command), everybody, before)
        stated = relations_of([people[agent_id] for agent_id in everybody]) if rules.network else NO_RELATIONS
        rooms: dict[str, Room] = {}
        for group_id, acting in (command.groups or {}).items():
            members = Members(Member(agent_id, people[agent_id].name) for agent_id in groups[group_id])
            rooms |= {agent_id: Room(members, known | stated) for agent_id in acting if agent_id in moments}
        return rooms


def _log_of(command: DeliverStimulus) -> tuple[str, Timeline]:
    """The simulation and the timeline that the past of these agents is on."""
    return command.simulation_id, timeline_of(command)


def query_of(command: DeliverStimulus) -> str:
    """What a turn is about."""
    return command.stimulus.content if command.stimulus else ""


def _memory(past: Past, query: str, embeddings: Mapping[str, Vector]) -> Memory:
    episodes, recollections, _ = past.remembered
    return remember(episodes, recollections, query=query, heard=past.heard, embeddings=embeddings or None)


def _said(rules: Conversation | None, room: Room | None, finished: FinishedTurn) -> Said:
    if rules is None or room is None or finished.turn is None:
        return NOTHING_SAID
    return said_in(finished.agent.agent_id, finished.turn, room.members, room.relations, rules)
