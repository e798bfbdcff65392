"""The TinyTroupe engine: the library decides what an agent does, and one more call reads the answers from that.

Every model call goes through the models service as a turn of ours does: ledger, budget, price and usage are the same,
and a delivery done again pays for nothing twice. The library's own `ResultsExtractor` is not used: it asks without a
schema, one agent after the other, and a failure becomes nothing at all.
"""

import asyncio
from collections.abc import AsyncGenerator, Coroutine, Sequence
from contextlib import aclosing
from itertools import count
from typing import Literal

from libs.contracts.base import JsonObject
from libs.contracts.communication import DeliverStimulus
from libs.contracts.protocol import Usage, total_usage
from libs.contracts.turns import ChatMessage, TurnBatch, TurnReply, TurnRequest
from libs.minds.blocks import canonical
from libs.minds.extraction import extraction_messages, extraction_schema
from libs.minds.options import option_orders
from libs.minds.reply import json_of
from libs.minds.tools import Toolbox, Tools
from libs.models import Models, ModelsError
from services.communication.adapters.engine import Availability, Encounter
from services.communication.adapters.native import TOKENS_WITH_TOOLS
from services.communication.adapters.tinytroupe.forecast import forecast, work
from services.communication.adapters.tinytroupe.installation import examine
from services.communication.adapters.tinytroupe.pool import Pool
from services.communication.adapters.tinytroupe.process import FailedTurnError, Process
from services.communication.adapters.tinytroupe.terms import actions_of, content_of, memory_of, person_of, stimuli_of
from services.communication.domain.estimates import Call, Work

MOST_CALLS = 10
CHAT = "/v1/chat/completions"


class TinyTroupeEngine:
    """Drives the library in child processes, where it is installed."""

    def __init__(self, models: Models, tools: Tools, *, python: str, processes: int, start_s: float) -> None:
        self._models = models
        self._tools = tools
        self._python = python
        self._installed: Availability | None = None
        self._pool = Pool(lambda: Process(python, start_s=start_s), most=processes)

    async def start(self) -> None:
        """Nothing is started before it is needed: the library takes seconds and a quarter of a gigabyte."""

    async def stop(self) -> None:
        """End the children."""
        await self._pool.stop()

    async def availability(self) -> Availability:
        """Whether it can run here, and if not, why; once it is found it is not looked for again."""
        if self._installed is None or self._installed.problem is not None:
            self._installed = await examine(self._python)
        return self._installed

    def forecast(self, command: DeliverStimulus, encounters: Sequence[Encounter], earlier: int) -> tuple[Call, ...]:
        """One call for the actions and one for the answers, the library's part of the prompt as it was measured."""
        return forecast(command, encounters, earlier)

    def work(self) -> Work:
        """What the library takes, as it was measured."""
        return work()

    async def turns(self, command: DeliverStimulus, encounters: Sequence[Encounter]) -> AsyncGenerator[TurnReply, None]:
        """The replies in the order in which they finish."""
        tools = self._tools.box(command.tools)
        turns = [_Turn(self._models, tools, command, encounter) for encounter in encounters]
        try:
            async with (
                self._pool.lease(command.simulation_id) as process,
                aclosing(_as_they_finish([turn.take(process) for turn in turns])) as replies,
            ):
                async for reply in replies:
                    yield reply
        except FailedTurnError as error:  # the library is there and cannot be imported
            for turn in turns:
                yield turn.failed(error.reason)


