"""An endpoint's models for embeddings as a backend: many texts in one request, one outcome for each text.

A request that the server refuses is halved, so that one text it cannot take does not fail the others.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from itertools import groupby

from libs.contracts.base import JsonObject
from services.models.adapters.backend import Wanted
from services.models.adapters.upstream.connection import Connection
from services.models.adapters.upstream.gate import Gate
from services.models.adapters.upstream.knowledge import Knowledge
from services.models.domain.calls import CHARACTERS_PER_TOKEN, Call, Outcome, Spent
from services.models.domain.refusals import OK, is_error, read_refusal
from services.models.domain.scheduling.shares import Share
from services.models.domain.vectors import Vectors, pack, read_vectors
from services.models.settings import Endpoint

MOST_TEXTS = 256
_REFUSED = frozenset({400, 413, 422})


class Embedder:
    """The models for embeddings of one endpoint."""

    is_free = False
    is_batched = False

    def __init__(
        self, endpoint: Endpoint, connection: Connection, knowledge: Knowledge, gates: Mapping[str, Gate]
    ) -> None:
        self._served_as = {model.name: model.served_as for model in endpoint.embedding_models}
        self.models = tuple(self._served_as)
        self._connection = connection
        self._knowledge = knowledge
        self._gates = gates
        self._most_texts = MOST_TEXTS

    def snapshot(self, model: str) -> str:
        """The name it was asked by."""
        return model

    async def run(self, calls: Sequence[Call], share: Share, is_wanted: Wanted) -> AsyncIterator[Outcome]:
        """Make the calls in as few requests as the server takes."""
        tasks = [asyncio.create_task(self._answer(part, share)) for part in self._parts(calls)]
        try:
            for finished in asyncio.as_completed(tasks):
                for outcome in await finished:
                    yield outcome
        finally:
            for task in tasks:
                task.cancel()

    def _parts(self, calls: Sequence[Call]) -> list[Sequence[Call]]:
        """Calls of one model with the same parameters, not too many together."""
        parts: list[Sequence[Call]] = []
        for _, alike in groupby(calls, key=lambda call: (call.model, *sorted(call.sampling.more.items()))):
            group = list(alike)
            parts += [group[start : start + self._most_texts] for start in range(0, len(group), self._most_texts)]
        return parts

    async def _answer(self, calls: Sequence[Call], share: Share) -> list[Outcome]:
        request: JsonObject = {
            "model": self._served_as[calls[0].model],
            "input": [call.messages[0].content for call in calls],
            **calls[0].sampling.more,
        }
        gate, tokens = self._gates[calls[0].model], sum(call.estimated_tokens for call in calls)
        asked = await gate.ask(share, tokens, partial(self._connection.post, "/embeddings", request))
        exchange, latency_ms = asked.exchange, asked.exchange.latency_s * 1_000
        found: Vectors | str | None = None
        if exchange.status == OK and not is_error(exchange.document):
            found = read_vectors(exchange.document, len(calls))
        elif exchange.status in _REFUSED and len(calls) > 1:
            return await self._halved(calls, share, exchange.body)
        if isinstance(found, Vectors):
            if "dimensions" not in request:
                self._knowledge.saw(calls[0].model, len(found.vectors[0]))
            outcomes = _outcomes(calls, found, asked.attempts, latency_ms)
            gate.settle(tokens, sum(outcome.prompt_tokens for outcome in outcomes))
            return outcomes
        refused = exchange.problem or read_refusal(exchange.status, exchange.body).message
        failure = found or refused + asked.remark
        return [
            Outcome(
                call.key, call.model, None, failure, found is not None, attempts=asked.attempts, latency_ms=latency_ms
            )
            for call in calls
        ]

    async def _halved(self, calls: Sequence[Call], share: Share, body: str) -> list[Outcome]:
        """Ask for both halves; a server that says its batches are smaller gets smaller ones from now on."""
        middle = len(calls) // 2
        if "batch" in body.lower():
            self._most_texts = min(self._most_texts, max(1, middle))
        return await self._answer(calls[:middle], share) + await self._answer(calls[middle:], share)


def _outcomes(calls: Sequence[Call], found: Vectors, attempts: int, latency_ms: float) -> list[Outcome]:
    """The tokens of a request are shared out by the length of the texts, and add up."""
    total = sum(call.prompt_characters for call in calls)
    tokens = total // CHARACTERS_PER_TOKEN if found.prompt_tokens is None else found.prompt_tokens
    outcomes, characters, shared = [], 0, 0
    for call, vector in zip(calls, found.vectors, strict=True):
        characters += call.prompt_characters
        part = tokens * characters // max(total, 1) - shared
        shared += part
        outcomes.append(
            Outcome(
                key=call.key,
                model=found.model or call.model,
                content=pack(vector),
                failure=None,
                is_answered=True,
                spent=(Spent(prompt_tokens=part),),
                attempts=attempts,
                latency_ms=latency_ms,
            )
        )
    return outcomes
