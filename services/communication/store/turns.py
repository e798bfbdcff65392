"""Turns that were taken, and what they leave in the agents: episodes, recollections, and what was heard."""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import and_, bindparam, func, or_, select

from libs.contracts.base import JsonObject
from libs.contracts.communication import DeliverStimulus
from libs.contracts.instruments import Answer
from libs.contracts.protocol import Condition, Usage
from libs.contracts.timelines import LAST_PLACE, Timeline
from libs.db import Transaction, among, append, insert_new, texts, upsert
from libs.minds.memory import FIRST_EPISODES, LAST_EPISODES, Heard, consolidate
from libs.minds.semantic import Recollection
from services.communication.domain.estimates import Observed
from services.communication.domain.history import HistoryKind
from services.communication.domain.moments import SPAN, spoken_at, timeline_of
from services.communication.domain.talk import Utterance
from services.communication.domain.turns import Totals, TurnRecord
from services.communication.store.log import on_timeline
from services.communication.store.recording import episode_of, hearing_rows, history_rows, turn_row
from services.communication.tables import (
    episodes,
    hearings,
    history,
    recollections,
    simulations,
    stimuli,
    turns,
)


class Remembered(NamedTuple):
    """What an agent has of its past: the first and last episodes, what lasts of the others, when it last acted."""

    episodes: list[JsonObject]
    recollections: list[Recollection]
    last_moment: int


NOTHING_REMEMBERED = Remembered([], [], -LAST_PLACE * SPAN)
# What every delivery asks is made once.
_THESE = and_(turns.c.tenant == bindparam("of_tenant"), among(turns.c.turn_id, texts("ids")))
_RECORDED = select(turns.c.turn_id).where(_THESE)
_SUMS = [func.coalesce(func.sum(turns.c[name]), 0).label(name) for name in Usage.model_fields]
_TOTALS = select(turns.c.status, func.count().label("turns"), *_SUMS).where(_THESE).group_by(turns.c.status)
_REASON = (
    select(turns.c.failure)
    .where(_THESE, turns.c.failure.is_not(None))
    .group_by(turns.c.failure)
    .order_by(func.count().desc(), turns.c.failure)
    .limit(1)
)
"""The most frequent reason."""


