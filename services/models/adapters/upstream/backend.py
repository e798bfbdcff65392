"""An OpenAI-compatible server as a backend: which requests a call takes, until there is an answer or a reason.

`_attempt` makes one request for a call. Status, headers, latency and tokens of every attempt are known there.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from time import perf_counter

from services.models.adapters.upstream.connection import Connection, Exchange
from services.models.adapters.upstream.requests import Format, chat_request
from services.models.domain.calls import CHARACTERS_PER_TOKEN, Call, Outcome
from services.models.domain.replies import Reading, is_format_refused, is_retryable, read_completion, shorten
from services.models.domain.retries import MAX_ATTEMPTS, RetryBudget, delay_s
from services.models.settings import Endpoint

log = logging.getLogger(__name__)
OK = 200


@dataclass(frozen=True, slots=True)
class _Trouble:
    """An attempt that brought no answer."""

    reason: str
    is_retryable: bool
    retry_after: str | None = None
    is_format: bool = False


class Upstream:
    """One server. Remembers by model which way of asking for JSON it accepts."""

    is_free = False

    def __init__(self, endpoint: Endpoint, api_key: str | None) -> None:
        self._served_as = {model.name: model.served_as for model in endpoint.models}
        self.models = tuple(self._served_as)
        self._connection = Connection(endpoint, api_key)
        self._slots = asyncio.Semaphore(endpoint.concurrency)
        self._formats: dict[str, Format] = {}
        self._budget = RetryBudget()

    def snapshot(self, model: str) -> str:
        """A server does not say its version before it answers: the name it was asked by."""
        return model

    async def run(self, calls: Sequence[Call]) -> AsyncIterator[Outcome]:
        """Make the calls concurrently, within the limit of the server."""
        tasks = [asyncio.create_task(self._answer(call)) for call in calls]
        try:
            for finished in asyncio.as_completed(tasks):
                yield await finished
        finally:
            for task in tasks:
                task.cancel()

    async def close(self) -> None:
        """Close connections."""
        await self._connection.close()

    async def _answer(self, call: Call) -> Outcome:
        async with self._slots:
            started = perf_counter()
            attempts, found = await self._attempts(call)
        latency_ms = (perf_counter() - started) * 1_000
        if isinstance(found, _Trouble):
            return Outcome(call.key, call.model, None, found.reason, False, attempts=attempts, latency_ms=latency_ms)
        estimated = len(found.content or "") // CHARACTERS_PER_TOKEN
        prompt_tokens, completion_tokens = found.prompt_tokens, found.completion_tokens
        return Outcome(
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

    async def _attempts(self, call: Call) -> tuple[int, Reading | _Trouble]:
        """(attempts, the answer or the last trouble). Asking in another format is no retry: it happens once a model."""
        self._budget.deposit()
        attempt = retries = 0
        while True:
            attempt += 1
            asked = self._formats.get(call.model, Format.JSON_SCHEMA)
            found = await self._attempt(call, asked)
            if isinstance(found, Reading):
                return attempt, found
            if found.is_format and call.response_schema is not None and asked.weaker is not None:
                self._weaken(call.model, asked, asked.weaker)
                continue
            retries += 1
            delay = delay_s(retries, found.retry_after)
            if not found.is_retryable or retries == MAX_ATTEMPTS or delay is None or not self._budget.withdraw():
                return attempt, found
            await asyncio.sleep(delay)

    def _weaken(self, model: str, refused: Format, weaker: Format) -> None:
        """Remember what a model refuses; of several calls that found out together, the first says so."""
        if self._formats.get(model, Format.JSON_SCHEMA) is refused:
            log.warning("model %s refuses %s; asking for %s from now on", model, refused, weaker)
            self._formats[model] = weaker

    async def _attempt(self, call: Call, asked: Format) -> Reading | _Trouble:
        """One request, and what came of it."""
        request = chat_request(call, self._served_as[call.model], asked)
        exchange = await self._connection.post("/chat/completions", request)
        if exchange.status == OK:
            return read_completion(exchange.body, wants_json=call.response_schema is not None)
        return _trouble(exchange)


def _trouble(exchange: Exchange) -> _Trouble:
    """No answer, or a status other than 200."""
    status = exchange.status
    if exchange.problem:
        return _Trouble(exchange.problem, is_retryable=True)
    return _Trouble(
        f"the provider answered {status}: {shorten(exchange.body)}",
        is_retryable=is_retryable(status),
        retry_after=exchange.headers.get("retry-after"),
        is_format=is_format_refused(status, exchange.body),
    )
