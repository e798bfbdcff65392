"""Use case of themes: texts coded twice by a model, each pass as if the other were not, or by rules.

The model names the themes once, from a sample. Then two passes label every text: in the second one labels and texts
stand in the opposite order and the ledger's draw is another, so that it is no copy of the first. A text that either
pass leaves out twice is not counted.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from libs.contracts.errors import InvalidError
from libs.contracts.evidence import Evidence
from libs.contracts.ids import derived_id
from libs.contracts.protocol import NO_USAGE, Usage, total_usage
from libs.contracts.tools import ThemesSpec
from libs.contracts.turns import ChatMessage, TurnBatch, TurnRequest, is_offline
from libs.db import Database
from libs.minds import normalization as prompts
from libs.models import ModelFailedError, Models, ModelsError, ask, ask_one, check_model, in_time, refusal_of
from services.results.domain.evidence import evidences
from services.results.domain.normalization import different
from services.results.domain.records import Study
from services.results.domain.themes import Coded, Text, Themes, fields_of, themes_by_rules, themes_of
from services.results.service.reading import read_replies, read_texts
from services.results.service.studies import find_study
from services.results.store import Store

SHOWN = 400
"""Different texts that a model sees when it names the themes."""
PORTION = 40
"""Texts that are labelled in one call."""
TOKENS = 1_500
STEP = "themes"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Themes, what they cost and what they are worth; no themes where rules find none."""

    themes: Themes | None
    usage: Usage
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class _Task:
    study: Study
    spec: ThemesSpec
    model: str
    texts: Sequence[Text]


class Codings:
    """Themes of the texts of a simulation."""

    def __init__(self, database: Database, store: Store, models: Models, wait_s: float) -> None:
        self._database, self._store, self._models, self._wait_s = database, store, models, wait_s

    async def code(self, simulation_id: str, spec: ThemesSpec, tenant: str) -> Outcome:
        """Code every text twice. Raises `NotFoundError`, `InvalidError`, `ModelFailedError`, `NotFinishedError`."""
        async with self._database.read(tenant=tenant) as tx:
            study = await find_study(self._store, tx, simulation_id)
            if spec.field not in fields_of(study):
                raise InvalidError("field", f"{spec.field!r} is no text of this simulation", fields_of(study))
            replies = await read_replies(self._store, tx, study)
            written = await read_texts(self._store, tx, study, replies, [spec.field])
            heads = await self._store.responses.headcount(tx, study)
        evidence, model = evidences(study, heads, 0).overall(heads), spec.model or study.model
        texts, of = written[spec.field]
        if not texts:
            raise InvalidError("field", "nothing was written there yet")
        if is_offline(model):
            by_rules = await asyncio.to_thread(themes_by_rules, written)
            return Outcome(next(iter(by_rules), None), NO_USAGE, evidence)
        await check_model(self._models, model)
        try:
            task = _Task(study, spec, model, texts)
            async with in_time(self._wait_s):
                found, usage = await self._by_model(task, of)
        except ModelsError as error:
            raise refusal_of(error) from error
        async with self._database.write(tenant=tenant) as tx:
            await self._store.codings.put(tx, simulation_id, found)
        return Outcome(found, usage, evidence)

    async def _by_model(self, task: _Task, of: int) -> tuple[Themes, Usage]:
        counted = different([text.words for text in task.texts])
        most = task.spec.n - 1  # Other is a theme too
        question = prompts.labels_messages(counted[:SHOWN], most, task.spec.hint)
        batch = _batch(task, prompts.labels_schema(), (), [question], 0)
        named = await ask_one(self._models, batch, lambda reply: prompts.read_labels(reply, most))
        labels, words = [*(named.value or ()), prompts.OTHER], [text for text, _ in counted]
        first, spent = await self._label(task, words, labels, 1)
        again, spent_again = await self._label(task, words[::-1], labels[::-1], 3)
        coded = [text for text in task.texts if text.words in first and text.words in again]
        if not coded:
            raise ModelFailedError(named.failure or "the model gave no text a theme")
        both = Coded([first[text.words] for text in coded], [again[text.words] for text in coded])
        found = await asyncio.to_thread(themes_of, task.spec.field, task.model, coded, both, of=of)
        return found, total_usage([named.usage, *spent, *spent_again])

    async def _label(
        self, task: _Task, words: Sequence[str], labels: Sequence[str], draw: int
    ) -> tuple[Mapping[str, str], list[Usage]]:
        """One pass: the label of each text; what is left out is asked for once more."""
        schema, shared = prompts.mapping_schema(labels), prompts.mapping_shared(labels)
        found: dict[str, str] = {}
        usages: list[Usage] = []
        for attempt in range(2):
            left = [text for text in words if text not in found]
            if not left:
                break
            portions = [left[start : start + PORTION] for start in range(0, len(left), PORTION)]
            batch = _batch(task, schema, shared, [prompts.mapping_messages(p) for p in portions], draw + attempt)
            portion_of = {turn.turn_id: portion for turn, portion in zip(batch.turns, portions, strict=True)}
            reading = ask(self._models, batch, lambda reply: prompts.read_mapping(reply, PORTION, labels))
            async with aclosing(reading) as answers:
                async for answer in answers:
                    portion = portion_of[answer.turn_id]
                    found |= {portion[at]: label for at, label in (answer.value or {}).items() if at < len(portion)}
                    usages.append(answer.usage)
        return found, usages


def _batch(
    task: _Task,
    schema: dict[str, object],
    shared: tuple[ChatMessage, ...],
    questions: Sequence[tuple[ChatMessage, ...]],
    draw: int,
) -> TurnBatch:
    return TurnBatch(
        simulation_id=task.study.simulation_id,
        model=task.model,
        timeline_id=STEP,
        step_id=STEP,
        round=0,
        seed=task.study.seed,
        max_completion_tokens=TOKENS,
        response_schema=schema,
        shared=shared,
        turns=tuple(
            TurnRequest(turn_id=str(derived_id(STEP, draw, place)), agent_id="", draw=draw, messages=messages)
            for place, messages in enumerate(questions)
        ),
    )
