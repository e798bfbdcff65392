"""An OpenAI-compatible server as a backend: which requests a call takes, until there is an answer or a reason.

When a request is made, and whether again, is for the gate of its model.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from functools import partial

from services.models.adapters.upstream.connection import Connection, Exchange
from services.models.adapters.upstream.gate import Gate
from services.models.adapters.upstream.requests import Format, chat_request
from services.models.domain.calls import CHARACTERS_PER_TOKEN, Call, Outcome
from services.models.domain.replies import is_format_refused, read_completion, shorten
from services.models.domain.scheduling.schedule import Limits
from services.models.domain.scheduling.shares import Share
from services.models.settings import Endpoint

log = logging.getLogger(__name__)
OK = 200


class Upstream:
    """One server. Remembers by model which way of asking for JSON it accepts."""

    is_free = False

    def __init__(self, endpoint: Endpoint, api_key: str | None) -> None:
        self._served_as = {model.name: model.served_as for model in endpoint.models}
        self.models = tuple(self._served_as)
        self._connection = Connection(endpoint, api_key)
        limits = Limits(endpoint.concurrency, endpoint.rpm, endpoint.tpm)
        self._gates = {name: Gate(name, limits, outage_s=endpoint.outage_s) for name in self.models}
        self._formats: dict[str, Format] = {}

    def snapshot(self, model: str) -> str:
        """A server does not say its version before it answers: the name it was asked by."""
        return model

    async def run(self, calls: Sequence[Call], share: Share) -> AsyncIterator[Outcome]:
        """Make the calls concurrently, as the server bears them."""
        tasks = [asyncio.create_task(self._answer(call, share)) for call in calls]
        try:
            for finished in asyncio.as_completed(tasks):
                yield await finished
        finally:
            for task in tasks:
                task.cancel()

    async def close(self) -> None:
        """Close connections."""
        await self._connection.close()

    async def _answer(self, call: Call, share: Share) -> Outcome:
        attempts, exchange = await self._ask(call, share)
        latency_ms = exchange.latency_s * 1_000
        if exchange.status != OK:
            reason = exchange.problem or f"the provider answered {exchange.status}: {shorten(exchange.body)}"
            return Outcome(call.key, call.model, None, reason, False, attempts=attempts, latency_ms=latency_ms)
        found = read_completion(exchange.body, wants_json=call.response_schema is not None)
        estimated = len(found.content or "") // CHARACTERS_PER_TOKEN
        prompt_tokens, completion_tokens = found.prompt_tokens, found.completion_tokens
        outcome = Outcome(
            key=call.key,
            model=found.model or call.model,
            content=found.content,
            failure=found.failure,
            is_answered=True,
            prompt_tokens=call.prompt_characters // CHARACTERS_PER_TOKEN if prompt_tokens is None else prompt_tokens,
            cached_prompt_tokens=found.cached_prompt_tokens,
            completion_tokens=estimated if completion_tokens is None else completion_tokens,
            attempts=attempts,
            latency_ms=latency_ms,
        )
        self._gates[call.model].settle(call.estimated_tokens, outcome.prompt_tokens + outcome.completion_tokens)
        return outcome

    async def _ask(self, call: Call, share: Share) -> tuple[int, Exchange]:
        """(attempts, the last exchange). Asking in another format is no retry: it happens once a model."""
        attempts = 0
        while True:
            asked = self._formats.get(call.model, Format.JSON_SCHEMA)
            request = chat_request(call, self._served_as[call.model], asked)
            send = partial(self._connection.post, "/chat/completions", request)
            done = await self._gates[call.model].ask(share, call.estimated_tokens, send)
            attempts += done.attempts
            is_format = is_format_refused(done.exchange.status, done.exchange.body)
            if not is_format or call.response_schema is None or asked.weaker is None:
                return attempts, done.exchange
            self._weaken(call.model, asked, asked.weaker)

    def _weaken(self, model: str, refused: Format, weaker: Format) -> None:
        """Remember what a model refuses; of several calls that found out together, the first says so."""
        if self._formats.get(model, Format.JSON_SCHEMA) is refused:
            log.warning("model %s refuses %s; asking for %s from now on", model, refused, weaker)
            self._formats[model] = weaker
