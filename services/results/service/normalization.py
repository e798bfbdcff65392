"""Use case of normalisation: labels by a model, checked and asked again where they are missing, or by likeness."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

from libs.contracts.errors import InvalidError, NotFoundError
from libs.contracts.evidence import Evidence
from libs.contracts.ids import derived_id
from libs.contracts.protocol import NO_USAGE, Usage, total_usage
from libs.contracts.tools import NormalizationSpec
from libs.contracts.turns import ChatMessage, TurnBatch, TurnRequest, is_offline
from libs.db import Database, Transaction
from libs.minds import normalization as prompts
from libs.models import Asked, ModelFailedError, Models, ModelsError, ask, ask_one, check_model, in_time, refusal_of
from services.results.domain.evidence import evidences
from services.results.domain.extraction.model import Pair, Value
from services.results.domain.extraction.recorded import Recorded
from services.results.domain.normalization import Normalized, by_likeness, different, normalized
from services.results.domain.records import Turn
from services.results.service.reading import in_blocks
from services.results.service.studies import find_study
from services.results.store import Store

SHOWN = 400
"""Different texts that a model sees when it names the labels: the most frequent ones."""
PORTION = 40
"""Texts that are put into groups in one call."""
CALLS = 256
TOKENS_A_TEXT = 30
LEAST_TOKENS = 1_000
PAGE = 500
STEP = "normalize"
BY_LIKENESS = "average linkage of words and spelling"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Texts and what became of them; `evidence` is there when they are those of a simulation."""

    normalized: Normalized
    method: str
    usage: Usage
    evidence: Evidence | None


@dataclass(frozen=True, slots=True)
class _Texts:
    values: list[str]
    simulation_id: str
    seed: int
    evidence: Evidence | None


