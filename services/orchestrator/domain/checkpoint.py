"""Checkpoints: a mark on a timeline with the simulation as it was, and how a simulation goes on from one.

The agents' memory is a log that is only ever added to, so a mark is all there is to keep: one row, however many agents
there are. What was asked for and had not been finished at the mark is not part of it.
"""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from libs.contracts.orchestrator import SimulationState
from services.orchestrator.domain.simulation import PAUSABLE, Mark, Simulation


class Checkpoint(BaseModel):
    """A mark, and the document of the simulation when it was made."""

    model_config = ConfigDict(frozen=True)

    checkpoint_id: str
    name: str | None
    created_at: datetime
    mark: Mark
    simulation: Simulation


def why_not(simulation: Simulation) -> str | None:
    """Why no checkpoint of a simulation can be made or restored now, None when one can."""
    if not simulation.is_interactive:
        return (
            f"runs intervention {simulation.intervention_id!r}, whose plan is frozen: to go back would be to choose "
            "among outcomes. Execute the intervention again for a run of its own"
        )
    if simulation.is_ending or simulation.state not in (*PAUSABLE, SimulationState.PAUSED):
        state = "ending" if simulation.is_ending and not simulation.state.is_terminal else simulation.state
        return f"is {state}; checkpoints are for simulations that are ready, running or paused"
    return None


def restored(simulation: Simulation, checkpoint: Checkpoint) -> Simulation:
    """The simulation as it was at the mark, on a new timeline. What was spent stays spent."""
    then, mark = checkpoint.simulation, checkpoint.mark
    return simulation.model_copy(
        update={
            **mark.model_dump(exclude={"place"}),
            "steps": then.steps[: mark.place],
            "protocols": {name: places for name, places in then.protocols.items() if places[1] <= mark.place},
            "next_step": mark.place,
            "audiences": then.audiences,
            "open_deliveries": 0,
            "timeline": then.timeline.fork(simulation.timeline.number + 1, mark.place),
        }
    )
