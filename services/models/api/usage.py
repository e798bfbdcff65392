"""`GET /v1/usage`: what a simulation used."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from libs.http import Read
from services.models.api.access import Service
from services.models.api.budgets import BudgetView
from services.models.store import ModelUsage

router = APIRouter()


class ModelUsageView(BaseModel):
    """What one model cost a simulation. What another simulation paid for first counts there."""

    model: str
    calls: int = Field(description="Calls made, failed ones and repairs included.")
    failed_calls: int
    repaired_calls: int = Field(description="Replies that could not be read and were asked for once more.")
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
    budget: BudgetView


@router.get("/usage")
async def simulation_usage(
    simulation_id: Annotated[str, Query(max_length=64)], service: Service, tx: Read
) -> UsageView:
    """What a simulation used, by model; empty for one that made no call."""
    used = [ModelUsageView.of(usage) for usage in await service.usage(tx, simulation_id)]
    return UsageView(
        simulation_id=simulation_id,
        models=used,
        cost_usd=sum(usage.cost_usd for usage in used),
        budget=BudgetView.of(await service.balance(tx, simulation_id)),
    )
