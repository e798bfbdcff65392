"""What a tool is: action types it adds to a turn, what the model is told of them, and what comes of using one.

A tool is deterministic and does no I/O: the same use at the same place gives the same outcome, in a replay too. It
keeps nothing itself: whatever lasts is an artefact, and what an agent has made with it so far is what it gets to see.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from libs.contracts.people import Agent
from libs.minds.artefacts import Artefact, Format
from libs.minds.text import MAX_TEXT
from libs.minds.turn import Action


@dataclass(frozen=True, slots=True)
class ToolAction:
    """A type of action: its name in capitals, what a model is told to put into it, and the most it may hold."""

    type: str
    instruction: str
    longest: int = MAX_TEXT


@dataclass(frozen=True, slots=True)
class Situation:
    """Who uses the tool and when (on the simulated clock, where there is one), and what they made with it before."""

    agent: Agent
    at: datetime | None
    artefacts: Sequence[Artefact]


@dataclass(frozen=True, slots=True)
class Made:
    """An artefact to be: who made it and when is known from the situation."""

    type: str
    name: str
    content: str
    format: Format = "text"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a use of a tool made, and what the agent learns of it in their next turn ("" for nothing)."""

    made: tuple[Made, ...] = ()
    feedback: str = ""


@runtime_checkable
class Tool(Protocol):
    """A tool of one's own: any object of this shape, no base class needed."""

    @property
    def name(self) -> str:
        """How simulations ask for it: small letters, digits and `_`."""

    @property
    def instruction(self) -> str:
        """What a model is told the tool is for. It stands among the rules of a prompt: nothing untrusted in it."""

    @property
    def actions(self) -> Sequence[ToolAction]:
        """The types of action it adds."""

    def use(self, action: Action, situation: Situation) -> Outcome:
        """Carry out one action. What the agent wrote may be anything; say in the feedback what was wrong with it."""
