"""Deliveries: the turns of a step, run by an engine, recorded as they finish, announced with what they came to.

A delivery is done again after a crash: turns that were recorded are neither run nor announced a second time, and those
who have not acted yet hear what those before them had said.
"""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from typing import NamedTuple

from libs.bus import NotReadyError
from libs.contracts import ids
from libs.contracts.communication import DeliverStimulus
from libs.contracts.envelope import Message
from libs.contracts.orchestrator import SimulationState
from libs.contracts.people import Agent
from libs.contracts.protocol import Conversation
from libs.contracts.turns import TurnReply
from libs.db import Database, Transaction
from libs.minds.memory import remember
from libs.minds.relationships import NO_RELATIONS, Member, Members, Relations, relations_of
from libs.models import ModelsError, in_groups
from services.communication.adapters import Encounter, Engines
from services.communication.domain.conditions import holds
from services.communication.domain.moments import turn_moments, waves
from services.communication.domain.talk import NOTHING_SAID, Said, message_said, said_in
from services.communication.domain.turns import FinishedTurn, TurnRecord, finish, left_out, place_of
from services.communication.events import Events
from services.communication.store import NOTHING_REMEMBERED, Store

STOPPED_STATES = (SimulationState.CANCELLED, SimulationState.FAILED)
GROUP_SIZE = 64
GROUP_WAIT_S = 0.1


class Room(NamedTuple):
    """Those who can hear each other, and who knows whom of them."""

    members: Members
    relations: Relations


class Scene(NamedTuple):
    """What is known of the agents of one wave before they act."""

    encounters: dict[str, Encounter]
    """By turn id."""
    left_out: list[FinishedTurn]
    moments: Mapping[str, int]
    clusters: Mapping[str, str]
    rooms: Mapping[str, Room]
    """By agent id; empty outside a conversation."""


class Deliveries:
    """Runs what the orchestrator wants delivered."""

    def __init__(self, database: Database, store: Store, events: Events, engines: Engines) -> None:
        self._database = database
        self._store = store
        self._events = events
        self._engines = engines

    async def deliver(self, message: Message[DeliverStimulus]) -> None:
        """Run the turns of a delivery that are not recorded yet, then announce that it is complete.

        Raises `NotReadyError` while agents are missing, `ModelsError` when turns remain open; finished turns stay.
        """
        command = message.data
        turn_ids = _turn_ids(command)
        turns = {agent_id: turn_id for turn_id, agent_id in turn_ids.items()}
        for wave in waves(command):
            if not await self._act(message, {turns[agent_id]: agent_id for agent_id in wave}):
                return
        async with self._database.write(message.envelope) as tx:
            totals = await self._store.turns.total(tx, turn_ids)
            if totals.finished < len(turn_ids):
                raise ModelsError("the models service left turns without a reply")
            await self._events.delivery_completed(tx, command, totals)

    async def _act(self, message: Message[DeliverStimulus], turn_ids: Mapping[str, str]) -> bool:
        """Let those act who act at the same time; False when the simulation was stopped."""
        async with self._database.read(tenant=message.envelope.tenant) as tx:
            if await self._store.projections.get_state(tx, message.data.simulation_id) in STOPPED_STATES:
                return False
            scene = await self._scene(tx, message.data, turn_ids)
        if scene.left_out:
            await self._record(message, scene, scene.left_out)
        if not scene.encounters:
            return True
        replies = self._engines.turns(message.data, list(scene.encounters.values()))
        groups = in_groups(replies, most=GROUP_SIZE, within_s=GROUP_WAIT_S)
        async with aclosing(groups):
            async for group in groups:
                await self._record(message, scene, _finished(message.data, scene, group))
        return True

    async def _scene(self, tx: Transaction, command: DeliverStimulus, turn_ids: Mapping[str, str]) -> Scene:
        people = await self._people(tx, command, list(turn_ids.values()))
        recorded = await self._store.turns.find_recorded(tx, turn_ids)
        pending = {turn: people[agent_id] for turn, agent_id in turn_ids.items() if turn not in recorded}
        agent_ids = [agent.agent_id for agent in pending.values()]
        moments = {agent_id: moment for agent_id, moment in turn_moments(command).items() if agent_id in agent_ids}
        clusters = await self._store.dialogue.find_clusters(tx, command.simulation_id, agent_ids)
        rooms = await self._rooms(tx, command, agent_ids)
        skipping = await self._skipping(tx, command, agent_ids)
        now = datetime.now(UTC)
        taking = {turn: agent for turn, agent in pending.items() if agent.agent_id not in skipping}
        absent = [left_out(turn, agent, "skipped", now) for turn, agent in pending.items() if turn not in taking]
        if command.responds is False:
            silent = [left_out(turn, agent, "silent", now) for turn, agent in taking.items()]
            return Scene({}, [*absent, *silent], moments, clusters, rooms)
        encounters = await self._encounters(tx, command, taking, moments, rooms)
        return Scene(encounters, absent, moments, clusters, rooms)

    async def _people(self, tx: Transaction, command: DeliverStimulus, agent_ids: list[str]) -> dict[str, Agent]:
        known = await self._store.projections.find_agents(tx, command.population_id, agent_ids)
        missing = [agent_id for agent_id in agent_ids if agent_id not in known]
        if missing:
            raise NotReadyError(
                f"{len(missing)} agents of population {command.population_id} have not arrived, {missing[0]} for one"
            )
        return known

    async def _skipping(self, tx: Transaction, command: DeliverStimulus, agent_ids: Sequence[str]) -> set[str]:
        if command.condition is None:
            return set()
        answers = await self._store.turns.find_answers(tx, command.simulation_id, agent_ids, command.condition)
        return {agent_id for agent_id in agent_ids if not holds(command.condition, answers.get(agent_id))}

    async def _encounters(
        self,
        tx: Transaction,
        command: DeliverStimulus,
        taking: Mapping[str, Agent],
        moments: Mapping[str, int],
        rooms: Mapping[str, Room],
    ) -> dict[str, Encounter]:
        agent_ids = [agent.agent_id for agent in taking.values()]
        place = (command.simulation_id, command.timeline_id)
        memories = await self._store.turns.find_memories(tx, *place, agent_ids)
        since = {agent_id: memory.last_moment for agent_id, memory in memories.items()}
        until = {agent_id: moments[agent_id] for agent_id in agent_ids}
        heard = await self._store.turns.find_heard(tx, *place, since, until)
        query = command.stimulus.content if command.stimulus else ""
        encounters = {}
        for turn, agent in taking.items():
            past = memories.get(agent.agent_id, NOTHING_REMEMBERED)
            memory = remember(past.episodes, past.recollections, query=query, heard=heard.get(agent.agent_id, ()))
            encounters[turn] = Encounter(turn, agent, memory, _present(agent.agent_id, rooms))
        return encounters

    async def _rooms(self, tx: Transaction, command: DeliverStimulus, agent_ids: Sequence[str]) -> dict[str, Room]:
        """Where each agent of a conversation is."""
        rules = command.conversation
        if rules is None or not agent_ids:
            return {}
        groups = await self._store.dialogue.find_members(tx, command.simulation_id, list(command.groups or {}))
        everybody = list({agent_id for group in groups.values() for agent_id in group})
        people = await self._people(tx, command, everybody)
        before = min(moment for agent_id, moment in turn_moments(command).items() if agent_id in agent_ids)
        known = await self._store.dialogue.find_relations(tx, command.simulation_id, everybody, before)
        stated = relations_of([people[agent_id] for agent_id in sorted(everybody)]) if rules.network else NO_RELATIONS
        rooms: dict[str, Room] = {}
        for group_id, acting in (command.groups or {}).items():
            members = Members(Member(agent_id, people[agent_id].name) for agent_id in groups[group_id])
            rooms |= {agent_id: Room(members, known | stated) for agent_id in acting if agent_id in agent_ids}
        return rooms

    async def _record(self, message: Message[DeliverStimulus], scene: Scene, finished: Sequence[FinishedTurn]) -> None:
        command = message.data
        records = [_record_of(command.conversation, scene, one) for one in finished]
        async with self._database.write(message.envelope) as tx:
            new = await self._store.turns.record(tx, command, records)
            for record in new:
                await self._leave_traces(tx, command, scene, record)
            await self._events.responses_recorded(tx, command, [one for one in new if one.finished.untaken is None])

    async def _leave_traces(self, tx: Transaction, command: DeliverStimulus, scene: Scene, record: TurnRecord) -> None:
        """New relations, and for the sender of a message that it was sent."""
        agent_id = record.finished.agent.agent_id
        made = dict.fromkeys(record.said.relations, "reached out")
        await self._store.dialogue.relate(tx, command.simulation_id, made, record.moment)
        if command.conversation is None or command.conversation.kind != "message" or command.stimulus is None:
            return
        names = scene.rooms[agent_id].members.names
        (sender,) = (other for other in names if other != agent_id)
        said = message_said(sender, agent_id, names, command.stimulus.content)
        await self._store.turns.hear(tx, command, record.finished.turn_id, record.moment, [said])


