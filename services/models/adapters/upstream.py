"""An OpenAI-compatible server as a backend.

The SDK's own retries are off and its parsing is not used: retries would hide calls from the ledger, and servers send
replies it cannot read. The `openai` package is imported with the first call, which keeps it out of embedded memory.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter
from typing import TYPE_CHECKING, Any

from services.models.domain.calls import ANY_OBJECT, CHARACTERS_PER_TOKEN, Call, Outcome
from services.models.domain.replies import Reading, is_format_refused, is_retryable, read_completion, shorten
from services.models.domain.retries import MAX_ATTEMPTS, RetryBudget, delay_s

if TYPE_CHECKING:
    from openai import AsyncOpenAI

log = logging.getLogger(__name__)
NO_KEY = "none"
NO_TIMEOUT = None  # `asyncio.timeout` bounds the whole attempt; the client's limits hold for each read alone
SCHEMA_NAME = "reply"


class Format(StrEnum):
    """How a JSON answer is asked for, the strictest first."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    PROMPT = "prompt"

    @property
    def weaker(self) -> "Format | None":
        """The next way to try when a server refuses this one."""
        order = list(Format)
        return order[order.index(self) + 1] if self is not order[-1] else None


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

    def __init__(
        self, url: str, api_key: str | None, models: Sequence[str], *, concurrency: int, timeout_s: float
    ) -> None:
        self.models = tuple(models)
        self._url = url
        self._api_key = api_key
        self._timeout_s = timeout_s
        self._slots = asyncio.Semaphore(concurrency)
        self._formats: dict[str, Format] = {}
        self._budget = RetryBudget()
        self._client: AsyncOpenAI | None = None

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
        if self._client is not None:
            await self._client.close()

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
        """One request. Whatever happens to it becomes a value, except that the process is stopped."""
        import openai

        try:
            async with asyncio.timeout(self._timeout_s):
                raw = await self._connection().chat.completions.with_raw_response.create(**_request(call, asked))
                body = raw.text
            return read_completion(body, wants_json=call.response_schema is not None)
        except TimeoutError:
            return _Trouble(f"the provider did not answer within {self._timeout_s:g} s", is_retryable=True)
        except openai.APIStatusError as error:
            return _refusal(error.status_code, error.response.text, error.response.headers.get("retry-after"))
        except openai.APIConnectionError as error:
            return _Trouble(f"the provider cannot be reached: {_root(error)}", is_retryable=True)
        except Exception as error:  # an untrusted server met a client library: one turn fails, not the batch
            log.exception("call to model %s failed unexpectedly", call.model)
            return _Trouble(f"the call failed: {type(error).__name__}", is_retryable=False)

    def _connection(self) -> "AsyncOpenAI":
        if self._client is None:
            from openai import AsyncOpenAI, DefaultAioHttpClient

            self._client = AsyncOpenAI(
                base_url=self._url,
                api_key=self._api_key or NO_KEY,
                max_retries=0,
                timeout=NO_TIMEOUT,
                http_client=DefaultAioHttpClient(),
            )
        return self._client


def _root(error: BaseException) -> str:
    """The kind of the first error of a chain: the client calls a refused connection a timeout."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return type(error).__name__


def _refusal(status: int, body: str, retry_after: str | None) -> _Trouble:
    """A status other than 2xx."""
    return _Trouble(
        f"the provider answered {status}: {shorten(body)}",
        is_retryable=is_retryable(status),
        retry_after=retry_after,
        is_format=is_format_refused(status, body),
    )


def _request(call: Call, asked: Format) -> dict[str, Any]:
    """The arguments of a chat completion. Temperature 1 is every server's default, and some refuse to be told so."""
    messages = [{"role": message.role, "content": message.content} for message in (*call.shared, *call.messages)]
    request: dict[str, Any] = {"model": call.model, "messages": messages, "seed": call.seed}
    request |= call.sampling.more
    if call.sampling.temperature != 1.0:
        request["temperature"] = call.sampling.temperature
    if call.sampling.max_completion_tokens is not None:
        request["max_completion_tokens"] = call.sampling.max_completion_tokens
    if call.response_schema is None:
        return request
    if call.response_schema == ANY_OBJECT:
        request["response_format"] = {"type": "json_object"}
        return request
    if asked is Format.JSON_SCHEMA:
        schema = {"name": SCHEMA_NAME, "strict": True, "schema": call.response_schema}
        request["response_format"] = {"type": "json_schema", "json_schema": schema}
        return request
    messages.append({"role": "system", "content": _schema_in_words(call)})
    if asked is Format.JSON_OBJECT:
        request["response_format"] = {"type": "json_object"}
    return request


def _schema_in_words(call: Call) -> str:

    return f"Answer with one JSON object of this JSON Schema and nothing else: {json.dumps(call.response_schema)}"
