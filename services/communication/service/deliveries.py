"""Deliveries: the turns of a step, run by an engine, recorded as they finish, announced with what they came to.

A delivery is done again after a crash: turns that were recorded are neither run nor announced a second time, and those
who have not acted yet hear what those before them had said.
"""

from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime

from libs.contracts import ids
from libs.contracts.communication import DeliverStimulus
from libs.contracts.envelope import Message
from libs.contracts.orchestrator import SimulationState
from libs.contracts.protocol import total_usage
from libs.contracts.turns import TurnReply
from libs.db import Database, Transaction
from libs.minds.ssr import texts_to_rate
from libs.models import BudgetSpentError, ModelsError, in_groups
from services.communication.adapters import Encounter, Minds, Verdict
from services.communication.domain.effort import Effort, Share
from services.communication.domain.moments import answered_at, beginning, timeline_of, waves
from services.communication.domain.talk import message_said, tool_said
from services.communication.domain.turns import FinishedTurn, TurnRecord, finish, left_out, place_of, rate
from services.communication.events import Events
from services.communication.service.corrections import Corrections
from services.communication.service.scenes import Scene, Scenes, query_of
from services.communication.store import Store

STOPPED_STATES = (SimulationState.CANCELLED, SimulationState.FAILED)
GROUP_SIZE = 128
GROUP_WAIT_S = 0.1