class Turns:
    """Every query filters by the transaction's tenant."""

    async def find_recorded(self, tx: Transaction, turn_ids: Iterable[str]) -> set[str]:
        """Those of the turns that are finished."""
        these = {"of_tenant": tx.tenant, "ids": list(turn_ids)}
        return set((await tx.execute(_RECORDED, these)).scalars())

    async def total(self, tx: Transaction, turn_ids: Iterable[str]) -> Totals:
        """Counts and usage of finished turns, and why most of the failed ones failed."""
        these = {"of_tenant": tx.tenant, "ids": list(turn_ids)}
        rows = (await tx.execute(_TOTALS, these)).all()
        counts = {row.status: row.turns for row in rows}
        usage = Usage.model_validate({name: sum(getattr(row, name) for row in rows) for name in Usage.model_fields})
        answered, failed = counts.pop("answered", 0), counts.pop("failed", 0)
        failure = (await tx.execute(_REASON, these)).scalar_one_or_none() if failed else None
        return Totals(answered, failed, sum(counts.values()), usage, failure)

    async def latest_of_model(self, tx: Transaction, model: str, engine: str, most: int) -> list[Observed]:
        """What the latest turns of a model in interventions took, of those that made calls of their own."""
        of_model = (simulations.c.tenant == turns.c.tenant) & (simulations.c.simulation_id == turns.c.simulation_id)
        query = (
            select(turns.c.calls, turns.c.completion_tokens)
            .join(simulations, of_model)
            .where(
                turns.c.tenant == tx.tenant,
                simulations.c.model == model,
                simulations.c.intervention_id.is_not(None),
                func.coalesce(simulations.c.engine, "native") == engine,
                turns.c.status == "answered",
                turns.c.calls > 0,
            )
            .order_by(turns.c.responded_at.desc())
            .limit(most)
        )
        return [Observed(row.calls, row.completion_tokens) for row in await tx.execute(query)]

    async def find_memories(
        self, tx: Transaction, simulation_id: str, timeline: Timeline, agent_ids: Sequence[str]
    ) -> dict[str, Remembered]:
        """What each agent that has acted remembers."""
        of_agents = and_(on_timeline(episodes, tx, simulation_id, timeline), among(episodes.c.agent_id, agent_ids))
        place = func.row_number().over(partition_by=episodes.c.agent_id, order_by=episodes.c.sequence.desc())
        ranked = select(
            episodes.c.agent_id, episodes.c.sequence, episodes.c.moment, episodes.c.document, place.label("place")
        )
        ranked_rows = ranked.where(of_agents).subquery()
        within = or_(ranked_rows.c.place <= LAST_EPISODES, ranked_rows.c.sequence <= FIRST_EPISODES)
        query = select(ranked_rows).where(within).order_by(ranked_rows.c.agent_id, ranked_rows.c.sequence)
        found: dict[str, Remembered] = {}
        last: dict[str, int] = {}
        for row in await tx.execute(query):
            before = found.get(row.agent_id, NOTHING_REMEMBERED)
            found[row.agent_id] = Remembered([*before.episodes, row.document], [], row.moment)
            last[row.agent_id] = row.sequence
        lasting = await self._consolidated(tx, simulation_id, timeline, last)
        return {agent_id: one._replace(recollections=lasting.get(agent_id, [])) for agent_id, one in found.items()}

    async def find_heard(
        self,
        tx: Transaction,
        simulation_id: str,
        timeline: Timeline,
        since: Mapping[str, int],
        until: Mapping[str, int],
    ) -> dict[str, list[Heard]]:
        """What each agent heard after one moment and before another, oldest first."""
        if not until:
            return {}
        query = (
            select(hearings)
            .where(
                on_timeline(hearings, tx, simulation_id, timeline),
                among(hearings.c.agent_id, list(until)),
                hearings.c.moment > min(since.get(agent_id, -1) for agent_id in until),
                hearings.c.moment < max(until.values()),
            )
            .order_by(hearings.c.moment, hearings.c.speaker_id, hearings.c.turn_id, hearings.c.action)
        )
        found: dict[str, list[Heard]] = {}
        for row in await tx.execute(query):
            if since.get(row.agent_id, -1) < row.moment < until[row.agent_id]:
                found.setdefault(row.agent_id, []).append(
                    {"from": row.speaker, "to": row.target, "text": row.text, "kind": row.kind, "round": row.round}
                )
        return found

    async def find_answers(
        self, tx: Transaction, simulation_id: str, timeline: Timeline, agent_ids: Sequence[str], condition: Condition
    ) -> dict[str, Answer]:
        """The answer of each agent that a condition is about; nobody who never gave one."""
        query = (
            select(history.c.agent_id, history.c.content)
            .where(
                on_timeline(history, tx, simulation_id, timeline),
                among(history.c.agent_id, agent_ids),
                history.c.kind == HistoryKind.ANSWER.value,
            )
            .order_by(history.c.sequence)
        )
        if condition.step_id is not None:
            query = query.where(history.c.step_id == condition.step_id)
        found: dict[str, Answer] = {}
        for row in await tx.execute(query):
            if condition.metric in row.content:
                found[row.agent_id] = row.content[condition.metric]
        return found

    async def find_said(
        self, tx: Transaction, simulation_id: str, timeline: Timeline, agent_ids: Sequence[str]
    ) -> dict[str, list[str]]:
        """Everything each agent has said so far."""
        query = select(history.c.agent_id, history.c.content).where(
            on_timeline(history, tx, simulation_id, timeline),
            among(history.c.agent_id, agent_ids),
            history.c.kind == HistoryKind.TALK.value,
        )
        found: dict[str, list[str]] = {}
        for row in await tx.execute(query.order_by(history.c.sequence)):
            if isinstance(row.content, str):
                found.setdefault(row.agent_id, []).append(row.content)
        return found

    async def record(
        self, tx: Transaction, command: DeliverStimulus, records: Sequence[TurnRecord]
    ) -> list[TurnRecord]:
        """Store finished turns with their history, what is remembered of them and what others heard; gives the new."""
        rows = [turn_row(tx.tenant, command, record.finished) for record in records]
        fresh = {row["turn_id"] for row in await insert_new(tx, turns, rows)}
        new = [record for record in records if record.finished.turn_id in fresh]
        if not new:
            return []
        await self._show(tx, command)
        items = [row for one in new for row in history_rows(tx.tenant, command, one)]
        await append(tx, history, items)
        for one in new:
            at = spoken_at(command, one.moment)
            await self.hear(tx, command, one.finished.turn_id, at, one.said.utterances)
        await self._remember(tx, command, [one for one in new if _lasts(one, command)])
        return new

    async def hear(
        self, tx: Transaction, command: DeliverStimulus, turn_id: str, moment: int, heard: Sequence[Utterance]
    ) -> None:
        """Store what agents hear from a moment on."""
        if heard:
            await insert_new(tx, hearings, hearing_rows(tx.tenant, command, turn_id, moment, heard))

    async def _show(self, tx: Transaction, command: DeliverStimulus) -> None:
        """Keep what an arm was shown, once."""
        if command.stimulus is None:
            return
        shown = {
            "tenant": tx.tenant,
            "simulation_id": command.simulation_id,
            "step_id": command.step_id,
            "arm": command.arm,
            "document": command.stimulus.model_dump(mode="json"),
        }
        await insert_new(tx, stimuli, [shown])

    async def _remember(self, tx: Transaction, command: DeliverStimulus, new: Sequence[TurnRecord]) -> None:
        """Add to the log of each agent; what leaves the window is consolidated."""
        if not new:
            return
        timeline = timeline_of(command)
        query = (
            select(episodes.c.agent_id, func.max(episodes.c.sequence).label("last"))
            .where(
                on_timeline(episodes, tx, command.simulation_id, timeline),
                among(episodes.c.agent_id, [one.finished.agent.agent_id for one in new]),
            )
            .group_by(episodes.c.agent_id)
        )
        last: dict[str, int] = {row.agent_id: row.last for row in await tx.execute(query)}
        key = {"tenant": tx.tenant, "simulation_id": command.simulation_id, "timeline_id": command.timeline_id}
        rows: list[JsonObject] = [
            {
                **key,
                "agent_id": one.finished.agent.agent_id,
                "sequence": last.get(one.finished.agent.agent_id, 0) + 1,
                "turn_id": one.finished.turn_id,
                "moment": one.moment,
                "document": episode_of(command, one),
            }
            for one in new
        ]
        await append(tx, episodes, rows)
        newest = {row["agent_id"]: row["sequence"] for row in rows}
        lasting = await self._consolidated(tx, command.simulation_id, timeline, newest)
        kept: list[JsonObject] = [
            {**key, "agent_id": agent_id, "through": newest[agent_id] - LAST_EPISODES, "documents": documents}
            for agent_id, documents in lasting.items()
        ]
        await upsert(tx, recollections, kept)

    async def _consolidated(
        self, tx: Transaction, simulation_id: str, timeline: Timeline, last: Mapping[str, int]
    ) -> dict[str, list[Recollection]]:
        """What lasts of the episodes that have left the window, of those who have any; `last` is by agent.

        What is kept is a beginning: the rest, on a new timeline everything, comes from the log.
        """
        full = [agent_id for agent_id, sequence in last.items() if sequence > FIRST_EPISODES + LAST_EPISODES]
        kept = await self._find_recollections(tx, simulation_id, timeline, full)
        known = {agent_id: kept.get(agent_id, (FIRST_EPISODES, [])) for agent_id in full}
        late = [agent_id for agent_id, (through, _) in known.items() if through < last[agent_id] - LAST_EPISODES]
        log = await self._find_episodes(
            tx, simulation_id, timeline, {agent_id: known[agent_id][0] for agent_id in late}
        )
        lasting = {agent_id: documents for agent_id, (_, documents) in known.items()}
        first: list[JsonObject] = [{}] * FIRST_EPISODES
        for agent_id, documents in log.items():
            _, lasting[agent_id] = consolidate([*first, *documents], lasting[agent_id])
        return lasting

    async def _find_episodes(
        self, tx: Transaction, simulation_id: str, timeline: Timeline, after: Mapping[str, int]
    ) -> dict[str, list[JsonObject]]:
        """The log of each agent after a sequence, oldest first."""
        if not after:
            return {}
        query = (
            select(episodes.c.agent_id, episodes.c.sequence, episodes.c.document)
            .where(
                on_timeline(episodes, tx, simulation_id, timeline),
                among(episodes.c.agent_id, list(after)),
                episodes.c.sequence > min(after.values()),
            )
            .order_by(episodes.c.agent_id, episodes.c.sequence)
        )
        found: dict[str, list[JsonObject]] = {agent_id: [] for agent_id in after}
        for row in await tx.execute(query):
            if row.sequence > after[row.agent_id]:
                found[row.agent_id].append(row.document)
        return found

    async def _find_recollections(
        self, tx: Transaction, simulation_id: str, timeline: Timeline, agent_ids: Sequence[str]
    ) -> dict[str, tuple[int, list[Recollection]]]:
        """(newest episode that is consolidated, what lasts) of those who have any on this very timeline."""
        if not agent_ids:
            return {}
        query = select(recollections.c.agent_id, recollections.c.through, recollections.c.documents).where(
            recollections.c.tenant == tx.tenant,
            recollections.c.simulation_id == simulation_id,
            recollections.c.timeline_id == timeline.timeline_id,
            among(recollections.c.agent_id, agent_ids),
        )
        return {row.agent_id: (row.through, row.documents) for row in await tx.execute(query)}


def _lasts(record: TurnRecord, command: DeliverStimulus) -> bool:
    """Whether a turn is remembered: one that was taken, or something that was taken in without one."""
    finished = record.finished
    return finished.turn is not None or (finished.untaken == "silent" and command.stimulus is not None)
