"""What developers look at: kinds of events with their schemas, messages that could not be handled, models.

Keys and addresses of models stay where they are.
"""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from libs.contracts import subjects
from libs.contracts.base import JsonObject
from libs.contracts.registry import BY_TYPE
from libs.http import Tenant
from services.gateway.adapters import LogUnavailableError
from services.gateway.api.forwarding import Service

router = APIRouter()


class EventTypeView(BaseModel):
    """One kind of event, as it is published."""

    message: str
    type: str
    service: str
    subject: str = Field(description="Where it is published, for your tenant.")
    about: str
    data_schema: JsonObject = Field(description="JSON Schema of its data.")


class EventTypesView(BaseModel):
    """All kinds of events."""

    items: list[EventTypeView]


class DeadLetterView(BaseModel):
    """A message that one consumer gave up."""

    sequence: int
    message: str
    key: str
    subject: str
    consumer: str
    error: str
    deliveries: int
    failed_at: datetime | None


class DeadLettersView(BaseModel):
    """Messages that could not be handled, oldest first."""

    items: list[DeadLetterView]
    is_readable: bool = Field(description="False when the message bus does not answer now.")


@router.get("/events/types")
async def list_event_types(tenant: Tenant) -> EventTypesView:
    """Every kind of event with its subject and schema."""
    kinds = sorted(
        (kind for kind in BY_TYPE.values() if kind.contract.kind == "evt"), key=lambda one: one.contract.name
    )
    return EventTypesView(
        items=[
            EventTypeView(
                message=kind.contract.name,
                type=kind.contract.type,
                service=kind.contract.service,
                subject=subjects.template(kind.contract, tenant),
                about=(kind.__doc__ or "").strip().split("\n\n")[0],
                data_schema=kind.model_json_schema(),
            )
            for kind in kinds
        ]
    )


@router.get("/events/dead-letters")
async def list_dead_letters(
    service: Service,
    tenant: Tenant,
    key: Annotated[str | None, Query(max_length=120, description="Only those about this id.")] = None,
) -> DeadLettersView:
    """Messages of your tenant that were given up after their last try. An operator can replay them."""
    try:
        letters = await service.events.dead_letters(tenant, key)
    except LogUnavailableError:
        return DeadLettersView(items=[], is_readable=False)
    items = [
        DeadLetterView(
            sequence=one.sequence,
            message=one.name,
            key=one.key,
            subject=one.subject,
            consumer=one.consumer,
            error=one.error,
            deliveries=one.deliveries,
            failed_at=one.failed_at,
        )
        for one in letters
    ]
    return DeadLettersView(items=items, is_readable=True)


class ModelView(BaseModel):
    """A model of an endpoint; what is null is not known, or says nothing about its kind."""

    model: str
    endpoint: str
    kind: Literal["chat", "embeddings"]
    found_at: datetime | None = Field(description="When it was probed; null when a probe found nothing, or not yet.")
    format: str | None = Field(description="How JSON is asked for.")
    seed: bool | None
    system_role: bool | None
    usage: bool | None = Field(description="False: tokens are estimated.")
    batches: bool = Field(description="Whether `mode: economy` is possible.")
    problem: str | None = Field(description="Why the last probe found nothing.")


class ModelsView(BaseModel):
    """Every model of every endpoint; the offline model is always there besides."""

    items: list[ModelView]


@router.get("/models")
async def list_models(service: Service) -> ModelsView:
    """Models and what their endpoints take, as far as it was found out."""
    return ModelsView.model_validate(await service.look("models", "/v1/capabilities"))
