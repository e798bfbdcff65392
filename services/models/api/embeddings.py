"""`POST /v1/embeddings` in OpenAI's shape, through the ledger: a text is paid for once."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import Field, field_validator

from libs.contracts.base import Body
from libs.http import Tenant
from services.models.api.access import Metadata, Service
from services.models.api.openai_errors import OpenAiRoute
from services.models.domain.calls import Embedding
from services.models.domain.vectors import MAX_DIMENSIONS, unpack

router = APIRouter(route_class=OpenAiRoute)
MOST_TEXTS = 2_048
LONGEST_TEXT = 200_000


class EmbeddingRequest(Body):
    """`POST /v1/embeddings`."""

    model: str
    input: str | list[str]
    dimensions: int | None = Field(default=None, ge=1, le=MAX_DIMENSIONS)
    encoding_format: Literal["float", "base64"] = "float"
    user: str = Field(default="", max_length=128)
    metadata: Metadata = Metadata()

    @field_validator("input")
    @classmethod
    def _is_bounded(cls, given: str | list[str]) -> list[str]:
        texts = [given] if isinstance(given, str) else given
        if not 1 <= len(texts) <= MOST_TEXTS:
            raise ValueError(f"holds {len(texts)} texts; 1 to {MOST_TEXTS} are allowed")
        if bad := [text for text in texts if not 1 <= len(text) <= LONGEST_TEXT]:
            raise ValueError(f"a text has {len(bad[0])} characters; 1 to {LONGEST_TEXT:,} are allowed")
        return texts


@router.post("/embeddings")
async def embed(body: EmbeddingRequest, service: Service, tenant: Tenant) -> dict[str, Any]:
    """The vectors of texts, in their order."""
    wanted = Embedding(body.model, tuple(body.input), body.dimensions, body.metadata.simulation_id)
    deliveries = await service.embed(wanted, tenant)
    contents = [delivery.settled.content or "" for delivery in deliveries]
    paid = {delivery.settled.key: delivery.settled for delivery in deliveries if not delivery.is_cached}
    tokens = sum(delivery.settled.prompt_tokens for delivery in deliveries)
    return {
        "object": "list",
        "model": deliveries[0].settled.model,
        "data": [
            {
                "object": "embedding",
                "index": index,
                "embedding": content if body.encoding_format == "base64" else unpack(content),
            }
            for index, content in enumerate(contents)
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        "rehearsal": {
            "cached_texts": sum(delivery.is_cached for delivery in deliveries),
            "cost_usd": sum(settled.cost_usd for settled in paid.values()),
        },
    }
