"""What a simulation can be told, by other services, by people and by the clock."""

from dataclasses import dataclass

from libs.contracts.ids import ONLY_ARM
from libs.contracts.protocol import Step, Usage
from services.orchestrator.domain.checkpoint import Checkpoint
from services.orchestrator.domain.simulation import AudienceSize


@dataclass(frozen=True, slots=True)
class PopulationIsReady:
    """The population has all of its people."""

    size: int


@dataclass(frozen=True, slots=True)
class PopulationIsMissing:
    """The population could not be drawn."""

    reason: str


@dataclass(frozen=True, slots=True)
class PastIsMissing:
    """What its people should have lived through is not there."""

    reason: str


@dataclass(frozen=True, slots=True)
class AgentsAssigned:
    """Agents assigned to each arm so far. `is_last` when no part is missing any more."""

    arms: dict[str, int]
    is_last: bool


@dataclass(frozen=True, slots=True)
class NobodyAssigned:
    """The intervention reaches nobody."""

    reason: str


@dataclass(frozen=True, slots=True)
class StepsRequested:
    """Steps to run, in order, after those that are there already; each names one of the audiences."""

    protocol_id: str
    steps: tuple[Step, ...]
    audiences: dict[str, AudienceSize]
    ends: bool = False
    """Nothing comes after them."""


@dataclass(frozen=True, slots=True)
class DeliveryFinished:
    """Every turn of one delivery is finished."""

    answered: int
    failed: int
    usage: Usage
    failure: str | None = None
    skipped: int = 0
    arm: str = ONLY_ARM
    cpu_s: float = 0.0


@dataclass(frozen=True, slots=True)
class DeliveryWasClosed:
    """A delivery that counts no more is complete: the simulation has ended or gone back meanwhile."""


@dataclass(frozen=True, slots=True)
class WorkHeld:
    """Turns of a delivery are not taken, because a budget is spent. `pauses`: those there had been when it was sent."""

    reason: str
    pauses: int


@dataclass(frozen=True, slots=True)
class WorkGivenUp:
    """A message that the simulation waited for could not be handled, and is a dead letter."""

    message: str
    error: str


@dataclass(frozen=True, slots=True)
class AnalysisFinished:
    """Results has analysed the simulation."""


@dataclass(frozen=True, slots=True)
class EndRequested:
    """Somebody wants it to end."""


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """Somebody wants it to stop at once; nothing is analysed."""


@dataclass(frozen=True, slots=True)
class PauseRequested:
    """Somebody wants no new turn to begin until it is resumed."""


@dataclass(frozen=True, slots=True)
class ResumeRequested:
    """Somebody wants it to go on."""


@dataclass(frozen=True, slots=True)
class BudgetChanged:
    """Somebody has decided anew what it may spend."""


@dataclass(frozen=True, slots=True)
class RestoreRequested:
    """Somebody wants it to go on from a checkpoint."""

    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class TimedOut:
    """The present state lasted too long."""


Input = (
    PopulationIsReady
    | PopulationIsMissing
    | PastIsMissing
    | AgentsAssigned
    | NobodyAssigned
    | StepsRequested
    | DeliveryFinished
    | DeliveryWasClosed
    | WorkHeld
    | WorkGivenUp
    | AnalysisFinished
    | EndRequested
    | CancelRequested
    | PauseRequested
    | ResumeRequested
    | BudgetChanged
    | RestoreRequested
    | TimedOut
)

NEVER_LATE = (
    EndRequested,
    CancelRequested,
    PauseRequested,
    ResumeRequested,
    BudgetChanged,
    RestoreRequested,
    TimedOut,
)
"""What nobody waited for; everything else is a reply, and may come after the simulation has ended."""
