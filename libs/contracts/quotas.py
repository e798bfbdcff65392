"""Quotas: the most that a tenant may use, whoever of its people uses it; null is without a limit.

The budget of a month is kept and held by `models`, where the calls are made; the rest by the gateway.
"""

from pydantic import BaseModel, Field

from libs.contracts.base import Body
from libs.contracts.turns import Budget


class MonthBudget(BaseModel):
    """What a tenant may spend in each month, and has spent in this one. Between gateway and models."""

    month: str = Field(description="As 2026-11, in UTC. Calls count in the month in which they end.")
    cap: Budget
    cost_usd: float
    tokens: int
    calls: int


class Quota(Body):
    """What a tenant may use; null is without a limit."""

    usd_per_month: float | None = Field(default=None, strict=True, ge=0, allow_inf_nan=False)
    calls_per_month: int | None = Field(default=None, strict=True, ge=0, lt=2**63)
    running_simulations: int | None = Field(default=None, strict=True, ge=0, le=200, description="That have not ended.")
    people: int | None = Field(
        default=None,
        strict=True,
        ge=1,
        le=100_000,
        description="Keys that are not expired or revoked, and people with tokens.",
    )


class QuotaUse(BaseModel):
    """What a tenant uses now, and in this month."""

    month: str = Field(description="As 2026-11, in UTC.")
    usd: float
    calls: int
    running_simulations: int
    people: int = Field(description="Keys that can be used, and people who came with a token in this month.")


class QuotaView(BaseModel):
    """A tenant's quota, and how much of it is used."""

    tenant: str
    quota: Quota
    used: QuotaUse
