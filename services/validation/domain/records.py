"""What quality is judged from: a simulation, who was assigned, and the turns that were recorded."""

import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from libs.contracts.instruments import Answer, Instrument
from libs.contracts.orchestrator import SimulationState
from libs.contracts.protocol import Plan, Usage


@dataclass(frozen=True, slots=True)
class Simulation:
    """A simulation as far as it has been heard of; without an intervention it never has a plan."""

    simulation_id: str
    name: str | None
    model: str | None
    state: SimulationState | None
    plan: Plan | None
    plan_hash: str | None

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What was asked, as far as a plan says it."""
        return self.plan.instruments if self.plan else ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One finished turn; of what was said only a digest is kept."""

    agent_id: str
    arm: str
    timeline_id: str
    step_id: str
    round: int
    is_answered: bool
    failure: str | None
    text_digest: str | None
    answers: Mapping[str, Answer]
    usage: Usage
    responded_at: datetime


def text_digest(text: str | None) -> str | None:
    """The same for texts that differ in case, spaces and punctuation only; None for a text without letters."""
    folded = unicodedata.normalize("NFKC", text or "").casefold()
    words = "".join(letter if letter.isalnum() else " " for letter in folded).split()
    return hashlib.sha256(" ".join(words).encode()).hexdigest() if words else None
