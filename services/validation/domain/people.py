"""People and agents who answered the same questions."""

from collections.abc import Mapping
from dataclasses import dataclass

from libs.contracts.instruments import Answer


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody real; `agent_id` is the agent made after them, if there is one."""

    person_id: str
    arm: str
    agent_id: str | None
    segment: str | None
    answers: Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Agent:
    """Somebody simulated, in one arm."""

    agent_id: str
    arm: str
    segment: str | None
    answers: Mapping[str, Answer]
    unit: str | None = None
    """All who heard each other; None: nobody else."""
