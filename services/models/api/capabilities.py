"""`/v1/models` and `/v1/capabilities`: what models there are, and what each of them takes."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from libs.contracts.base import Name
from services.models.api.access import Service
from services.models.service.models import Finding

router = APIRouter()


class ModelView(BaseModel):
    """A model, as OpenAI lists it."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str
    kind: Literal["chat", "embeddings"]


class ModelList(BaseModel):
    """All models."""

    object: Literal["list"] = "list"
    data: list[ModelView]


@router.get("/models")
async def list_models(service: Service) -> ModelList:
    """The models that can be asked for."""
    return ModelList(
        data=[ModelView(id=name, owned_by=service.owner(name), kind=service.kind(name)) for name in service.names]
    )


class ProbeView(BaseModel):
    """What it cost to find out."""

    calls: int
    prompt_tokens: int
    completion_tokens: int


class CapabilitiesView(BaseModel):
    """What a model takes, as far as it was found out; what is null is not known, or says nothing about its kind."""

    model: str
    endpoint: str
    kind: Literal["chat", "embeddings"]
    found_at: datetime | None = Field(description="Null: not asked yet, or a probe found nothing.")
    format: str | None = Field(description="json_schema | json_value | json_object | prompt: how JSON is asked for.")
    token_limit: str | None = Field(description="max_completion_tokens | max_tokens")
    seed: bool | None
    system_role: bool | None
    consecutive_messages: bool | None = Field(description="False: messages of one role are joined.")
    usage: bool | None = Field(description="False: tokens are estimated.")
    dimensions: int | None = Field(description="Length of its vectors.")
    embedding_models: list[str] = Field(description="Models for embeddings at the same endpoint.")
    batches: bool = Field(description="Whether mode: economy is possible.")
    probe: ProbeView | None
    problem: str | None = Field(description="Why the last probe found nothing.")

    @classmethod
    def of(cls, finding: Finding) -> "CapabilitiesView":
        """The view of what is known."""
        endpoint, found = finding.endpoint, finding.found
        takes = found.capabilities if found else None
        vectors = [model.name for model in endpoint.embedding_models]
        return cls(
            model=finding.model,
            endpoint=endpoint.name,
            kind="embeddings" if finding.model in vectors else "chat",
            found_at=found.found_at if found else None,
            format=takes and takes.format,
            token_limit=takes and takes.token_limit,
            seed=takes and takes.seed,
            system_role=takes and takes.system_role,
            consecutive_messages=takes and takes.consecutive_messages,
            usage=takes and takes.usage,
            dimensions=found.dimensions if found else None,
            embedding_models=vectors,
            batches=endpoint.batches,
            probe=found
            and ProbeView(
                calls=found.calls, prompt_tokens=found.prompt_tokens, completion_tokens=found.completion_tokens
            ),
            problem=finding.problem,
        )


class CapabilitiesList(BaseModel):
    """Every model of every endpoint."""

    items: list[CapabilitiesView]


@router.get("/capabilities")
async def show_capabilities(service: Service) -> CapabilitiesList:
    """What the models of the endpoints take, as far as it is known. The offline model takes everything."""
    return CapabilitiesList(items=[CapabilitiesView.of(finding) for finding in await service.findings()])


@router.post("/capabilities/refresh")
async def refresh_capabilities(service: Service, model: Annotated[Name | None, Query()] = None) -> CapabilitiesList:
    """Find out again, with a few tiny calls, what a model takes; or every model."""
    await service.refresh(model)
    return await show_capabilities(service)
