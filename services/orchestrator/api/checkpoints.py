"""Checkpoints of a simulation, and what lies between two of them."""

from datetime import datetime
from urllib.parse import urlencode

from fastapi import APIRouter
from pydantic import BaseModel, Field

from libs.contracts.orchestrator import SimulationState
from libs.contracts.protocol import Usage
from libs.contracts.specs import CheckpointSpec
from libs.http import Cursor, Limit, Page, Read, Write, decode_cursor, page
from services.orchestrator.api.access import Service
from services.orchestrator.api.simulations import StepView
from services.orchestrator.domain.checkpoint import Checkpoint, Origin, shared_place

router = APIRouter()


class CheckpointView(BaseModel):
    """A mark that a simulation can go on from."""

    id: str
    name: str | None
    simulation_id: str
    timeline_id: str
    place: int = Field(description="Steps of the timeline that were finished.")
    origin: Origin = Field(description="By hand, after a step, or because a step took long.")
    turns: int | None = Field(description="Turns that were finished by then, those of the step that ran too.")
    created_at: datetime

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> "CheckpointView":
        """The view of a checkpoint."""
        return cls(
            id=checkpoint.checkpoint_id,
            name=checkpoint.name,
            simulation_id=checkpoint.simulation.simulation_id,
            timeline_id=checkpoint.simulation.timeline.timeline_id,
            place=checkpoint.mark.place,
            origin=checkpoint.origin,
            turns=checkpoint.turns,
            created_at=checkpoint.created_at,
        )


class StandingView(BaseModel):
    """Where a simulation stood at a checkpoint."""

    checkpoint: CheckpointView
    state: SimulationState
    planned: dict[str, int]
    answered: int
    failed: int
    usage: Usage = Field(description="What had been spent by then, on every timeline, on steps that had ended.")

    @classmethod
    def of(cls, checkpoint: Checkpoint) -> "StandingView":
        """The view of a checkpoint, with its counts."""
        return cls(
            checkpoint=CheckpointView.of(checkpoint),
            state=checkpoint.simulation.state,
            usage=checkpoint.simulation.usage,
            **checkpoint.mark.model_dump(include={"planned", "answered", "failed"}),
        )


class DifferenceView(BaseModel):
    """What lies between two checkpoints, which may be on two timelines."""

    before: StandingView
    after: StandingView
    shared_place: int = Field(description="Place of the last step that both have in their past; 0: none.")
    gained: list[StepView] = Field(description="Steps that only the second has in its past.")
    lost: list[StepView] = Field(description="Steps that only the first has in its past.")
    links: dict[str, str] = Field(description="`memories`: what agents remember more, and no more, page by page.")

    @classmethod
    def of(cls, before: Checkpoint, after: Checkpoint) -> "DifferenceView":
        """The view of two checkpoints of a simulation."""
        shared = shared_place(before, after)
        one, other = StandingView.of(before), StandingView.of(after)
        places = {
            "from_timeline_id": one.checkpoint.timeline_id,
            "from_place": one.checkpoint.place,
            "to_timeline_id": other.checkpoint.timeline_id,
            "to_place": other.checkpoint.place,
        }
        simulation_id = before.simulation.simulation_id
        return cls(
            before=one,
            after=other,
            shared_place=shared,
            gained=[StepView.of(step, "finished") for step in after.steps[shared:]],
            lost=[StepView.of(step, "finished") for step in before.steps[shared:]],
            links={"memories": f"/communications/{simulation_id}/changes?{urlencode(places)}"},
        )


@router.post("/{simulation_id}/checkpoint", status_code=201)
async def checkpoint_simulation(
    simulation_id: str, service: Service, tx: Write, spec: CheckpointSpec | None = None
) -> CheckpointView:
    """Mark where a simulation stands after its last finished step: an interactive one can go on from there later.

    One is made after every step and every few minutes of a step by itself; those are kept for a while.
    """
    return CheckpointView.of(await service.checkpoints.make(tx, simulation_id, spec.name if spec else None))


@router.get("/{simulation_id}/checkpoints")
async def list_checkpoints(
    simulation_id: str, service: Service, tx: Read, limit: Limit = 50, cursor: Cursor = None
) -> Page[CheckpointView]:
    """Checkpoints of a simulation, newest first."""
    key = decode_cursor(cursor, str)
    found = await service.checkpoints.list(tx, simulation_id, before=key[0] if key else None, limit=limit + 1)
    return page(found, limit, CheckpointView.of, lambda one: (one.checkpoint_id,))


@router.get("/{simulation_id}/checkpoints/{checkpoint_id}/diff/{other_id}")
async def difference_of_checkpoints(
    simulation_id: str, checkpoint_id: str, other_id: str, service: Service, tx: Read
) -> DifferenceView:
    """What has changed from one checkpoint to another: states, counts, steps; with a link to what agents remember."""
    before = await service.checkpoints.get(tx, simulation_id, checkpoint_id)
    return DifferenceView.of(before, await service.checkpoints.get(tx, simulation_id, other_id))
