"""An OpenAI-compatible server as a backend: which requests a call takes, until there is an answer or a reason.

A call is asked as its model takes it. What the server refuses is asked in the next way, and learnt. A reply that cannot
be read is asked for once more. When a request is made, and whether again, is for the gate of its model.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from services.models.adapters.backend import Wanted
from services.models.adapters.upstream.connection import Connection
from services.models.adapters.upstream.gate import Asked, Gate, UnwantedError, always
from services.models.adapters.upstream.knowledge import Knowledge
from services.models.adapters.upstream.requests import chat_request
from services.models.domain.calls import CHARACTERS_PER_TOKEN, Call, Outcome, Spent
from services.models.domain.refusals import OK, Cause, Refusal, read_refusal
from services.models.domain.repair import repair_of
from services.models.domain.replies import LENGTH, Reading, read_completion
from services.models.domain.scheduling.shares import Share
from services.models.settings import Endpoint


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one call: what was read of it, and what it cost."""

    found: Reading | Refusal
    attempts: int
    latency_s: float
    spent: tuple[Spent, ...]


class Upstream:
    """The chat models of one endpoint."""

    is_free = False
    is_batched = False

    def __init__(
        self, endpoint: Endpoint, connection: Connection, knowledge: Knowledge, gates: Mapping[str, Gate]
    ) -> None:
        self._served_as = {model.name: model.served_as for model in endpoint.models}
        self.models = tuple(self._served_as)
        self._connection = connection
        self._knowledge = knowledge
        self._gates = gates

    def snapshot(self, model: str) -> str:
        """A server does not say its version before it answers: the name it was asked by."""
        return model

    async def run(self, calls: Sequence[Call], share: Share, is_wanted: Wanted) -> AsyncIterator[Outcome]:
        """Make the calls concurrently, as the server bears them."""
        tasks = [asyncio.create_task(self._answer(call, share, partial(is_wanted, call.key))) for call in calls]
        try:
            for finished in asyncio.as_completed(tasks):
                yield await finished
        finally:
            for task in tasks:
                task.cancel()

    async def _answer(self, call: Call, share: Share, is_wanted: Callable[[], bool]) -> Outcome:
        try:
            answer = await self._completed(call, share, is_wanted)
        except UnwantedError:
            self._gates[call.model].settle(call.estimated_tokens, 0)
            return Outcome(call.key, call.model, None, "nobody waits for it", is_answered=False, is_withdrawn=True)
        return await self.finish(call, answer, share)

    async def finish(self, call: Call, answer: Answer, share: Share) -> Outcome:
        """The outcome of a call that was answered, asked for once more if it cannot be read."""
        outcome, found = _outcome(call, answer), answer.found
        if isinstance(found, Reading) and found.failure is not None and found.reply is not None:
            again = repair_of(call, found.reply, found.failure, is_cut_off=found.finish_reason == LENGTH)
            outcome = _repaired(outcome, _outcome(again, await self._completed(again, share)))
        return outcome

    async def _completed(self, call: Call, share: Share, is_wanted: Callable[[], bool] = always) -> Answer:
        """Ask in the ways the model may take, until one is taken. Asking in another way is no retry."""
        capabilities = await self._knowledge.of(call)
        gate = self._gates[call.model]
        attempts, latency_s = 0, 0.0
        while True:
            request = chat_request(call, self._served_as[call.model], capabilities)
            send = partial(self._connection.post, "/chat/completions", request)
            asked = await gate.ask(share, call.estimated_tokens, send, is_wanted)
            attempts += asked.attempts
            latency_s += asked.exchange.latency_s
            found = _read(asked, call)
            if isinstance(found, Reading):
                spent = spent_on(call, found)
                gate.settle(call.estimated_tokens, spent.prompt_tokens + spent.completion_tokens)
                return Answer(found, attempts, latency_s, (spent,))
            weaker = capabilities.without(found.cause)
            if weaker is None:
                filtered = (Spent(prompt_tokens=_estimated(call)),) if found.cause is Cause.FILTER else ()
                return Answer(found, attempts, latency_s, filtered)
            self._knowledge.learn(call, capabilities, found.cause)
            capabilities = weaker


def _read(asked: Asked, call: Call) -> Reading | Refusal:
    exchange = asked.exchange
    if exchange.problem:
        return Refusal(Cause.OTHER, exchange.problem + asked.remark, is_retryable=True)
    if exchange.status == OK:
        return read_completion(exchange.document, call.response_schema)
    refusal = read_refusal(exchange.status, exchange.body)
    return replace(refusal, message=refusal.message + asked.remark)


def _outcome(call: Call, answer: Answer) -> Outcome:
    """The outcome of one call. A filtered prompt was read and is paid for: asked again, it would be filtered again."""
    found = answer.found
    outcome = Outcome(
        key=call.key,
        model=call.model,
        content=None,
        failure=None,
        is_answered=True,
        spent=answer.spent,
        attempts=answer.attempts,
        latency_ms=answer.latency_s * 1_000,
    )
    if isinstance(found, Refusal):
        return replace(outcome, failure=found.message, is_answered=found.cause is Cause.FILTER)
    return replace(
        outcome,
        model=found.model or call.model,
        content=found.content,
        failure=found.failure,
        finish_reason=found.finish_reason,
    )


def _repaired(first: Outcome, second: Outcome) -> Outcome:
    """Both together. When the second brought nothing either, the call failed for both reasons."""
    failure = second.failure and f"{first.failure} (asked once more: {second.failure})"
    return replace(
        second,
        model=second.model if second.is_answered else first.model,
        failure=failure,
        is_answered=True,
        spent=first.spent + second.spent,
        is_repaired=True,
        attempts=first.attempts + second.attempts,
        latency_ms=first.latency_ms + second.latency_ms,
    )


def spent_on(call: Call, found: Reading, *, is_batched: bool = False) -> Spent:
    """The tokens the server counted; estimated where it did not say."""
    prompt, completion = found.prompt_tokens, found.completion_tokens
    written = found.content or found.reply or ""
    return Spent(
        prompt_tokens=_estimated(call) if prompt is None else prompt,
        cached_prompt_tokens=found.cached_prompt_tokens,
        completion_tokens=len(written) // CHARACTERS_PER_TOKEN if completion is None else completion,
        is_batched=is_batched,
    )


def _estimated(call: Call) -> int:
    return call.prompt_characters // CHARACTERS_PER_TOKEN
