"""One run of an intervention over a population, as far as this service knows it."""

from dataclasses import dataclass
from datetime import datetime

from libs.contracts.evidence import Analysis
from libs.contracts.orchestrator import SimulationState
from libs.contracts.protocol import Plan
from services.intervention.domain.robustness import AS_DESIGNED, Asking

OFFLINE = "offline"  # also the beginning of its versions, offline-…


@dataclass(frozen=True, slots=True)
class Execution:
    """The simulation that runs an intervention; `plan` is null until arms are assigned, `analysis` until it is made."""

    simulation_id: str
    intervention_id: str
    population_id: str
    seed: int
    model: str
    requested_at: datetime
    is_created: bool
    state: SimulationState
    reason: str | None
    changed_at: datetime | None
    plan: Plan | None
    plan_hash: str | None
    analysis: Analysis | None
    analysed_at: datetime | None
    asking: Asking = AS_DESIGNED
    """How answers are obtained."""

    @property
    def is_offline(self) -> bool:
        """True when the agents do not think with a language model."""
        return self.model == OFFLINE or self.model.startswith(f"{OFFLINE}-")

    @property
    def has_finished_asking(self) -> bool:
        """True once every step is over."""
        return self.state in {SimulationState.ANALYSING, SimulationState.COMPLETED}

    @property
    def as_of(self) -> datetime:
        """The time of the newest fact behind the results."""
        return self.analysed_at or self.changed_at or self.requested_at


@dataclass(frozen=True, slots=True)
class Population:
    """A population as far as targeting it needs."""

    population_id: str
    size: int
    segments: dict[str, int]