class Normalizations:
    """Few labels for many texts."""

    def __init__(self, database: Database, store: Store, models: Models, wait_s: float) -> None:
        self._database, self._store, self._models, self._wait_s = database, store, models, wait_s

    async def normalize(self, spec: NormalizationSpec, tenant: str) -> Outcome:
        """Label every text. Raises `InvalidError`, `NotFoundError`, `ModelFailedError`, `NotFinishedError`."""
        if not is_offline(spec.model):
            await check_model(self._models, spec.model)
        texts = await self._texts(spec, tenant)
        if is_offline(spec.model):
            found = await asyncio.to_thread(by_likeness, texts.values, spec.n)
            return Outcome(found, BY_LIKENESS, NO_USAGE, texts.evidence)
        try:
            async with in_time(self._wait_s):
                found, usage = await self._by_model(spec, texts)
        except ModelsError as error:
            raise refusal_of(error) from error
        return Outcome(found, spec.model, usage, texts.evidence)

    async def _texts(self, spec: NormalizationSpec, tenant: str) -> _Texts:
        if spec.simulation_id is None or spec.field is None:
            return _Texts(spec.values, "", 0, None)
        async with self._database.read(tenant=tenant) as tx:
            study = await find_study(self._store, tx, spec.simulation_id)
            if spec.extraction_id is not None:
                values = await self._extracted(tx, spec.simulation_id, spec.extraction_id, spec.field)
            else:
                values = await self._recorded(tx, spec.simulation_id, spec.field)
            heads = await self._store.responses.headcount(tx, study)
            evidence = evidences(study, heads, 0).overall(heads)
        return _Texts([text for value in values for text in _flat(value)], spec.simulation_id, study.seed, evidence)

    async def _extracted(self, tx: Transaction, simulation_id: str, extraction_id: str, field: str) -> list[Value]:
        extraction = await self._store.extractions.get(tx, simulation_id, extraction_id)
        if extraction is None:
            raise NotFoundError("extraction of this simulation", extraction_id)
        if field not in extraction.spec.fields:
            raise InvalidError("field", f"the extraction has no field {field!r}", extraction.spec.fields)
        values: list[Value] = []
        after: Pair | None = None
        while page := await self._store.extractions.page(tx, extraction_id, PAGE, after):
            values += [item.fields.get(field) for item in page]
            after = page[-1].place
        return values

    async def _recorded(self, tx: Transaction, simulation_id: str, field: str) -> list[Value]:
        study = await find_study(self._store, tx, simulation_id)
        recorded, agents = Recorded(study.instruments), await self._store.responses.agents(tx, simulation_id)
        async for turns in in_blocks(self._store, tx, simulation_id, agents):
            recorded.add(turns)
        if not recorded.has(field):
            raise InvalidError("field", f"{field!r} is not recorded; extract it first", recorded.names)
        values: list[Value] = []
        async for turns in in_blocks(self._store, tx, simulation_id, agents):
            groups: dict[Pair, list[Turn]] = {}
            for turn in turns:
                groups.setdefault((turn.agent_id, turn.arm), []).append(turn)
            values += [recorded.get(field, own)[0] for _, own in sorted(groups.items())]
        return values

    async def _by_model(self, spec: NormalizationSpec, texts: _Texts) -> tuple[Normalized, Usage]:
        counted = different(texts.values)
        if not counted:
            return normalized(texts.values, {}), NO_USAGE
        named = max(1, spec.n - 1)  # Other is a label too
        shown = counted[:SHOWN]
        batch = _batch(spec, texts, prompts.labels_schema(), (), [prompts.labels_messages(shown, named, spec.hint)])
        answer = await ask_one(self._models, batch, lambda reply: prompts.read_labels(reply, named))
        labels = answer.value or []
        if spec.n == 1:
            return normalized(texts.values, {text: labels[0] for text, _ in counted}), answer.usage
        allowed = [*labels, prompts.OTHER]
        mapping: dict[str, str] = {}
        answers: list[Asked[dict[int, str]]] = []
        for draw in range(2):  # the second time, what is missing
            missing = [text for text, _ in counted if text not in mapping]
            for start in range(0, len(missing), PORTION * CALLS):
                portions = _portions(missing[start : start + PORTION * CALLS])
                answers += await self._map(spec, texts, portions, allowed, mapping, draw)
        if not mapping and (failure := next((one.failure for one in answers if one.failure), None)):
            raise ModelFailedError(failure)
        unassigned = sum(text not in mapping for text, _ in counted)
        spent = total_usage([answer.usage, *(one.usage for one in answers)])
        return normalized(texts.values, mapping, unassigned), spent

    async def _map(
        self,
        spec: NormalizationSpec,
        texts: _Texts,
        portions: Sequence[Sequence[str]],
        labels: Sequence[str],
        mapping: dict[str, str],
        draw: int,
    ) -> list[Asked[dict[int, str]]]:
        """Add the labels of some texts to the mapping."""
        questions = [prompts.mapping_messages(portion) for portion in portions]
        schema, shared = prompts.mapping_schema(labels), prompts.mapping_shared(labels)
        batch = _batch(spec, texts, schema, shared, questions, draw)
        portion_of = {turn.turn_id: portion for turn, portion in zip(batch.turns, portions, strict=True)}
        found: list[Asked[dict[int, str]]] = []
        reading = ask(self._models, batch, lambda reply: prompts.read_mapping(reply, PORTION, labels))
        async with aclosing(reading) as answers:
            async for answer in answers:
                portion = portion_of[answer.turn_id]
                labelled = answer.value or {}
                mapping.update({portion[at]: label for at, label in labelled.items() if at < len(portion)})
                found.append(answer)
        return found


def _portions(texts: Sequence[str]) -> list[Sequence[str]]:
    return [texts[start : start + PORTION] for start in range(0, len(texts), PORTION)]


def _batch(
    spec: NormalizationSpec,
    texts: _Texts,
    schema: dict[str, object],
    shared: tuple[ChatMessage, ...],
    questions: Sequence[tuple[ChatMessage, ...]],
    draw: int = 0,
) -> TurnBatch:
    return TurnBatch(
        simulation_id=texts.simulation_id,
        model=spec.model,
        timeline_id=STEP,
        step_id=STEP,
        round=0,
        seed=texts.seed,
        max_completion_tokens=max(LEAST_TOKENS, PORTION * TOKENS_A_TEXT),
        response_schema=schema,
        shared=shared,
        turns=tuple(
            TurnRequest(turn_id=str(derived_id(STEP, place)), agent_id="", draw=draw, messages=messages)
            for place, messages in enumerate(questions)
        ),
    )


def _flat(value: Value) -> list[str]:
    """The texts in a value: those of a list each, nothing in what is missing."""
    if value is None or isinstance(value, dict):
        return []
    if isinstance(value, list):
        return value
    return [f"{value:g}" if isinstance(value, float) else str(value)]