async def _as_they_finish(turns: Sequence[Coroutine[None, None, TurnReply]]) -> AsyncGenerator[TurnReply, None]:
    tasks = [asyncio.create_task(turn) for turn in turns]
    try:
        for finished in asyncio.as_completed(tasks):
            yield await finished
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Turn:
    """One turn, its calls numbered: the n-th is the same draw when the delivery is done again."""

    def __init__(self, models: Models, tools: Toolbox, command: DeliverStimulus, encounter: Encounter) -> None:
        self._models = models
        self._tools = tools
        self._command = command
        self._encounter = encounter
        self._calls = count(1)
        self._used: list[Usage] = []
        self._model = command.model

    async def take(self, process: Process) -> TurnReply:
        command, memory, present = self._command, self._encounter.memory, self._encounter.present
        orders = option_orders(command.instruments, command.seed, self._encounter.agent.agent_id)
        turn = {
            **person_of(self._encounter.agent),
            "tools": actions_of(self._tools),
            "memory": memory_of(memory),
            "stimuli": stimuli_of(command.stimulus, command.instruments, orders, memory.heard, present),
        }
        try:
            acted = await process.take(turn, self._answer)
            content = content_of(acted, await self._extract(acted["actions"]))
        except (FailedTurnError, ValueError) as error:
            return self.failed(str(error))
        return self._reply("answered", content=content)

    def failed(self, reason: str) -> TurnReply:
        """The reply of a turn that came to nothing."""
        return self._reply("failed", failure=reason)

    def _reply(
        self, status: Literal["answered", "failed"], content: str | None = None, failure: str | None = None
    ) -> TurnReply:
        return TurnReply(
            turn_id=self._encounter.turn_id,
            status=status,
            content=content,
            failure=failure,
            usage=total_usage(self._used),
            model=self._model,
        )

    async def _extract(self, actions: list[JsonObject]) -> str | None:
        instruments = self._command.instruments
        if not instruments:
            return None
        shared, own = extraction_messages(self._command.stimulus, instruments, self._encounter.agent, actions)
        return await self._ask(shared, own, extraction_schema(instruments), None)

    async def _answer(self, path: str, body: JsonObject) -> JsonObject:
        """A chat completion that the library asked for, in OpenAI's shape."""
        schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
        if path != CHAT or schema is None:
            raise FailedTurnError(f"TinyTroupe asked for {path} without a schema, which a turn does not need")
        longest = TOKENS_WITH_TOOLS if self._tools.tools else body.get("max_completion_tokens")
        messages = [ChatMessage.model_validate(message) for message in body["messages"]]
        if self._encounter.retake is not None:
            messages.append(self._encounter.retake)
        content = await self._ask((), tuple(messages), schema, longest)
        try:
            content = canonical(json_of(content))
        except ValueError as error:
            raise FailedTurnError(str(error)) from error
        message = {"role": "assistant", "content": content, "refusal": None}
        return {
            "id": f"chatcmpl-{self._encounter.turn_id}",
            "object": "chat.completion",
            "created": 0,
            "model": self._model,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        }

    async def _ask(
        self,
        shared: tuple[ChatMessage, ...],
        own: tuple[ChatMessage, ...],
        schema: JsonObject,
        max_completion_tokens: int | None,
    ) -> str:
        command, encounter, number = self._command, self._encounter, next(self._calls)
        if number > MOST_CALLS:
            raise FailedTurnError(f"TinyTroupe asked the model more than {MOST_CALLS} times in one turn")
        request = TurnRequest(
            turn_id=encounter.turn_id,
            agent_id=encounter.agent.agent_id,
            draw=encounter.draw * MOST_CALLS + number - 1,
            messages=own,
        )
        batch = TurnBatch(
            simulation_id=command.simulation_id,
            model=command.model,
            timeline_id=command.timeline_id,
            step_id=command.step_id,
            round=command.round,
            seed=command.seed,
            response_schema=schema,
            shared=shared,
            turns=(request,),
            **({} if max_completion_tokens is None else {"max_completion_tokens": max_completion_tokens}),
        )
        replies = [reply async for reply in self._models.turns(batch)]
        if not replies:
            raise ModelsError("the models service left a call without a reply")
        (reply,) = replies
        self._used.append(reply.usage)
        self._model = reply.model
        if reply.status == "failed" or reply.content is None:
            raise FailedTurnError(reply.failure or "the model gave no reason")
        return reply.content
