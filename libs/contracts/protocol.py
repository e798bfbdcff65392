"""What a simulation does: arms, stimuli, steps, and the plan that is frozen before the first exposure."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.instruments import Answer, Instrument


class StimulusKind(StrEnum):
    """How a stimulus reaches an agent. TinyTroupe: listen, see, think, internalize_goal, socialize."""

    CONVERSATION = "conversation"
    VISUAL = "visual"
    THOUGHT = "thought"
    GOAL = "goal"
    SOCIAL = "social"


class Stimulus(Data):
    """What is shown to an agent."""

    content: str
    channel: str = Field(description="Where it is met: email, social, in_app, … ")
    timing: str = Field(description="When it is met: morning, afternoon, immediate, …")
    kind: StimulusKind | None = Field(default=None, description="How it reaches the agent; null: conversation.")
    source: str | None = Field(default=None, description="Name of who speaks; null: nobody in particular.")


class Arm(Data):
    """One branch of an intervention. Comparisons are made against the baseline arm."""

    name: str
    is_baseline: bool
    stimulus: Stimulus


ConversationKind = Literal["focus_group", "interview", "open", "message"]


class Conversation(Data):
    """How agents hear each other in a step. Those who do are one group, and one cluster of the analysis."""

    conversation_id: str
    kind: ConversationKind
    broadcast_if_no_target: bool = Field(description="What is said to nobody in particular is heard by the group.")
    turn_taking: Literal["simultaneous", "sequential"] = Field(
        description="In one round all speak at once, or one after the other, each having heard those before."
    )
    network: bool = Field(description="What is said to nobody in particular reaches only those related to the speaker.")


class Condition(Data):
    """Who takes a step: those whose own earlier answer to a metric is so. The others skip it."""

    metric: str
    step_id: str | None = Field(description="The step that asked; null: the latest answer counts.")
    operator: Literal["is", "is_not", "at_least", "at_most", "one_of"]
    value: Answer


class Correction(Data):
    """Checks of what an agent did, after which a turn is taken again; each score is from 0 to 9."""

    checks: tuple[Literal["persona_adherence", "self_consistency", "fluency"], ...]
    threshold: float = Field(description="A score below it has the turn taken again.")
    attempts: int = Field(description="How often at most.")


class Step(Data):
    """One step of a protocol. `deliver` shows each arm its stimulus and asks the instruments; `measure` only asks."""

    kind: Literal["deliver", "measure"]
    step_id: str
    round: int = Field(description="Interaction round, from 1.")
    stimuli: dict[str, Stimulus] = Field(description="Stimulus by arm; empty for `measure`.")
    instruments: tuple[Instrument, ...]
    audience_id: str | None = Field(default=None, description="Whom it is for; null: everybody who is in an arm.")
    conversation: Conversation | None = Field(default=None, description="Null: agents do not hear each other.")
    condition: Condition | None = Field(default=None, description="Null: nobody skips it.")
    simulated_at: datetime | None = Field(default=None, description="When it happens on the simulated clock.")
    tools: tuple[str, ...] | None = Field(default=None, description="Tools the agents may use.")
    correction: Correction | None = Field(default=None, description="Null: what agents do is not checked.")
    responds: bool | None = Field(default=None, description="False: agents only take it in. Null: they respond.")


class Audience(Data):
    """The agents a step is for, in groups that stay together; outside a conversation everybody is a group of one."""

    audience_id: str
    groups: dict[str, tuple[str, ...]] = Field(description="Agent ids by group id.")


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
