"""Use cases of extraction: accept, carry out in blocks, show.

What needs no model is done in the request when it concerns few agents. Everything else is commands of one block each; a
block that is done again leaves alone what it finds done, and asks the ledger for what it paid for.
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from libs.contracts.errors import ConflictError, InvalidError, NotFoundError
from libs.contracts.evidence import Evidence
from libs.contracts.ids import derived_id, new_id
from libs.contracts.protocol import NO_USAGE, Usage
from libs.contracts.results import ExtractFields
from libs.contracts.tools import ExtractionSpec
from libs.contracts.turns import TurnBatch, TurnRequest, is_offline
from libs.db import Database, Transaction
from libs.minds.field_extraction import FieldValue, fields_schema, read_fields, record_messages, task_messages
from libs.models import Asked, Models, ask, check_model
from services.results.domain.extraction.fields import extract, gone, has_words, record_of, ways_of
from services.results.domain.extraction.model import Ended, Extracted, Extraction, FieldSummary, Pair, Progress
from services.results.domain.extraction.recorded import Recorded
from services.results.domain.extraction.summary import Summary
from services.results.domain.records import Study, Turn, in_order
from services.results.events import Events
from services.results.service.studies import explain_nothing, find_study
from services.results.store import Store

AT_ONCE = 500
"""Agents whose fields are got in the request, when no model is needed."""
BLOCK = 128
"""Agents of one command."""
PAGE = 1_000
WAITING = 100
"""Answers of a model that may wait to be stored: a crash has as many read again, and none paid again."""
MOST_TOKENS, TOKENS, TOKENS_A_FIELD = 4_000, 400, 100
STEP = "extract"

Read = Asked[dict[str, FieldValue]]


@dataclass(frozen=True, slots=True)
class Shown:
    """An extraction as it stands; `evidence` is what its simulation is worth."""

    extraction: Extraction
    progress: Progress
    evidence: Evidence

    @property
    def state(self) -> Literal["running", "completed"] | Ended:
        """Completed when every agent's fields were got, or could not be."""
        if self.progress.finished >= self.extraction.planned:
            return "completed"
        return self.extraction.ended or "running"