def _finished(command: DeliverStimulus, scene: Scene, replies: Sequence[TurnReply]) -> list[FinishedTurn]:
    """Replies, read; one to a turn that was not asked for, or a second one, is nothing."""
    now = datetime.now(UTC)
    found: dict[str, FinishedTurn] = {}
    for reply in replies:
        if reply.turn_id in scene.encounters:
            agent = scene.encounters[reply.turn_id].agent
            place = place_of(command, agent.agent_id)
            found.setdefault(reply.turn_id, finish(reply, agent, command.instruments, now, place))
    return list(found.values())


def _record_of(rules: Conversation | None, scene: Scene, finished: FinishedTurn) -> TurnRecord:
    agent_id = finished.agent.agent_id
    encounter = scene.encounters.get(finished.turn_id)
    return TurnRecord(
        finished=finished,
        moment=scene.moments[agent_id],
        cluster_id=scene.clusters.get(agent_id, agent_id),
        heard=encounter.memory.heard if encounter else (),
        said=_said(rules, scene.rooms.get(agent_id), finished),
    )


def _said(rules: Conversation | None, room: Room | None, finished: FinishedTurn) -> Said:
    if rules is None or room is None or finished.turn is None:
        return NOTHING_SAID
    return said_in(finished.agent.agent_id, finished.turn, room.members, room.relations, rules)


def _present(agent_id: str, rooms: Mapping[str, Room]) -> tuple[str, ...]:
    """Names of the others in the room."""
    room = rooms.get(agent_id)
    return () if room is None else tuple(name for other, name in room.members.names.items() if other != agent_id)


def _turn_ids(command: DeliverStimulus) -> dict[str, str]:
    """Agent id by turn id."""
    place = (command.simulation_id, command.timeline_id, command.step_id, command.round)
    return {str(ids.turn_id(*place, agent_id)): agent_id for agent_id in command.agent_ids}
