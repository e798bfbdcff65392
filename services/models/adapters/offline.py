"""The offline model as a backend: reads the data blocks of a prompt and answers in this process, at no cost."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from time import perf_counter

import orjson

from libs.contracts.base import JsonObject
from libs.contracts.instruments import Instrument
from libs.minds.blocks import read_blocks
from services.models.adapters.backend import Wanted
from services.models.domain.calls import CHARACTERS_PER_TOKEN, Call, Messages, Outcome, Spent
from services.models.domain.offline import NAME, SNAPSHOT
from services.models.domain.offline.turn import read_instruments, reply, say, with_options
from services.models.domain.scheduling.shares import Share

CALLS_BETWEEN_PAUSES = 2
"""Other requests of the process are served after so many turns: about 3 ms."""


class Offline:
    """The offline model."""

    models = (NAME,)
    is_free = True
    is_batched = False

    def snapshot(self, model: str) -> str:
        """Name and version: a changed equation is another model."""
        return SNAPSHOT

    async def run(self, calls: Sequence[Call], share: Share, is_wanted: Wanted) -> AsyncIterator[Outcome]:
        """Answer one after the other."""
        shared = _Shared(calls[0].shared) if calls else None
        for place, call in enumerate(calls):
            if shared is None or call.shared is not shared.messages:
                shared = _Shared(call.shared)
            yield _answer(call, shared)
            if place % CALLS_BETWEEN_PAUSES == CALLS_BETWEEN_PAUSES - 1:
                await asyncio.sleep(0)


class _Shared:
    """The shared messages of a batch, read once."""

    def __init__(self, messages: Messages) -> None:
        self.messages = messages
        self.blocks: JsonObject = read_blocks(messages)
        self.instruments: tuple[Instrument, ...] = read_instruments(self.blocks.get("questions"))
        self.characters = sum(len(message.content) for message in messages)


def _answer(call: Call, shared: _Shared) -> Outcome:
    started = perf_counter()
    own = read_blocks(call.messages)
    content = _turn(call, shared, own) if own or shared.blocks else _chat(call)
    characters = shared.characters + sum(len(message.content) for message in call.messages)
    return Outcome(
        key=call.key,
        model=SNAPSHOT,
        content=content,
        failure=None,
        is_answered=True,
        spent=(Spent(characters // CHARACTERS_PER_TOKEN, 0, len(content) // CHARACTERS_PER_TOKEN),),
        latency_ms=(perf_counter() - started) * 1_000,
    )


def _turn(call: Call, shared: _Shared, own: Mapping[str, object]) -> str:
    """A prompt of data blocks. What stands in the shared messages comes first, and the first block of a kind counts."""
    questions = shared.instruments if "questions" in shared.blocks else read_instruments(own.get("questions"))
    stimulus = shared.blocks["stimulus"] if "stimulus" in shared.blocks else own.get("stimulus")
    if "options" in own:
        questions = with_options(questions, own["options"])
    persona = shared.blocks.get("persona", own.get("persona"))
    return orjson.dumps(reply(persona, stimulus, questions, call.response_schema, call.key)).decode()


def _chat(call: Call) -> str:
    """Any other prompt: the system text describes the person, the last user message is what they meet."""
    messages = (*call.shared, *call.messages)
    system = " ".join(message.content for message in messages if message.role == "system")
    said = next((message.content for message in reversed(messages) if message.role == "user"), "")
    if call.response_schema is None:
        return say({"interests": system}, said)
    return orjson.dumps(reply({"interests": system}, said, (), call.response_schema, call.key)).decode()