class Deliveries:
    """Runs what the orchestrator wants delivered."""

    def __init__(self, database: Database, store: Store, events: Events, minds: Minds) -> None:
        self._database = database
        self._store = store
        self._events = events
        self._engines = minds.engines
        self._embedder = minds.embedder
        self._judge = minds.judge
        self._corrections = Corrections(minds.engines, minds.judge)
        self._tools = minds.tools
        self._scenes = Scenes(store, minds.tools)
        self._effort = Effort()

    async def deliver(self, message: Message[DeliverStimulus]) -> None:
        """Run the turns of a delivery that are not recorded yet, then announce that it is complete.

        Raises `NotReadyError` while agents are missing, `ModelsError` when turns remain open; finished turns stay. A
        delivery that waits for a budget or from before a pause is done with: it is sent again when there is more to do.
        """
        with self._effort.of_work() as share:
            await self._deliver(message, share)

    async def _deliver(self, message: Message[DeliverStimulus], share: Share) -> None:
        command = message.data
        turn_ids = _turn_ids(command)
        turns = {agent_id: turn_id for turn_id, agent_id in turn_ids.items()}
        await self._join(message)
        for wave in waves(command):
            try:
                if not await self._act(message, {turns[agent_id]: agent_id for agent_id in wave}):
                    return
            except BudgetSpentError as spent:
                async with self._database.write(message.envelope) as tx:
                    await self._events.delivery_held(tx, command, str(spent))
                return
        async with self._database.write(message.envelope) as tx:
            totals = await self._store.turns.total(tx, turn_ids)
            if totals.finished < len(turn_ids):
                raise ModelsError("the models service left turns without a reply")
            await self._events.delivery_completed(tx, command, totals, share.seconds())

    async def _join(self, message: Message[DeliverStimulus]) -> None:
        """Those who will hear each other depend on each other. An interviewer is no source of answers."""
        command = message.data
        if command.conversation is None or command.conversation.kind == "interview":
            return
        async with self._database.write(message.envelope) as tx:
            await self._store.projections.get_simulation(tx, command.simulation_id, lock=True)
            groups = await self._store.dialogue.find_members(tx, command.simulation_id, list(command.groups or {}))
            place = (command.simulation_id, timeline_of(command), beginning(command))
            await self._store.dialogue.join_clusters(tx, *place, groups)

    async def _act(self, message: Message[DeliverStimulus], turn_ids: Mapping[str, str]) -> bool:
        """Let those act who act at the same time; False when the simulation was stopped or paused."""
        command = message.data
        async with self._database.read(tenant=message.envelope.tenant) as tx:
            if await self._is_stopped(tx, command):
                return False
            scene = await self._scenes.find(tx, command, turn_ids)
        if scene.left_out:
            await self._record(message, scene, scene.left_out)
        if not scene.pasts:
            return True
        encounters = await self._encounters(command, scene)
        scene, judged = await self._judged(message, scene, encounters)
        encounters = {turn_id: one for turn_id, one in encounters.items() if turn_id in scene.pasts}
        replies = self._engines.turns(command, list(encounters.values()))
        groups = in_groups(replies, most=GROUP_SIZE, within_s=GROUP_WAIT_S)
        async with aclosing(groups):
            async for group in groups:
                finished = _with_cost(await self._finished(command, encounters, group), judged)
                finished = await self._corrections.corrected(command, encounters, finished, self._finished)
                if not await self._record(message, scene, finished):  # what has not begun is withdrawn with the stream
                    return False
        return True

    async def _judged(
        self, message: Message[DeliverStimulus], scene: Scene, encounters: Mapping[str, Encounter]
    ) -> tuple[Scene, Mapping[str, Verdict]]:
        """The scene of those of whom the step's proposition is true, and what it cost to know; the others skip it.

        Done again, the ledger gives the same verdicts for nothing.
        """
        command = message.data
        if command.condition is None or command.condition.proposition is None:
            return scene, {}
        verdicts = await self._judge.verdicts(command, command.condition.proposition, encounters)
        now = datetime.now(UTC)
        skipped = [
            replace(left_out(turn_id, encounters[turn_id].agent, "skipped", now), usage=verdict.usage)
            for turn_id, verdict in verdicts.items()
            if not verdict.holds
        ]
        scene = scene.without({one.turn_id for one in skipped})
        if skipped:
            await self._record(message, scene, skipped)
        return scene, verdicts

    async def _is_stopped(self, tx: Transaction, command: DeliverStimulus) -> bool:
        """Whether nobody waits for these turns now: the simulation has ended, was paused, or gone back to before."""
        state, pauses = await self._store.projections.get_state(tx, command.simulation_id)
        if state in STOPPED_STATES or pauses > (command.pauses or 0):
            return True
        present = (await self._store.projections.list_timelines(tx, command.simulation_id))[-1]
        return present.number > timeline_of(command).number

    async def _encounters(self, command: DeliverStimulus, scene: Scene) -> dict[str, Encounter]:
        query = query_of(command)
        texts = scene.texts(query)
        embeddings = await self._embedder.vectors(command.model, texts, command.simulation_id) if texts else {}
        return scene.encounters(query, embeddings)

    async def _finished(
        self, command: DeliverStimulus, encounters: Mapping[str, Encounter], replies: Sequence[TurnReply]
    ) -> list[FinishedTurn]:
        """Replies, read and rated; one to a turn that was not asked for, or a second one, is nothing."""
        now, tools = datetime.now(UTC), self._tools.box(command.tools)
        read: dict[str, FinishedTurn] = {}
        for reply in replies:
            if reply.turn_id in encounters:
                read.setdefault(reply.turn_id, finish(reply, encounters[reply.turn_id].agent, command, now, tools))
        taken = [one.turn for one in read.values() if one.turn is not None]
        texts = list(dict.fromkeys(text for turn in taken for text in texts_to_rate(turn, command.instruments)))
        embeddings = await self._embedder.vectors(command.model, texts, command.simulation_id) if texts else {}
        return [
            rate(one, command.instruments, embeddings, place_of(command, one.agent.agent_id)) for one in read.values()
        ]

    async def _record(self, message: Message[DeliverStimulus], scene: Scene, finished: Sequence[FinishedTurn]) -> bool:
        """Keep finished turns, and announce those that are new; False when nobody waits for others of the delivery."""
        command = message.data
        records = [scene.record_of(command, one) for one in finished]
        async with self._database.write(message.envelope) as tx:
            new = await self._store.turns.record(tx, command, records)
            await self._store.artefacts.add(tx, command, new)
            for record in new:
                await self._leave_traces(tx, command, scene, record)
            await self._events.responses_recorded(tx, command, [one for one in new if one.finished.untaken is None])
            return not await self._is_stopped(tx, command)

    async def _leave_traces(self, tx: Transaction, command: DeliverStimulus, scene: Scene, record: TurnRecord) -> None:
        """New relations, what tools answered, and for the sender of a message that it was sent."""
        agent_id = record.finished.agent.agent_id
        made = dict.fromkeys(record.said.relations, "reached out")
        place = (command.simulation_id, command.timeline_id)
        await self._store.dialogue.relate(tx, *place, made, record.moment)
        answers = [tool_said(agent_id, used) for used in record.uses if used.feedback]
        await self._store.turns.hear(tx, command, record.finished.turn_id, answered_at(command), answers)
        if command.conversation is None or command.conversation.kind != "message" or command.stimulus is None:
            return
        names = scene.rooms[agent_id].members.names
        (sender,) = (other for other in names if other != agent_id)
        said = message_said(sender, agent_id, names, command.stimulus.content)
        await self._store.turns.hear(tx, command, record.finished.turn_id, record.moment, [said])


def _turn_ids(command: DeliverStimulus) -> dict[str, str]:
    """Agent id by turn id."""
    place = (command.simulation_id, command.timeline_id, command.step_id, command.round)
    return {str(ids.turn_id(*place, agent_id)): agent_id for agent_id in command.agent_ids}


def _with_cost(finished: Sequence[FinishedTurn], judged: Mapping[str, Verdict]) -> list[FinishedTurn]:
    """Turns with what it cost to know that they are to be taken."""
    return [
        replace(one, usage=total_usage([one.usage, judged[one.turn_id].usage])) if one.turn_id in judged else one
        for one in finished
    ]
