"""What the answers so far amount to, while they come in."""

from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from libs.contracts.evidence import Evidence
from libs.contracts.results import RunningEstimate
from libs.http import Read
from services.results.api.access import Service
from services.results.domain.findings import SIMULATED, State

router = APIRouter()
RUNNING = "Of the answers so far: nothing is compared, and the verdict comes at the planned n."


class LiveView(BaseModel):
    """Aggregates of now, and what they are worth. `aggregates-changed` of the stream of the simulation has the same."""

    simulation_id: str
    intervention_id: str | None
    timestamp: datetime
    state: State
    note: str
    notice: str
    timeline_id: str
    place: int = Field(description="Of the last response that is in, in the feed.")
    assigned: dict[str, int] = Field(description="Agents by arm.")
    answered: dict[str, int]
    failed: dict[str, int]
    confidence_level: float
    estimates: tuple[RunningEstimate, ...] = Field(description="Where there is a plan, intervals hold at every look.")
    evidence: Evidence
    only_first: int | None = Field(description="All of this is of so many responses, the first. Null: of all so far.")


@router.get("/{simulation_id}/live")
async def live(simulation_id: str, service: Service, tx: Read) -> LiveView:
    """Every metric by arm on the answers so far, with its interval. Each response is taken in once."""
    found = await service.live.aggregates(tx, simulation_id)
    state = await service.state(tx, simulation_id)
    return LiveView(state=state, timestamp=datetime.now(UTC), note=RUNNING, notice=SIMULATED, **dict(found))
