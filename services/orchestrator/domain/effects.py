"""What must happen for a simulation after it was told something; it is done in the same transaction."""

from dataclasses import dataclass

from libs.contracts.orchestrator import ProtocolState, SimulationState
from libs.contracts.protocol import Step
from services.orchestrator.domain.simulation import Simulation


@dataclass(frozen=True, slots=True)
class AskForArms:
    """Have the plan frozen and the agents assigned."""


@dataclass(frozen=True, slots=True)
class Deliver:
    """Deliver a step to everybody it is for."""

    step: Step


@dataclass(frozen=True, slots=True)
class DeliverAgain:
    """Ask again for those deliveries of the step in hand that are still open."""

    step: Step


@dataclass(frozen=True, slots=True)
class Keep:
    """Make a checkpoint: a step has ended, and the next one has not begun."""

    simulation: Simulation


@dataclass(frozen=True, slots=True)
class Close:
    """What is still open counts no more, whenever it completes."""


@dataclass(frozen=True, slots=True)
class Analyse:
    """Have the simulation analysed once all finished turns have arrived."""

    expected_responses: int


@dataclass(frozen=True, slots=True)
class Announce:
    """Tell everybody about a change of state."""

    previous: SimulationState


@dataclass(frozen=True, slots=True)
class Fork:
    """Tell everybody about a new timeline."""


@dataclass(frozen=True, slots=True)
class Report:
    """Tell what became of a request."""

    protocol_id: str
    state: ProtocolState


Effect = AskForArms | Deliver | DeliverAgain | Keep | Close | Analyse | Announce | Fork | Report
