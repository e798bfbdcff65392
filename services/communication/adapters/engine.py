"""The port behind which turns are run: who is met by what, and what comes of it."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Protocol

from libs.contracts.communication import DeliverStimulus
from libs.contracts.people import Agent
from libs.contracts.turns import ChatMessage, TurnReply
from libs.minds.memory import NO_MEMORY, Memory
from services.communication.domain.estimates import Call, Work


@dataclass(frozen=True, slots=True)
class Encounter:
    """One turn to be taken: by whom, with what in mind, and in whose presence (names).

    A turn that is taken again is another `draw`, with `retake` as the last thing the agent is shown.
    """

    turn_id: str
    agent: Agent
    memory: Memory = NO_MEMORY
    present: tuple[str, ...] = ()
    draw: int = 0
    retake: ChatMessage | None = None


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether an engine can run here; `problem` says why not and what to do, and is None where it can."""

    version: str | None
    problem: str | None


AVAILABLE = Availability(version=None, problem=None)


class Engine(Protocol):
    """Runs turns. What an agent did comes as the JSON of `libs.minds.schema.turn_schema`, whatever the engine is."""

    async def start(self) -> None:
        """Get ready."""

    async def stop(self) -> None:
        """Let go."""

    async def availability(self) -> Availability:
        """Whether it can run here."""

    def forecast(self, command: DeliverStimulus, encounters: Sequence[Encounter], earlier: int) -> tuple[Call, ...]:
        """The calls of each of these turns, which come after `earlier` ones of the same people."""

    def work(self) -> Work:
        """What it takes besides."""

    def turns(self, command: DeliverStimulus, encounters: Sequence[Encounter]) -> AsyncGenerator[TurnReply, None]:
        """The replies in the order in which they finish. Raises `ModelsError` when some will not come."""
