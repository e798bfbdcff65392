"""`POST /v1/chat/completions` in OpenAI's shape, through the ledger. The TinyTroupe engine speaks to it.

What cannot be honoured is refused by name: calling tools, and several answers at once.
"""

import asyncio
import json
import secrets
import time
from collections.abc import Iterator
from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import Field, field_validator, model_validator

from libs.contracts.base import Body, JsonObject
from libs.contracts.errors import DomainError
from libs.contracts.turns import ChatMessage, Mode
from libs.http import Tenant
from services.models.api.access import Metadata, Service
from services.models.api.openai_errors import OpenAiRoute
from services.models.domain.calls import ANY_OBJECT, REFUSED, STOP, Chat, Sampling
from services.models.service.ledger import Delivery
from services.models.store import Settled

router = APIRouter(route_class=OpenAiRoute)
SAMPLING_FIELDS = ("top_p", "stop", "presence_penalty", "frequency_penalty", "reasoning_effort", "verbosity")


class TextPart(Body):
    """A part of a message."""

    type: Literal["text"]
    text: str


class ChatMessageIn(Body):
    """A message of a chat completion."""

    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[TextPart]

    def plain(self) -> ChatMessage:
        """The message as backends get it."""
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return ChatMessage(role="system" if self.role == "developer" else self.role, content=text)


class JsonSchemaFormat(Body):
    """The `json_schema` of a response format."""

    name: str = "reply"
    description: str | None = None
    strict: bool | None = None
    schema_: JsonObject = Field(alias="schema")


class ResponseFormat(Body):
    """The form of the answer."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchemaFormat | None = None

    @model_validator(mode="after")
    def _has_a_schema(self) -> "ResponseFormat":
        if (self.type == "json_schema") != (self.json_schema is not None):
            raise ValueError("json_schema: is given with the type json_schema, and only with it")
        return self

    @property
    def response_schema(self) -> JsonObject | None:
        """The schema it asks for."""
        if self.json_schema is not None:
            return self.json_schema.schema_
        return ANY_OBJECT if self.type == "json_object" else None


class StreamOptions(Body):
    """What a stream holds beside the answer."""

    include_usage: bool = False


class ChatCompletionRequest(Body):
    """`POST /v1/chat/completions`. The same request with the same `seed` is answered from the ledger.

    A field that is null counts as not given.
    """

    model: str
    messages: list[ChatMessageIn] = Field(min_length=1, max_length=1_000)
    response_format: ResponseFormat | None = None
    seed: int | None = Field(default=None, description="Without one, every request is a new draw.")
    temperature: float = Field(default=1.0, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    stop: str | list[str] | None = None
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    reasoning_effort: str | None = Field(default=None, max_length=20)
    verbosity: str | None = Field(default=None, max_length=20)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    max_tokens: int | None = Field(default=None, ge=1, description="Older name of max_completion_tokens.")
    timeout: float | None = Field(default=None, gt=0, description="Seconds after which to stop waiting for the answer.")
    mode: Mode | None = Field(default=None, description="economy: in a batch job, cheaper and within a day.")
    n: int = 1
    stream: bool = Field(default=False, description="Send the finished answer as a stream of chunks.")
    stream_options: StreamOptions = StreamOptions()
    tools: tuple[JsonObject, ...] = ()
    tool_choice: Literal["none", "auto"] = "none"
    logprobs: Literal[False] = False
    user: str = Field(default="", max_length=128, description="The agent that asks; agents never share an answer.")
    metadata: Metadata = Metadata()

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: object) -> object:
        return {name: value for name, value in given.items() if value is not None} if isinstance(given, dict) else given

    @field_validator("n")
    @classmethod
    def _is_one(cls, number: int) -> int:
        if number != 1:
            raise ValueError("only one answer a request; ask again with another seed for another draw")
        return number

    @field_validator("tools")
    @classmethod
    def _are_none(cls, tools: tuple[JsonObject, ...]) -> tuple[JsonObject, ...]:
        if tools:
            raise ValueError("calling tools is not supported; leave it out, or ask for JSON with response_format")
        return tools

    def chat(self) -> Chat:
        """The request as the service takes it."""
        given = {name: value for name in SAMPLING_FIELDS if (value := getattr(self, name)) is not None}
        return Chat(
            model=self.model,
            messages=tuple(message.plain() for message in self.messages),
            response_schema=self.response_format.response_schema if self.response_format else None,
            sampling=Sampling(
                seed=secrets.randbits(31) if self.seed is None else self.seed,
                temperature=self.temperature,
                max_completion_tokens=self.max_completion_tokens or self.max_tokens,
                more=given,
            ),
            agent_id=self.user,
            simulation_id=self.metadata.simulation_id,
            mode=self.mode,
        )


class TooLateError(DomainError):
    """The answer did not come within the time that the client gave it."""

    title = "The model did not answer in time"
    status = 504


@router.post("/chat/completions", response_model=None)
async def complete_chat(body: ChatCompletionRequest, service: Service, tenant: Tenant) -> Response:
    """Answer a chat completion through the ledger. The answer is complete before its first byte, also in a stream."""
    try:
        async with asyncio.timeout(body.timeout):
            delivery = await service.complete(body.chat(), tenant)
    except TimeoutError:
        raise TooLateError(
            f"no answer within {body.timeout:g} s; the call goes on and is in the ledger later"
        ) from None
    if body.stream:
        chunks = _chunks(delivery, with_usage=body.stream_options.include_usage)
        return StreamingResponse(chunks, media_type="text/event-stream")
    message = _message(delivery.settled)
    choice = {"index": 0, "message": message, "finish_reason": _finish(delivery.settled), "logprobs": None}
    extra = {"is_cached": delivery.is_cached, "cost_usd": 0.0 if delivery.is_cached else delivery.settled.cost_usd}
    head = _head(delivery.settled, "chat.completion")
    return JSONResponse(head | {"choices": [choice], "usage": _usage(delivery.settled), "rehearsal": extra})


def _chunks(delivery: Delivery, *, with_usage: bool) -> Iterator[str]:
    """The answer as OpenAI streams it: the role, the content, the end, and the usage when it was asked for."""
    settled = delivery.settled
    head = _head(settled, "chat.completion.chunk")
    message = _message(settled)
    said = "content" if settled.content is not None else "refusal"
    steps: list[tuple[JsonObject, str | None]] = [
        ({"role": "assistant", "content": ""}, None),
        ({said: message[said]}, None),
        ({}, _finish(settled)),
    ]
    for delta, finish in steps:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        yield _event(head | {"choices": [choice]} | ({"usage": None} if with_usage else {}))
    if with_usage:
        yield _event(head | {"choices": [], "usage": _usage(settled)})
    yield "data: [DONE]\n\n"


def _event(document: JsonObject) -> str:
    return f"data: {json.dumps(document)}\n\n"


def _head(settled: Settled, kind: str) -> JsonObject:
    return {
        "id": f"chatcmpl-{settled.key[:32]}",
        "object": kind,
        "created": int(time.time()),
        "model": settled.model,
    }


def _message(settled: Settled) -> JsonObject:
    """What the model said. A refusal is an answer too, and clients know what to do with it."""
    return {"role": "assistant", "content": settled.content, "refusal": settled.failure}


def _finish(settled: Settled) -> str:
    return STOP if settled.finish_reason == REFUSED else settled.finish_reason


def _usage(settled: Settled) -> JsonObject:
    return {
        "prompt_tokens": settled.prompt_tokens,
        "completion_tokens": settled.completion_tokens,
        "total_tokens": settled.prompt_tokens + settled.completion_tokens,
    }
