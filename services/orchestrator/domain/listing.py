"""Which simulations are meant, and in which order they are listed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from libs.contracts.orchestrator import SimulationState


class Sort(StrEnum):
    """By what a list is sorted; with a minus from the greatest on."""

    NEWEST = "-created_at"
    OLDEST = "created_at"
    NAME = "name"
    NAME_BACKWARDS = "-name"
    STATE = "state"
    STATE_BACKWARDS = "-state"

    @property
    def field(self) -> str:
        """The field sorted by."""
        return self.value.removeprefix("-")

    @property
    def is_backwards(self) -> bool:
        """True from the greatest on."""
        return self.value.startswith("-")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Simulations that are all of these; what is None or empty says nothing."""

    states: tuple[SimulationState, ...] = ()
    name: str | None = None
    population_id: str | None = None
    intervention_id: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class After:
    """The last simulation of the page before: by what was sorted, and its id."""

    value: str
    simulation_id: str
