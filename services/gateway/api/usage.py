"""What was used: by simulation, model or day of a tenant, and all of one simulation with what was said before.

Calls are the models service's to count, time and states the orchestrator's; here they are put together.
"""

from datetime import datetime
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from libs.contracts.base import UtcTime
from libs.contracts.orchestrator import SimulationState
from libs.contracts.usage import Held, ModelUsage, UsageBy, UsageLine, UsageLines
from libs.http import Cursor, Limit, Page, decode_cursor, page
from services.gateway.api.forwarding import Service

router = APIRouter()


class SimulationUsageView(BaseModel):
    """What a simulation used, by model, with time, and held against what was said before."""

    simulation_id: str
    state: SimulationState
    models: tuple[ModelUsage, ...] = Field(
        description="Calls, tokens and USD by model, at the price of the day of each call."
    )
    cost_usd: float
    wall_s: float = Field(description="Seconds it was running, pauses and waiting left out.")
    cpu_s: float = Field(description="Seconds of processors that its deliveries took.")
    usd_per_hour: float | None = Field(description="While it runs, on average so far.")
    estimate: dict[str, Held] | None = Field(
        description="Low, likely, high and actual of every figure; null if none was made."
    )


@router.get("/usage", tags=["usage"])
async def show_usage(
    service: Service,
    by: Annotated[UsageBy, Query(description="What to sum by.")] = "simulation",
    since: Annotated[UtcTime | None, Query(description="Calls that ended then or later.")] = None,
    until: Annotated[UtcTime | None, Query(description="Calls that ended before.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[UsageLine]:
    """Calls, tokens, USD at the price of the day, and answers known already, by what is asked; the last first."""
    key = decode_cursor(cursor, str)
    wanted = {"by": by, "since": since, "until": until, "after": key[0] if key else None, "limit": limit + 1}
    query = urlencode({name: _text(value) for name, value in wanted.items() if value is not None})
    found = UsageLines.model_validate(await service.find("models", f"/v1/usage/lines?{query}"))
    return page(found.lines, limit, lambda line: line, lambda line: (line.key,))


@router.get("/simulations/{simulation_id}/usage", tags=["usage"])
async def show_simulation_usage(simulation_id: str, service: Service) -> SimulationUsageView:
    """What one simulation used by model, its time, how fast it spends, and its estimate against what it took."""
    known = quote(simulation_id, safe="")
    status = await service.find("orchestrator", f"/simulations/{known}/status")
    used = await service.find("models", f"/v1/usage?simulation_id={known}")
    return SimulationUsageView(
        simulation_id=simulation_id,
        state=status["state"],
        models=used["models"],
        cost_usd=used["cost_usd"],
        **status["resources"],
        estimate=status["estimate"],
    )


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