class Extractions:
    """Extractions from the recorded turns of one simulation each."""

    def __init__(self, database: Database, store: Store, events: Events, models: Models) -> None:
        self._database, self._store, self._events, self._models = database, store, events, models

    async def with_model(self, spec: ExtractionSpec, tenant: str) -> ExtractionSpec:
        """The request with the model that will read: the one it names or the simulation's. Raises `InvalidError`."""
        async with self._database.read(tenant=tenant) as tx:
            study = await find_study(self._store, tx, spec.simulation_id)
        chosen = spec.model or study.model
        if not is_offline(chosen):
            await check_model(self._models, chosen)
        return spec.model_copy(update={"model": chosen})

    async def create(self, tx: Transaction, spec: ExtractionSpec) -> Extraction:
        """Accept an extraction. Raises `InvalidError` when nobody is in its scope."""
        study = await find_study(self._store, tx, spec.simulation_id)
        pairs = await self._store.responses.subjects(tx, spec)
        if not pairs:
            await explain_nothing(self._store, tx, study, spec.arm, spec.segment, spec.agent_ids)
            raise InvalidError("simulation_id", "has no response of these agents, segment and arm")
        agents = list(dict.fromkeys(agent for agent, _ in pairs))
        first = await self._store.responses.of_agents(tx, spec, agents[:BLOCK])
        recorded = Recorded(study.instruments, first)
        model = spec.model or study.model
        extraction = Extraction(
            id=new_id("ext"),
            simulation_id=spec.simulation_id,
            spec=spec,
            model=model,
            ways=ways_of(spec, recorded, is_offline=is_offline(model)),
            planned=len(pairs),
            created_at=datetime.now(UTC),
        )
        await self._store.extractions.add(tx, extraction)
        if not extraction.asked and len(agents) <= AT_ONCE:
            groups = await self._groups(tx, extraction, agents)
            await self._store.extractions.finish(tx, extraction.id, _without_model(study, extraction, groups))
        else:
            for start in range(0, len(agents), BLOCK):
                await self._events.extract_fields(tx, extraction, agents[start : start + BLOCK])
        return extraction

    async def extract_block(self, data: ExtractFields, tenant: str) -> None:
        """Get the fields of some agents, in transactions of its own; of none once the extraction has ended."""
        async with self._database.read(tenant=tenant) as tx:
            study = await find_study(self._store, tx, data.simulation_id)
            extraction = await self._extraction(tx, data.simulation_id, data.extraction_id)
            if extraction.ended is not None:
                return
            done = await self._store.extractions.finished(tx, extraction.id, data.agent_ids)
            groups = await self._groups(tx, extraction, data.agent_ids)
        left = {pair: turns for pair, turns in groups.items() if pair not in done}
        readable = {pair: turns for pair, turns in left.items() if extraction.asked and has_words(turns)}
        silent = {pair: turns for pair, turns in left.items() if pair not in readable}
        met = {agent for agent, _ in (*groups, *done)}
        missing = [(gone(extraction.ways, agent), NO_USAGE) for agent in data.agent_ids if agent not in met]
        await self._finish(extraction, tenant, [*_without_model(study, extraction, silent), *missing])
        if readable:
            await self._read(study, extraction, readable, tenant)

    async def block_given_up(self, tx: Transaction, data: ExtractFields, error: str) -> None:
        """A block will never be got."""
        reason = f"the fields of {len(data.agent_ids)} agents were given up: {error}"
        await self._store.extractions.end(tx, data.simulation_id, data.extraction_id, "failed", reason)

    async def cancel(self, tx: Transaction, simulation_id: str, extraction_id: str) -> None:
        """Begin no further block. Raises `NotFoundError`; harmless when it has ended."""
        await self._extraction(tx, simulation_id, extraction_id)
        await self._store.extractions.end(tx, simulation_id, extraction_id, "cancelled", "cancelled by request")

    async def show(self, tx: Transaction, simulation_id: str, extraction_id: str, evidence: Evidence) -> Shown:
        """An extraction and how far it has come."""
        extraction = await self._extraction(tx, simulation_id, extraction_id)
        return Shown(extraction, await self._store.extractions.progress(tx, extraction_id), evidence)

    async def newest(self, tx: Transaction, simulation_id: str, limit: int, before: str | None) -> list[Extraction]:
        """The extractions of a simulation, newest first."""
        await find_study(self._store, tx, simulation_id)
        return await self._store.extractions.newest(tx, simulation_id, limit, before)

    async def items(
        self, tx: Transaction, extraction_id: str, limit: int, after: Pair | None, *, only_failed: bool = False
    ) -> list[Extracted]:
        """What was got so far, by agent."""
        return await self._store.extractions.page(tx, extraction_id, limit, after, only_failed=only_failed)

    async def summary(self, tx: Transaction, shown: Shown) -> list[FieldSummary]:
        """Every field over all agents. Raises `ConflictError` before everything was got."""
        if shown.state != "completed":
            raise ConflictError(
                f"The extraction is {shown.state}: there is a summary when every agent's fields were got."
            )
        summary = Summary(shown.extraction.spec.fields)
        async with aclosing(self._pages(tx, shown.extraction.id)) as pages:
            async for page in pages:
                for item in page:
                    summary.add(item)
                await asyncio.sleep(0)
        return summary.fields()

    async def pages(self, tenant: str, extraction_id: str) -> AsyncGenerator[list[Extracted], None]:
        """Everything that was got, in pages, in a transaction of its own."""
        async with self._database.read(tenant=tenant) as tx, aclosing(self._pages(tx, extraction_id)) as pages:
            async for page in pages:
                yield page

    async def _pages(self, tx: Transaction, extraction_id: str) -> AsyncGenerator[list[Extracted], None]:
        after: Pair | None = None
        while page := await self._store.extractions.page(tx, extraction_id, PAGE, after):
            yield page
            after = page[-1].place

    async def _groups(self, tx: Transaction, extraction: Extraction, agents: Sequence[str]) -> dict[Pair, list[Turn]]:
        """The turns of these agents by agent and arm, each oldest first."""
        groups: dict[Pair, list[Turn]] = {}
        for turn in in_order(await self._store.responses.of_agents(tx, extraction.spec, agents)):
            groups.setdefault((turn.agent_id, turn.arm), []).append(turn)
        return groups

    async def _read(self, study: Study, extraction: Extraction, groups: Mapping[Pair, list[Turn]], tenant: str) -> None:
        """Have a model read what was recorded, and store its answers as they come."""
        pairs = {_question(extraction, pair): pair for pair in groups}
        batch = _batch(study, extraction, {turn_id: groups[pair] for turn_id, pair in pairs.items()})
        waiting: list[tuple[Extracted, Usage]] = []
        try:
            async with aclosing(ask(self._models, batch, lambda reply: read_fields(reply, extraction.asked))) as read:
                async for answer in read:
                    waiting.append(
                        (_with_model(study, extraction, groups[pairs[answer.turn_id]], answer), answer.usage)
                    )
                    if len(waiting) == WAITING:
                        await self._finish(extraction, tenant, waiting)
                        waiting = []
        finally:
            await self._finish(extraction, tenant, waiting)

    async def _finish(self, extraction: Extraction, tenant: str, found: Sequence[tuple[Extracted, Usage]]) -> None:
        if found:
            async with self._database.write(tenant=tenant) as tx:
                await self._store.extractions.finish(tx, extraction.id, found)

    async def _extraction(self, tx: Transaction, simulation_id: str, extraction_id: str) -> Extraction:
        extraction = await self._store.extractions.get(tx, simulation_id, extraction_id)
        if extraction is None:
            raise NotFoundError("extraction of this simulation", extraction_id)
        return extraction


