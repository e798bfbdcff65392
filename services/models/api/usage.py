"""`GET /v1/usage`: what a simulation used; `GET /v1/usage/lines`: what a tenant did, summed."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from libs.contracts.base import UtcTime
from libs.contracts.usage import ModelUsage, UsageBy, UsageLines
from libs.http import Read
from libs.http.pagination import MAX_LIMIT
from services.models.api.access import Service
from services.models.api.budgets import BudgetView
from services.models.store import Summary

router = APIRouter()


class UsageView(BaseModel):
    """What a simulation used."""

    simulation_id: str
    models: list[ModelUsage]
    cost_usd: float
    budget: BudgetView


@router.get("/usage")
async def simulation_usage(
    simulation_id: Annotated[str, Query(max_length=64)], service: Service, tx: Read
) -> UsageView:
    """What a simulation used, by model; empty for one that made no call."""
    used = [ModelUsage.model_validate(usage._asdict()) for usage in await service.usage(tx, simulation_id)]
    return UsageView(
        simulation_id=simulation_id,
        models=used,
        cost_usd=sum(usage.cost_usd for usage in used),
        budget=BudgetView.of(await service.balance(tx, simulation_id)),
    )


@router.get("/usage/lines")
async def usage_lines(
    service: Service,
    tx: Read,
    by: UsageBy,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT + 1)],
    since: Annotated[UtcTime | None, Query()] = None,
    until: Annotated[UtcTime | None, Query()] = None,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> UsageLines:
    """What the tenant used, summed; `GET /usage` is its public face."""
    lines = await service.usage_lines(tx, Summary(by, since, until, after, limit))
    return UsageLines(lines=tuple(lines))
