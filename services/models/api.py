"""HTTP resources of the models service: the private `/v1/turns`, and an OpenAI-compatible face."""

import secrets
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, model_validator

from libs.contracts.base import Body, JsonObject
from libs.contracts.errors import NotAvailableError
from libs.contracts.turns import ChatMessage, TurnBatch, TurnReply
from libs.http import Read, Tenant
from services.models.domain.calls import ANY_OBJECT, Chat, Sampling
from services.models.service import Models
from services.models.service.ledger import Delivery
from services.models.store import ModelUsage

router = APIRouter(prefix="/v1", tags=["models"])
NDJSON = "application/x-ndjson"
SAMPLING_FIELDS = ("top_p", "stop", "presence_penalty", "frequency_penalty")


def models(request: Request) -> Models:
    """The service `create_app` built."""
    service: Models = request.app.state.service
    return service


Service = Annotated[Models, Depends(models)]


@router.post("/turns", response_class=StreamingResponse, responses={200: {"content": {NDJSON: {}}}})
async def answer_turns(batch: TurnBatch, service: Service, tenant: Tenant) -> StreamingResponse:
    """Answer the turns of a delivery: NDJSON, one `TurnReply` a line, in the order in which they finish.

    A line is sent after its call is in the ledger. A stream that ends without a line for every turn was cut off: send
    the batch again, what is finished is not paid for twice. Calls that this simulation paid for are reported with their
    usage whenever it asks; what another simulation paid for is cached.
    """
    replies = service.turns(batch, tenant)
    first: list[TurnReply] = await anext(
        replies, []
    )  # before the status is sent: whatever is wrong from the start becomes a problem
    return StreamingResponse(_lines(first, replies), media_type=NDJSON)


async def _lines(first: list[TurnReply], rest: AsyncIterator[list[TurnReply]]) -> AsyncIterator[bytes]:
    yield _ndjson(first)
    async for replies in rest:
        yield _ndjson(replies)


def _ndjson(replies: list[TurnReply]) -> bytes:
    return b"".join(reply.model_dump_json().encode() + b"\n" for reply in replies)


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


class Metadata(Body):
    """Which simulation pays."""

    simulation_id: str = Field(default="", max_length=64)


class ChatCompletionRequest(Body):
    """`POST /v1/chat/completions`. The same request with the same `seed` is answered from the ledger."""

    model: str
    messages: list[ChatMessageIn] = Field(min_length=1, max_length=1_000)
    response_format: ResponseFormat | None = None
    seed: int | None = Field(default=None, description="Without one, every request is a new draw.")
    temperature: float = Field(default=1.0, ge=0, le=2)
    top_p: float | None = Field(default=None, gt=0, le=1)
    stop: str | list[str] | None = None
    presence_penalty: float | None = Field(default=None, ge=-2, le=2)
    frequency_penalty: float | None = Field(default=None, ge=-2, le=2)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    max_tokens: int | None = Field(default=None, ge=1, description="Older name of max_completion_tokens.")
    n: Literal[1] = 1
    stream: Literal[False] = False
    user: str = Field(default="", max_length=128, description="The agent that asks; agents never share an answer.")
    metadata: Metadata = Metadata()

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
        )


@router.post("/chat/completions")
async def complete_chat(body: ChatCompletionRequest, service: Service, tenant: Tenant) -> dict[str, Any]:
    """Answer a chat completion through the ledger."""
    return _completion(await service.complete(body.chat(), tenant))


def _completion(delivery: Delivery) -> dict[str, Any]:
    """The answer in OpenAI's shape; `rehearsal` says whether it was paid for now."""
    settled = delivery.settled
    message = {"role": "assistant", "content": settled.content, "refusal": None}
    return {
        "id": f"chatcmpl-{settled.key[:32]}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": settled.model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": {
            "prompt_tokens": settled.prompt_tokens,
            "completion_tokens": settled.completion_tokens,
            "total_tokens": settled.prompt_tokens + settled.completion_tokens,
        },
        "rehearsal": {"is_cached": delivery.is_cached, "cost_usd": 0.0 if delivery.is_cached else settled.cost_usd},
    }


@router.post("/embeddings")
async def embed() -> None:
    """Not built yet."""
    raise NotAvailableError("POST /v1/embeddings")


class ModelView(BaseModel):
    """A model, as OpenAI lists it."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str


class ModelList(BaseModel):
    """All models."""

    object: Literal["list"] = "list"
    data: list[ModelView]


@router.get("/models")
async def list_models(service: Service) -> ModelList:
    """The models that can be asked for."""
    return ModelList(data=[ModelView(id=name, owned_by=service.owner(name)) for name in service.names])


class ModelUsageView(BaseModel):
    """What one model cost a simulation. What another simulation paid for first counts there."""

    model: str
    calls: int = Field(description="Calls made, failed ones included.")
    failed_calls: int
    orphaned_calls: int = Field(description="Calls in flight in a process that was killed; possibly paid for twice.")
    cached_calls: int = Field(description="Answers paid for before: turns by another simulation, chats by any.")
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float
    is_priced: bool = Field(description="False: the price table does not know the model, and its calls count as 0.")

    @classmethod
    def of(cls, usage: ModelUsage) -> "ModelUsageView":
        """The view of a row."""
        return cls(**usage._asdict())


class UsageView(BaseModel):
    """What a simulation used."""

    simulation_id: str
    models: list[ModelUsageView]
    cost_usd: float


@router.get("/usage")
async def simulation_usage(
    simulation_id: Annotated[str, Query(max_length=64)], service: Service, tx: Read
) -> UsageView:
    """What a simulation used, by model; empty for one that made no call."""
    used = [ModelUsageView.of(usage) for usage in await service.usage(tx, simulation_id)]
    return UsageView(simulation_id=simulation_id, models=used, cost_usd=sum(usage.cost_usd for usage in used))
