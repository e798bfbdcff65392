"""What a simulation does: arms, stimuli, steps, and the plan that is frozen before the first exposure."""

from datetime import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.instruments import Answer, Instrument
from libs.contracts.planning import Balance, MainEffect, Power, Randomisation, Rich, Target


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
    channel: str = Field(description="Where it is met: email, social, in_app, …; empty: that is not said.")
    timing: str = Field(description="When it is met: morning, afternoon, immediate, …")
    kind: StimulusKind | None = Field(default=None, description="How it reaches the agent; null: conversation.")
    source: str | None = Field(default=None, description="Name of who speaks; null: nobody in particular.")


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
    """Who takes a step: those whose own earlier answer, attribute or words are so. The others skip it."""

    metric: str = Field(description="A metric; the name of an attribute where it is about one.")
    step_id: str | None = Field(description="The step that asked; null: the latest answer counts.")
    operator: Literal["is", "is_not", "at_least", "at_most", "one_of"]
    value: Answer
    about: Literal["attribute", "words"] | None = Field(
        default=None,
        description="attribute: of the person; words: the person has said one of these texts. Null: an earlier answer.",
    )
    proposition: str | None = Field(
        default=None, description="Instead: a sentence about the person that the model judges to be true of them."
    )
    before: bool | None = Field(
        default=None, description="True: the answer, or the words, of the simulation that this one starts from."
    )


class Contact(Data):
    """One contact of an arm that is a sequence of them."""

    name: str
    stimulus: Stimulus
    at_s: float = Field(description="Seconds since the start, on the simulated clock.")
    metrics: tuple[str, ...] = Field(description="Asked right here.")
    condition: Condition | None
    responds: bool
    rich: Rich | None


class Arm(Data):
    """One branch of an intervention. Comparisons are made against the baseline arm."""

    name: str
    is_baseline: bool
    stimulus: Stimulus = Field(description="What it shows; the first contact of a sequence.")
    is_placebo: bool | None = Field(default=None, description="True: contact without what is tested.")
    copy_of: str | None = Field(default=None, description="The arm it repeats, in an A/A comparison.")
    levels: dict[str, str] | None = Field(default=None, description="Level by factor, in a factorial design.")
    contacts: tuple[Contact, ...] | None = Field(default=None, description="Null: the stimulus is all of it.")
    rich: Rich | None = Field(default=None, description="How people see the stimulus; null: as plain text.")

    @property
    def has_conditions(self) -> bool:
        """Whether not everybody meets all of its contacts."""
        return any(contact.condition is not None for contact in self.contacts or ())


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
    arms: tuple[str, ...] | None = Field(default=None, description="The arms it is for; null: all.")
    name: str | None = Field(default=None, description="Of a touchpoint outside an intervention; null: it has none.")

    def is_for(self, arm: str) -> bool:
        """Whether an arm takes the step."""
        return self.arms is None or arm in self.arms


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
    design: Literal["between", "within"] = Field(description="within: everybody meets every arm, on forks.")
    seed: int
    frozen_at: datetime
    family: Literal["holm", "benjamini_hochberg"] | None = Field(default=None, description="Null: holm.")
    target: Target | None = Field(default=None, description="Null: target_segments say it all.")
    exclude: Target | None = None
    exclude_interventions: tuple[str, ...] | None = None
    sample_size: int | None = Field(default=None, description="People drawn of those targeted; null: all of them.")
    randomisation: Randomisation | None = None
    balance: tuple[Balance, ...] | None = None
    power: tuple[Power, ...] | None = None
    contrasts: tuple[MainEffect, ...] | None = Field(default=None, description="Of factorial arms.")
    measured_after_s: float | None = Field(default=None, description="Metrics are asked so long after all contacts.")
    starts_at: datetime | None = Field(default=None, description="Where the simulated clock starts; null: no clock.")


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
