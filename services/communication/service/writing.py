"""Use cases of writing: a text made richer, or put into another style, by one model call. Nothing is kept."""

from libs.contracts.base import JsonObject
from libs.contracts.ids import derived_id
from libs.contracts.tools import EnrichmentSpec, StyleSpec
from libs.contracts.turns import ChatMessage, TurnBatch, TurnRequest
from libs.minds.writing import SCHEMA, enrichment_messages, read_written, style_messages
from libs.models import Asked, Models, ask_one, check_model

NO_PROSE = "the offline model writes no prose"
LEAST_TOKENS, MOST_TOKENS = 2_000, 32_000


class Writing:
    """Texts that a model writes anew."""

    def __init__(self, models: Models) -> None:
        self._models = models

    async def enrich(self, spec: EnrichmentSpec) -> Asked[str]:
        """A richer text. Raises `InvalidError`, `ModelFailedError`."""
        await check_model(self._models, spec.model, offline=NO_PROSE)
        messages = enrichment_messages(spec.content, spec.requirements, spec.content_type, spec.context)
        return await self._written("enrich", spec.model, messages, len(spec.content) * 2, spec.seed)

    async def style(self, spec: StyleSpec) -> Asked[str]:
        """The same in another style. Raises `InvalidError`, `ModelFailedError`."""
        await check_model(self._models, spec.model, offline=NO_PROSE)
        messages = style_messages(spec.content, spec.style, spec.content_type, spec.context)
        return await self._written("style", spec.model, messages, len(spec.content), spec.seed)

    async def _written(
        self, step: str, model: str, messages: tuple[ChatMessage, ...], characters: int, seed: int
    ) -> Asked[str]:
        tokens = min(MOST_TOKENS, LEAST_TOKENS + characters // 2)
        return await ask_one(
            self._models, question(step, model, messages, SCHEMA, seed=seed, tokens=tokens), read_written
        )


def question(
    step: str,
    model: str,
    messages: tuple[ChatMessage, ...],
    schema: JsonObject,
    *,
    seed: int,
    tokens: int,
    simulation_id: str = "",
) -> TurnBatch:
    """A single question. The same one with the same seed is answered from the ledger."""
    return TurnBatch(
        simulation_id=simulation_id,
        model=model,
        timeline_id=step,
        step_id=step,
        round=0,
        seed=seed,
        max_completion_tokens=tokens,
        response_schema=schema,
        shared=(),
        turns=(TurnRequest(turn_id=str(derived_id(step, simulation_id)), agent_id="", messages=messages),),
    )
