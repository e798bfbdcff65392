"""What a simulation does: arms, stimuli, steps, and the plan that is frozen before the first exposure."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.instruments import Instrument


class Stimulus(Data):
    """What is shown to an agent."""

    content: str
    channel: str = Field(description="Where it is met: email, social, in_app, … ")
    timing: str = Field(description="When it is met: morning, afternoon, immediate, …")


class Arm(Data):
    """One branch of an intervention. Comparisons are made against the baseline arm."""

    name: str
    is_baseline: bool
    stimulus: Stimulus


class Step(Data):
    """One step of a protocol. `deliver` shows each arm its stimulus and asks the instruments; `measure` only asks."""

    kind: Literal["deliver", "measure"]
    step_id: str
    round: int = Field(description="Interaction round, from 1.")
    stimuli: dict[str, Stimulus] = Field(description="Stimulus by arm; empty for `measure`.")
    instruments: tuple[Instrument, ...]


class Assignment(Data):
    """Agent → arm."""

    agent_id: str
    arm: str
    segment: str | None


class Plan(Data):
    """What was fixed before anybody saw anything. Its SHA-256 is shown in every result."""

    intervention_id: str
    name: str
    type: str
    arms: tuple[Arm, ...]
    instruments: tuple[Instrument, ...]
    target_segments: tuple[str, ...]
    planned_n: dict[str, int] = Field(description="Agents assigned to each arm.")
    alpha: float
    correction: str = Field(description="Correction of p-values for multiple comparisons, and its family.")
    stopping_rule: str
    design: Literal["between"]
    seed: int
    frozen_at: datetime


class Usage(Data):
    """What was spent. A cached call was paid for by another simulation and cost nothing now."""

    calls: int
    cached_calls: int
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float


NO_USAGE = Usage(calls=0, cached_calls=0, prompt_tokens=0, completion_tokens=0, cost_usd=0.0)


def total_usage(parts: list[Usage]) -> Usage:
    """The sum of several usages."""
    return Usage(
        calls=sum(part.calls for part in parts),
        cached_calls=sum(part.cached_calls for part in parts),
        prompt_tokens=sum(part.prompt_tokens for part in parts),
        completion_tokens=sum(part.completion_tokens for part in parts),
        cost_usd=sum(part.cost_usd for part in parts),
    )
