"""Public request bodies of communication: what is said in an interactive simulation, to whom, and who hears whom."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from libs.contracts.base import Body, Name, Text, UtcTime
from libs.contracts.protocol import Condition, StimulusKind
from libs.contracts.specs import MAX_CONTENT, Identity, Label, Metric, Seed

Content = Annotated[Text, StringConstraints(max_length=MAX_CONTENT)]
TurnTaking = Literal["simultaneous", "sequential"]
DEFAULT_GROUP, LARGEST_GROUP = 8, 64
MOST_ROUNDS = 20
MOST_TOUCHPOINTS = 50
LAST_MOMENT = datetime.max.replace(tzinfo=UTC)
SIMULATED_START = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""Monday morning, where a simulated clock starts unless told otherwise. Fixed, so that a replay sees the same times."""


N = TypeVar("N", bound=str)


def distinct(names: list[N]) -> list[N]:
    """The names. Raises `ValueError` when one is there twice."""
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"{repeated[0]!r} is there more than once")
    return names


ToolNames = Annotated[list[Label], AfterValidator(distinct)]


class ChecksSpec(Body):
    """Have what agents do checked, and turns that fall short taken again, as TinyTroupe's action correction does."""

    checks: Annotated[list[Literal["persona_adherence", "self_consistency", "fluency"]], AfterValidator(distinct)] = (
        Field(min_length=1, max_length=3)
    )
    threshold: float = Field(default=5.0, ge=0, le=9, description="Scores are from 0 to 9; below it a turn is retaken.")
    attempts: int = Field(default=2, strict=True, ge=1, le=5, description="How often a turn is taken again at most.")


class _Said(Body):
    """What every kind of communication has."""

    metrics: list[Metric] = Field(default=[], max_length=30, description="Asked of everybody addressed.")
    tools: ToolNames = Field(default=[], max_length=10, description="Tools the agents may use: word_processor, …")
    correction: ChecksSpec | None = None
    ends: bool = Field(default=False, description="True: nothing more will be asked; it ends when this is done.")


class Broadcast(_Said):
    """A survey or an announcement, for all or some segments."""

    content: Content
    channel: Label = "in_person"
    timing: Label = "immediate"
    kind: StimulusKind = Field(default=StimulusKind.CONVERSATION, description="How it reaches them.")
    source: Name | None = Field(default=None, description="Who speaks.")
    target_segments: list[Name] = Field(default=[], max_length=100, description="Everybody when empty.")
    agent_ids: list[Identity] = Field(default=[], max_length=10_000, description="These agents only.")
    responds: bool = Field(default=True, description="False for an announcement: it is taken in without an answer.")
    broadcast_if_no_target: bool = Field(
        default=False,
        description="True: all who are addressed hear what the others say. False: a survey, no cross-talk.",
    )

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.agent_ids and self.target_segments:
            raise ValueError("agent_ids: give either agent_ids or target_segments")
        _check_distinct("agent_ids", self.agent_ids)
        _check_silence(self.responds, self)
        return self


class BroadcastSpec(Broadcast):
    """A survey or an announcement in a simulation: `POST /communications/broadcast`."""

    simulation_id: Identity


class MessageSpec(_Said):
    """Something said to one agent, by a person or by another agent: `POST /communications/direct-message`."""

    simulation_id: Identity
    to_agent_id: Identity
    from_agent_id: Identity | None = Field(default=None, description="The agent who says it; null: a person outside.")
    source: Name | None = Field(default=None, description="Name of the person outside who says it.")
    content: Content
    channel: Label = "direct_message"
    timing: Label = "immediate"
    kind: StimulusKind = StimulusKind.CONVERSATION
    responds: bool = Field(default=True, description="False: it is taken in without an answer.")

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.from_agent_id is not None and self.source is not None:
            raise ValueError("source: give either from_agent_id or source")
        if self.from_agent_id == self.to_agent_id:
            raise ValueError("from_agent_id: an agent cannot write to itself; kind thought is an inner voice")
        _check_silence(self.responds, self)
        return self


