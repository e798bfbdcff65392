"""`GET /v1/load`: how busy the models of the endpoints are, and why calls wait."""

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.models.api.access import Service

router = APIRouter()


class LoadView(BaseModel):
    """How busy one model is, as far as this process knows."""

    endpoint: str
    model: str
    in_flight: int
    limit: int = Field(description="So many calls may be in flight now; follows what the endpoint bears.")
    waiting: int = Field(description="Calls that wait for their turn.")
    latency_s: float | None = Field(description="Of answers lately.")
    retries: int = Field(description="How often a call was made again, since the service started.")
    not_retried: int = Field(description="Calls that failed because the retry budget was used up, since then.")
    away_since_s: float | None = Field(description="Null: it is up. Otherwise calls wait, and are tried one by one.")
    reason: str = Field(description="Why it is thought to be away.")


class LoadList(BaseModel):
    """Every model of every endpoint."""

    items: list[LoadView]


@router.get("/load")
async def show_load(service: Service) -> LoadList:
    """How busy the models of the endpoints are. The offline model answers at once."""
    return LoadList(items=[LoadView(endpoint=endpoint, **asdict(load)) for endpoint, load in service.loads()])
