"""Timelines: a simulation's past is a log, and going back to a point of it is a fork.

A timeline consists of what happened on it and of what had happened on its ancestors up to the place it left each of
them at. A place is that of a step among all steps of a timeline, from 1; places of a fork go on where it began.
"""

from collections.abc import Mapping, Sequence

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.ids import MAIN_TIMELINE

LAST_PLACE = 1_000_000
"""No simulation has so many steps."""


class Ancestor(Data):
    """A timeline that another one comes from; what happened on it later is not part of the other one's past."""

    timeline_id: str
    through: int = Field(description="Place of the last step that is shared; 0: none.")


class Timeline(Data):
    """One line of events and memory in a simulation. The one with the greatest number is the present one."""

    timeline_id: str
    number: int = Field(description="How-manieth of its simulation, from 1.")
    ancestors: tuple[Ancestor, ...] = Field(description="Oldest first; empty for the first timeline.")

    def fork(self, number: int, place: int) -> "Timeline":
        """A timeline that shares this one's past up to a place."""
        line = (*self.ancestors, Ancestor(timeline_id=self.timeline_id, through=place))
        kept = tuple(one.model_copy(update={"through": min(one.through, place)}) for one in line)
        return Timeline(timeline_id=f"{MAIN_TIMELINE}.{number}", number=number, ancestors=kept)

    def fork_arms(self, arms: Sequence[str], place: int) -> dict[str, "Timeline"]:
        """A timeline for each arm, all from one place of this one: what happens in an arm is no other arm's past."""
        line = (*self.ancestors, Ancestor(timeline_id=self.timeline_id, through=place))
        return {
            arm: Timeline(timeline_id=f"{self.timeline_id}.arm-{order}", number=self.number + 1, ancestors=line)
            for order, arm in enumerate(sorted(arms), start=1)
        }

    def at(self, place: int) -> str:
        """The timeline on which what is the past of this one happened at a place."""
        return next((one.timeline_id for one in self.ancestors if place <= one.through), self.timeline_id)

    def includes(self, timeline_id: str, place: int) -> bool:
        """Whether what happened at a place of some timeline is part of this one."""
        if timeline_id == self.timeline_id:
            return True
        return any(one.timeline_id == timeline_id and place <= one.through for one in self.ancestors)


class Past(Data):
    """The past that a simulation begins with: of another simulation over the same people, up to a place."""

    simulation_id: str
    checkpoint_id: str | None = Field(description="The checkpoint it goes up to. Null: the last finished step then.")
    timeline: Timeline = Field(description="Of which that past is the past; nothing happens on it.")
    place: int = Field(description="Place of the last step that is part of it; 0: none.")


def joined(arms: Mapping[str, Timeline]) -> Timeline:
    """The timeline of which everything that happens in any arm is the past. Nothing ever happens on it itself."""
    every = sorted(arms.values(), key=lambda one: one.timeline_id)
    line = tuple(Ancestor(timeline_id=one.timeline_id, through=LAST_PLACE) for one in every)
    return Timeline(timeline_id=f"{MAIN_TIMELINE}.arms", number=max(one.number for one in every), ancestors=line)


MAIN = Timeline(timeline_id=MAIN_TIMELINE, number=1, ancestors=())
"""Where every simulation begins."""
