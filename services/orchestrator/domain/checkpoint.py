"""Checkpoints: a mark on a timeline with the simulation as it was, and how a simulation goes on from one.

The agents' memory is a log that is only ever added to, so a mark is all there is to keep: one row, however many agents
there are. What was asked for and had not been finished at the mark is not part of it.
"""

from datetime import datetime
from itertools import takewhile
from typing import Literal

from pydantic import BaseModel, ConfigDict

from libs.contracts.orchestrator import SimulationState
from libs.contracts.protocol import Step
from libs.contracts.timelines import Past, Timeline
from services.orchestrator.domain.simulation import PAUSABLE, Mark, Simulation

Origin = Literal["hand", "step", "interval"]
"""Somebody wanted it; a step ended; a while passed in which one ran."""
AUTOMATIC: tuple[Origin, ...] = ("step", "interval")


class Checkpoint(BaseModel):
    """A mark, and the document of the simulation when it was made."""

    model_config = ConfigDict(frozen=True)

    checkpoint_id: str
    name: str | None
    created_at: datetime
    mark: Mark
    simulation: Simulation
    origin: Origin = "hand"
    turns: int | None = None
    """Turns that were finished by then, those of the step that ran too; None: not counted."""

    @property
    def past(self) -> Timeline:
        """A timeline of which everything up to the mark is the past, and on which nothing ever happens."""
        return self.simulation.timeline.fork(0, self.mark.place)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that were finished at the mark."""
        return self.simulation.steps[: self.mark.place]


def why_not_marked(simulation: Simulation) -> str | None:
    """Why no checkpoint of a simulation can be made now, None when one can."""
    if simulation.is_ending or simulation.state not in (*PAUSABLE, SimulationState.PAUSED):
        state = "ending" if simulation.is_ending and not simulation.state.is_terminal else simulation.state
        return f"is {state}; checkpoints are for simulations that are ready, running or paused"
    return None


def why_not_restored(simulation: Simulation) -> str | None:
    """Why a simulation cannot go back to a checkpoint now, None when it can."""
    if not simulation.is_interactive:
        return (
            f"runs intervention {simulation.intervention_id!r}, whose plan is frozen: to go back would be to choose "
            "among outcomes. Execute the intervention again for a run of its own"
        )
    return why_not_marked(simulation)


def past_of(simulation: Simulation, checkpoint: Checkpoint | None) -> Past:
    """What another simulation may begin with: all that has happened up to a checkpoint, or by now."""
    if checkpoint is not None:
        place, line = checkpoint.mark.place, checkpoint.simulation.timeline
    else:
        place, line = simulation.mark.place if simulation.mark is not None else 0, simulation.timeline
    return Past(
        simulation_id=simulation.simulation_id,
        checkpoint_id=None if checkpoint is None else checkpoint.checkpoint_id,
        timeline=line.fork(0, place),
        place=place,
    )


def restored(simulation: Simulation, checkpoint: Checkpoint) -> Simulation:
    """The simulation as it was at the mark, on a new timeline. What was spent stays spent."""
    then, mark = checkpoint.simulation, checkpoint.mark
    return simulation.model_copy(
        update={
            **mark.model_dump(exclude={"place"}),
            "steps": checkpoint.steps,
            "protocols": {name: places for name, places in then.protocols.items() if places[1] <= mark.place},
            "next_step": mark.place,
            "audiences": then.audiences,
            "open_deliveries": 0,
            "is_complete": False,
            "timeline": then.timeline.fork(simulation.timeline.number + 1, mark.place),
        }
    )


def shared_place(one: Checkpoint, other: Checkpoint) -> int:
    """Place of the last step that is part of the past of both marks; 0: none."""
    pasts = one.past, other.past
    places = range(1, min(one.mark.place, other.mark.place) + 1)
    return len(list(takewhile(lambda place: len({past.at(place) for past in pasts}) == 1, places)))
