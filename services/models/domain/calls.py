"""What a model call is, what came of it, and the key under which the ledger knows it.

The key covers everything that may change the answer, and the place it is for (agent, timeline, step, round, draw), so
two agents never share an answer. It does not cover the simulation: the same study run again makes no new call.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from libs.contracts.base import JsonObject
from libs.contracts.turns import ChatMessage, Mode, TurnBatch

Messages = tuple[ChatMessage, ...]
USUAL_COMPLETION = 1_000
"""Tokens expected of a call that may write as much as it likes."""
STOP = "stop"
REFUSED = "refusal"
"""Finish reasons: OpenAI's, and that the model refused."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How an answer is sampled. `more` holds other parameters of chat completions, sent as they are."""

    seed: int
    temperature: float = 1.0
    max_completion_tokens: int | None = None
    more: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a simulation a set of calls is made."""

    timeline_id: str
    step_id: str = ""
    round: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a model. `shared` is the same object for every call of a batch, so it is worked on once."""

    key: str
    model: str
    shared: Messages
    messages: Messages
    response_schema: JsonObject | None
    sampling: Sampling
    is_repair: bool = False
    schema_characters: int = 0
    """Length of the schema as JSON: servers count it, more or less, as part of the prompt."""

    @property
    def seed(self) -> int:
        """A seed of its own for each call, in 31 bits: two draws of one prompt must not be the same sample."""
        return int(self.key[8:16] if self.is_repair else self.key[:8], 16) & 0x7FFF_FFFF

    @property
    def prompt_characters(self) -> int:
        """Length of all messages."""
        return sum(len(message.content) for message in (*self.shared, *self.messages))

    @property
    def estimated_tokens(self) -> int:
        """What it will use at most, as far as that is known beforehand."""
        return self.estimated_prompt_tokens + self.estimated_completion_tokens

    @property
    def estimated_prompt_tokens(self) -> int:
        """Of its messages and its schema."""
        return (self.prompt_characters + self.schema_characters) // CHARACTERS_PER_TOKEN

    @property
    def estimated_completion_tokens(self) -> int:
        """The most it may write, where that is said."""
        stated = self.sampling.max_completion_tokens
        return USUAL_COMPLETION if stated is None else stated


ANY_OBJECT: JsonObject = {"type": "object"}
"""The response schema of `response_format: {"type": "json_object"}`."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat completion as it was asked for."""

    model: str
    messages: Messages
    response_schema: JsonObject | None
    sampling: Sampling
    agent_id: str
    simulation_id: str
    mode: Mode | None

    def call(self, snapshot: str) -> Call:
        """The call that answers it."""
        place = Place(timeline_id="chat")
        keys = CallKeys(snapshot, self.response_schema, self.sampling, place, ())
        key = keys.key(self.messages, self.agent_id, draw=0)
        schema_characters = _length(self.response_schema)
        return Call(
            key, self.model, (), self.messages, self.response_schema, self.sampling, schema_characters=schema_characters
        )


@dataclass(frozen=True, slots=True)
class Embedding:
    """Vectors as they were asked for."""

    model: str
    texts: Sequence[str]
    dimensions: int | None
    simulation_id: str


def embedding_calls(model: str, snapshot: str, texts: Sequence[str], dimensions: int | None) -> list[Call]:
    """One call for each text. Whoever asks for the vector of a text gets the same one: the key knows no agent."""
    more = {} if dimensions is None else {"dimensions": dimensions}
    sampling = Sampling(seed=0, max_completion_tokens=0, more=more)

    def call(text: str) -> Call:
        key = hashlib.sha256(_canonical(["embedding", CallKeys.VERSION, snapshot, dimensions, text]).encode())
        return Call(key.hexdigest(), model, (), (ChatMessage(role="user", content=text),), None, sampling)

    return [call(text) for text in texts]


@dataclass(frozen=True, slots=True)
class Spent:
    """What one answered request cost in tokens."""

    prompt_tokens: int = 0
    cached_prompt_tokens: int = 0
    completion_tokens: int = 0
    is_batched: bool = False
    """True when it was part of a batch job, which providers sell cheaper."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a call: `content`, or `failure` and why."""

    key: str
    model: str
    """The model that answered, as it names itself."""
    content: str | None
    failure: str | None
    is_answered: bool
    """True when the provider answered, also unusably: then it was paid for and is never made again."""
    spent: tuple[Spent, ...] = ()
    """One for the answer, and another for the repair when there was one."""
    finish_reason: str = STOP
    is_repaired: bool = False
    """Whether the reply could not be read, and was asked for once more."""
    attempts: int = 1
    latency_ms: float = 0.0
    is_withdrawn: bool = False
    """True when nobody waited for it any more before it was begun: it costs nothing and may be made another time."""

    @property
    def prompt_tokens(self) -> int:
        """Of all its requests."""
        return sum(spent.prompt_tokens for spent in self.spent)

    @property
    def completion_tokens(self) -> int:
        """Of all its requests."""
        return sum(spent.completion_tokens for spent in self.spent)


CHARACTERS_PER_TOKEN = 4
"""For estimates, where a provider does not say how many tokens it counted."""


class CallKeys:
    """The ledger keys of calls that share model, messages, schema, parameters and step; the shared part is hashed once.

    A key is the SHA-256 of the canonical JSON (sorted keys, no spaces, ASCII) of
    [version, model, schema, parameters, timeline, step, round, [message, …], agent, draw].
    """

    VERSION = 1

    def __init__(
        self, model: str, schema: JsonObject | None, sampling: Sampling, place: Place, shared: Sequence[ChatMessage]
    ) -> None:
        parameters = {
            "seed": sampling.seed,
            "temperature": sampling.temperature,
            "max_completion_tokens": sampling.max_completion_tokens,
            **sampling.more,
        }
        head = [self.VERSION, model, schema, parameters, place.timeline_id, place.step_id, place.round]
        self._prefix = hashlib.sha256(f"{_canonical(head)[:-1]},[".encode())
        self._shared = _messages(shared)
        self._prefix.update(self._shared.encode())

    def key(self, messages: Sequence[ChatMessage], agent_id: str, draw: int) -> str:
        """The key of one call."""
        own = _messages(messages)
        digest = self._prefix.copy()
        separator = "," if own and self._shared else ""
        digest.update(f"{separator}{own}],{_canonical([agent_id, draw])[1:]}".encode())
        return digest.hexdigest()


def _messages(messages: Sequence[ChatMessage]) -> str:
    return ",".join(_canonical([message.role, message.content]) for message in messages)


def _length(schema: JsonObject | None) -> int:
    return 0 if schema is None else len(_canonical(schema))


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def calls_of(batch: TurnBatch, snapshot: str) -> list[Call]:
    """The calls of a batch, in its order. `snapshot` is the exact version of the model that will answer."""
    sampling = Sampling(batch.seed, batch.temperature, batch.max_completion_tokens)
    place = Place(timeline_id=batch.timeline_id, step_id=batch.step_id, round=batch.round)
    keys = CallKeys(snapshot, batch.response_schema, sampling, place, batch.shared)
    schema_characters = _length(batch.response_schema)
    return [
        Call(
            key=keys.key(turn.messages, turn.agent_id, turn.draw),
            model=batch.model,
            shared=batch.shared,
            messages=turn.messages,
            response_schema=batch.response_schema,
            sampling=sampling,
            schema_characters=schema_characters,
        )
        for turn in batch.turns
    ]