class Talk(_Said):
    """A focus group, an interview by an agent, or open talk."""

    kind: Literal["focus_group", "interview", "open"] = "focus_group"
    topic: Content = Field(description="What it is about; opens the first round.")
    prompts: list[Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_CONTENT)]] = Field(
        default=[], max_length=MOST_ROUNDS, description='What the moderator says, one for each round; "" for nothing.'
    )
    rounds: int | None = Field(
        default=None, strict=True, ge=1, le=MOST_ROUNDS, description="As many as prompts, or 3, when absent."
    )
    moderator: Name = Field(default="Moderator", description="Name of who says the topic and the prompts.")
    interviewer_id: Identity | None = Field(default=None, description="The agent who asks, in an interview.")
    agent_ids: list[Identity] = Field(default=[], max_length=10_000, description="Who takes part; drawn when empty.")
    target_segments: list[Name] = Field(default=[], max_length=100, description="Whom to draw from; all when empty.")
    groups: int = Field(default=1, strict=True, ge=1, le=1_000, description="Groups that talk apart from each other.")
    group_size: int | None = Field(
        default=None, strict=True, ge=1, le=LARGEST_GROUP, description=f"{DEFAULT_GROUP} when absent."
    )
    broadcast_if_no_target: bool = Field(
        default=True, description="What is said to nobody in particular is heard by the whole group."
    )
    turn_taking: TurnTaking = Field(default="sequential", description="One after the other, or all at once.")
    network: bool = Field(default=False, description="Only those related to a speaker hear what is said to nobody.")
    channel: Label = "in_person"
    seed: Seed | None = Field(default=None, description="For drawing who takes part; the simulation's when absent.")

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.agent_ids and (self.target_segments or self.group_size is not None):
            raise ValueError("agent_ids: who takes part is either listed or drawn (target_segments, group_size)")
        _check_distinct("agent_ids", self.agent_ids)
        if (self.kind == "interview") != (self.interviewer_id is not None):
            raise ValueError("interviewer_id: is given for an interview, and only for it")
        if self.interviewer_id in self.agent_ids:
            raise ValueError("interviewer_id: the interviewer is not one of those who are interviewed")
        if self.rounds is not None and len(self.prompts) > self.rounds:
            raise ValueError(f"prompts: there are {len(self.prompts)} for {self.rounds} rounds")
        return self

    @property
    def number_of_rounds(self) -> int:
        """Rounds of talk."""
        return self.rounds or len(self.prompts) or 3


class ConversationSpec(Talk):
    """Talk in a simulation: `POST /communications/conversation/start`."""

    simulation_id: Identity


class ConditionSpec(Body):
    """Who meets a touchpoint: those whose own answer or attribute is so, who have said something, or of whom a sentence
    is true. Others skip it.
    """

    metric: Label | None = None
    attribute: Label | None = Field(default=None, description="Of the person, such as age or region; not a metric.")
    says: list[Annotated[Text, StringConstraints(max_length=200)]] = Field(
        default=[], max_length=20, description="Whoever has said one of these texts so far, in any case of letters."
    )
    proposition: Annotated[Text, StringConstraints(max_length=500)] | None = Field(
        default=None,
        description="A sentence about the person, such as: has doubts about the price. The model that the agents think "
        "with judges whether it is true of what the person has met, said and answered; not with the offline model.",
    )
    touchpoint: Name | None = Field(default=None, description="The touchpoint that asked; the latest answer if absent.")
    before: bool = Field(
        default=False, description="What they answered, or said, in the simulation that this one starts from."
    )
    operator: Literal["is", "is_not", "at_least", "at_most", "one_of"] = "is"
    value: bool | float | str | list[str] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        by_words = bool(self.says) or self.proposition is not None
        given = (self.metric, self.attribute, self.says or None, self.proposition)
        if sum(one is not None for one in given) != 1:
            raise ValueError("metric: give one of metric, attribute, says, proposition")
        if self.touchpoint is not None and self.metric is None:
            raise ValueError("touchpoint: is for a metric")
        if self.before and (self.touchpoint is not None or not (self.metric or self.says)):
            raise ValueError("before: is for a metric without touchpoint, or for says")
        if (self.value is None) is not by_words:
            raise ValueError("value: is needed for a metric or an attribute, and for nothing else")
        if by_words:
            return self
        is_number = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        if self.operator in {"at_least", "at_most"} and not is_number:
            raise ValueError(f"value: {self.operator} needs a number")
        if (self.operator == "one_of") != isinstance(self.value, list):
            raise ValueError("value: one_of needs a list, and no other operator takes one")
        return self

    def compiled(self, step_id: str | None) -> Condition:
        """The condition as a step has it; `step_id` of the touchpoint that asks, if one is named."""
        if self.says or self.proposition is not None:
            words = Condition(metric="", step_id=None, operator="one_of", value=tuple(self.says), about="words")
            return words.model_copy(update={"proposition": self.proposition, "before": self.before or None})
        return Condition(
            metric=str(self.metric or self.attribute),
            step_id=step_id,
            operator=self.operator,
            value=tuple(self.value) if isinstance(self.value, list) else self.value,
            about="attribute" if self.attribute is not None else None,
            before=self.before or None,
        )