def _without_model(
    study: Study, extraction: Extraction, groups: Mapping[Pair, list[Turn]]
) -> list[tuple[Extracted, Usage]]:
    hints = extraction.spec.fields_hints
    return [
        (extract(extraction.ways, hints, Recorded(study.instruments, turns), turns, None, None), NO_USAGE)
        for turns in groups.values()
    ]


def _with_model(study: Study, extraction: Extraction, turns: Sequence[Turn], answer: Read) -> Extracted:
    recorded = Recorded(study.instruments, turns)
    return extract(extraction.ways, extraction.spec.fields_hints, recorded, turns, answer.value, answer.failure)


def _question(extraction: Extraction, pair: Pair) -> str:
    return str(derived_id("extraction", extraction.id, *pair))


def _batch(study: Study, extraction: Extraction, groups: Mapping[str, list[Turn]]) -> TurnBatch:
    """One question per agent and arm; its place in the ledger is no extraction's own, so the same again is free."""
    spec = extraction.spec
    task = {
        "fields": [{"name": field, "hint": spec.fields_hints.get(field)} for field in extraction.asked],
        "hint": spec.extraction_hint or None,
        "objective": spec.extraction_objective or None,
        "situation": spec.situation or None,
    }
    return TurnBatch(
        simulation_id=study.simulation_id,
        model=extraction.model,
        timeline_id=STEP,
        step_id=STEP,
        round=0,
        seed=study.seed,
        max_completion_tokens=min(MOST_TOKENS, TOKENS + TOKENS_A_FIELD * len(extraction.asked)),
        response_schema=fields_schema(extraction.asked),
        shared=task_messages({name: value for name, value in task.items() if value is not None}),
        turns=tuple(
            TurnRequest(
                turn_id=turn_id, agent_id=turns[-1].agent_id, messages=record_messages(*record_of(study, turns))
            )
            for turn_id, turns in groups.items()
        ),
    )
