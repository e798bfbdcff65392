"""Finding out what a model takes, in as few and as small requests as possible: two for a server that takes everything.

The first request asks for everything at once; what is refused is left out, until the server answers. The prompt asks
for a word and not for JSON, so that a server which ignores the schema gives itself away. The second one asks for a long
answer with a small limit, since several servers ignore the limit's newer name.
"""

from dataclasses import dataclass, replace

from libs.contracts.turns import ChatMessage
from services.models.adapters.upstream.connection import Connection, Exchange
from services.models.adapters.upstream.requests import chat_request
from services.models.domain.calls import CHARACTERS_PER_TOKEN, Call, Sampling
from services.models.domain.capabilities import BEST, Capabilities, Format
from services.models.domain.refusals import OK, Cause, read_refusal
from services.models.domain.replies import LENGTH, Reading, read_completion
from services.models.domain.vectors import read_vectors

MAX_REQUESTS = 8
ROOM = 256
"""Tokens of the first answer: a model that thinks first needs some."""
LIMIT = 16
MUCH_LONGER = 3
KEY = f"{1:064x}"
READY = {
    "type": "object",
    "properties": {"state": {"type": "string", "enum": ["ready"]}},
    "required": ["state"],
    "additionalProperties": False,
}
WORD = (
    ChatMessage(role="system", content="You answer with one word."),
    ChatMessage(role="user", content="This is a test of the connection."),
    ChatMessage(role="user", content="Say: ready"),
)
NUMBERS = (ChatMessage(role="user", content="Write the numbers from 1 to 100."),)


@dataclass(slots=True)
class Probe:
    """What a probe found, or the problem that kept it from finding anything, and what it cost."""

    capabilities: Capabilities | None = None
    dimensions: int | None = None
    problem: str = ""
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def count(self, found: Reading) -> None:
        """Add the tokens of an answer."""
        self.prompt_tokens += found.prompt_tokens or 0
        self.completion_tokens += found.completion_tokens or 0


async def probe_chat(connection: Connection, model: str) -> Probe:
    """What a chat model takes."""
    probe, asked = Probe(), BEST
    for _ in range(MAX_REQUESTS):
        call = Call(KEY, model, (), WORD, READY, Sampling(seed=0, max_completion_tokens=ROOM))
        exchange = await _send(connection, probe, call, asked)
        if exchange.status == OK and isinstance(found := read_completion(exchange.document, READY), Reading):
            probe.count(found)
            weaker = asked.without(Cause.FORMAT) if _is_ignored(found, asked.format) else None
            if weaker is None:
                usage = found.prompt_tokens is not None
                probe.capabilities = await _with_limit(connection, probe, model, replace(asked, usage=usage))
                return probe
        else:
            refusal = read_refusal(exchange.status, exchange.body)
            weaker = None if exchange.problem else asked.without(refusal.cause)
            if weaker is None:
                probe.problem = exchange.problem or refusal.message
                return probe
        asked = weaker
    probe.problem = f"{MAX_REQUESTS} requests were refused, each for another reason"
    return probe


async def probe_embeddings(connection: Connection, model: str) -> Probe:
    """Whether a model gives vectors, and how long they are."""
    probe = Probe(calls=1)
    exchange = await connection.post("/embeddings", {"model": model, "input": ["ready"]})
    found = read_vectors(exchange.document, 1) if exchange.status == OK else None
    if found is None:
        probe.problem = exchange.problem or read_refusal(exchange.status, exchange.body).message
    elif isinstance(found, str):
        probe.problem = found
    else:
        probe.dimensions = len(found.vectors[0])
        probe.prompt_tokens = found.prompt_tokens or 0
    return probe


async def _with_limit(connection: Connection, probe: Probe, model: str, asked: Capabilities) -> Capabilities:
    """With the limit's older name when the newer one is not heeded."""
    call = Call(KEY, model, (), NUMBERS, None, Sampling(seed=0, max_completion_tokens=LIMIT))
    exchange = await _send(connection, probe, call, asked)
    found = read_completion(exchange.document, None) if exchange.status == OK else None
    if not isinstance(found, Reading):
        return asked
    probe.count(found)
    counted = found.completion_tokens
    written = len(found.content or "") // CHARACTERS_PER_TOKEN if counted is None else counted
    is_heeded = found.finish_reason == LENGTH or written <= MUCH_LONGER * LIMIT
    return asked if is_heeded else asked.without(Cause.TOKEN_LIMIT) or asked


async def _send(connection: Connection, probe: Probe, call: Call, asked: Capabilities) -> Exchange:
    probe.calls += 1
    return await connection.post("/chat/completions", chat_request(call, call.model, asked))


def _is_ignored(found: Reading, asked: Format) -> bool:
    """Whether something was written that the format would not have let through."""
    if asked is Format.PROMPT or not found.reply or found.finish_reason == LENGTH:
        return False
    return asked.is_enforced or not found.reply.startswith("{")