def check_judged(responds: bool, condition: ConditionSpec | None) -> None:
    """A model judges a person when their turn comes, and who only takes something in has none."""
    if condition is not None and condition.proposition is not None and not responds:
        raise ValueError("responds: who meets it by a proposition responds; allowed with one: true")


class TouchpointSpec(Body):
    """One contact of a sequence, some time after the one before it on the simulated clock."""

    name: Name
    content: Content | None = Field(default=None, description="Null only asks the metrics.")
    channel: Label | None = Field(default=None, description="Null: agents are told of no channel.")
    timing: Label = "immediate"
    kind: StimulusKind = StimulusKind.CONVERSATION
    source: Name | None = None
    after: timedelta = Field(
        default=timedelta(0), ge=timedelta(0), le=timedelta(days=3_650), description="ISO 8601, such as PT6H or P2D."
    )
    metrics: list[Metric] = Field(default=[], max_length=30)
    condition: ConditionSpec | None = Field(default=None, description="Everybody meets it when absent.")
    responds: bool = True

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.content is None and not self.metrics:
            raise ValueError("content: a touchpoint shows content, asks metrics, or both")
        _check_silence(self.responds, self)
        check_judged(self.responds, self.condition)
        return self


class Journey(Body):
    """Touchpoints over compressed days or weeks, some only for some."""

    name: Name = "sequence"
    touchpoints: list[TouchpointSpec] = Field(min_length=1, max_length=MOST_TOUCHPOINTS)
    target_segments: list[Name] = Field(default=[], max_length=100, description="Everybody when empty.")
    agent_ids: list[Identity] = Field(default=[], max_length=10_000, description="These agents only.")
    starts_at: UtcTime = Field(default=SIMULATED_START, description="When the simulated clock starts; UTC unless said.")
    tools: ToolNames = Field(default=[], max_length=10)
    correction: ChecksSpec | None = None
    ends: bool = Field(default=False, description="True: nothing more will be asked; it ends when this is done.")

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.agent_ids and self.target_segments:
            raise ValueError("agent_ids: give either agent_ids or target_segments")
        _check_distinct("agent_ids", self.agent_ids)
        names = [touchpoint.name for touchpoint in self.touchpoints]
        _check_distinct("touchpoints", names)
        if sum((one.after for one in self.touchpoints), timedelta()) > LAST_MOMENT - self.starts_at:
            raise ValueError(f"starts_at: the last touchpoint would be after the year {LAST_MOMENT.year}")
        for place, touchpoint in enumerate(self.touchpoints):
            before = names[:place]
            condition = touchpoint.condition
            if condition is not None and condition.touchpoint is not None and condition.touchpoint not in before:
                raise ValueError(
                    f"touchpoints.{place}.condition.touchpoint: {condition.touchpoint!r} is no earlier touchpoint; "
                    f"allowed: {', '.join(before) or 'none, it is the first'}"
                )
        return self


class SequenceSpec(Journey):
    """A journey in a simulation: `POST /communications/sequence/execute`."""

    simulation_id: Identity


def _kind_of(value: object) -> str:
    """A journey has touchpoints, talk has a topic, a broadcast neither; as in the files of `rehearsal talk ask`."""
    fields = type(value).model_fields if isinstance(value, Body) else value if isinstance(value, Mapping) else ()
    return "[journey]" if "touchpoints" in fields else "[talk]" if "topic" in fields else "[broadcast]"


Request = Annotated[
    Annotated[Broadcast, Tag("[broadcast]")] | Annotated[Talk, Tag("[talk]")] | Annotated[Journey, Tag("[journey]")],
    Discriminator(_kind_of),
]
"""What is asked of everybody or some in an interactive simulation, whichever it is."""


class RelationSpec(Body):
    """Two agents who know each other; what one says to nobody in particular reaches the other in a network."""

    agent_ids: tuple[Identity, Identity]
    kind: Label = Field(default="acquaintance", description="friend, colleague, partner, neighbour, …")

    @model_validator(mode="after")
    def _are_two(self) -> Self:
        _check_distinct("agent_ids", self.agent_ids)
        return self


class RelationsSpec(Body):
    """Relations to add: `POST /communications/{simulation_id}/relations`."""

    relations: list[RelationSpec] = Field(min_length=1, max_length=10_000)


def _check_distinct(field: str, names: Sequence[str]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if repeated:
        raise ValueError(f"{field}: {repeated[0]!r} is there more than once")


def _check_silence(responds: bool, said: "_Said | TouchpointSpec") -> None:
    if not responds and said.metrics:
        raise ValueError("responds: who is asked metrics responds; allowed with metrics: true")
