"""Public request bodies of interventions: arms and what they show, whom they are for, how people are dealt to them.

What can be known from a body alone is checked here. What needs the catalogue (metrics) or the population (segments,
attributes) is checked by the service that owns interventions, with the same names of fields.
"""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from libs.contracts.base import Body, Name, Text, UtcTime
from libs.contracts.dialogue import LAST_MOMENT, SIMULATED_START, ConditionSpec, Request, check_judged
from libs.contracts.origins import Origin
from libs.contracts.planning import Target
from libs.contracts.protocol import StimulusKind
from libs.contracts.specs import (
    MAX_CONTENT,
    MAX_POPULATION,
    Engine,
    Identity,
    Label,
    Metric,
    PastSpec,
    PopulationSpec,
    Seed,
)
from libs.contracts.turns import Budget

MOST_ARMS = 20
MOST_CONTACTS = 20
MOST_CONFIGURATIONS = 24
MOST_REQUESTS = 50
Content = Annotated[Text, StringConstraints(max_length=MAX_CONTENT)]
Format = Literal["text", "markdown", "html"]
Channel = Label
CHANNELS = ("email", "social", "in_app", "push", "sms", "web", "print", "tv", "radio", "phone", "in_person")
"""Those with an icon in the designer. Any other name is allowed: a channel is a word that the agent reads."""
NOT_SAID = "Null: agents are told of no channel."
Wait = Annotated[timedelta, Field(ge=timedelta(0), le=timedelta(days=3_650))]


class InterventionType(StrEnum):
    """What is being tried."""

    MARKETING = "marketing_intervention"
    PRODUCT = "product_feature"
    POLICY = "policy_change"
    COMMUNICATION = "communication_flow"


def _is_https(url: str) -> str:
    if urlsplit(url).scheme != "https" or not urlsplit(url).hostname:
        raise ValueError("only https:// addresses are allowed; nothing is ever fetched from them")
    return url


class MediaSpec(Body):
    """A picture or film beside the text. The agent reads its description; the address is for people who look at it."""

    kind: Literal["image", "video"]
    url: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2_000), AfterValidator(_is_https)]
    alt: Annotated[Text, StringConstraints(max_length=1_000)] = Field(description="What is to be seen, in words.")


class ContactSpec(Body):
    """One contact of a variant that is a sequence of them."""

    name: Name | None = Field(default=None, description="touch-1, touch-2, … when absent.")
    content: Content
    format: Format = "text"
    media: list[MediaSpec] = Field(default=[], max_length=10)
    channel: Channel | None = Field(default=None, description=NOT_SAID)
    timing: Label = "immediate"
    kind: StimulusKind = StimulusKind.CONVERSATION
    after: Wait | None = Field(default=None, description="Since the contact before it, such as PT6H or P2D.")
    at: Wait | None = Field(default=None, description="Since the start, instead of `after`.")
    metrics: list[Label] = Field(default=[], max_length=30, description="Success metrics to ask right here.")
    condition: ConditionSpec | None = Field(default=None, description="Who meets it; the others skip it.")
    responds: bool = Field(default=True, description="False: it is taken in without an answer.")

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.after is not None and self.at is not None:
            raise ValueError("at: give either after or at")
        if not self.responds and self.metrics:
            raise ValueError("responds: who is asked metrics responds; allowed with metrics: true")
        check_judged(self.responds, self.condition)
        return self


class VariantSpec(Body):
    """One arm as the public JSON calls it: a single stimulus, or a sequence of contacts."""

    name: Name
    content: Content | None = Field(default=None, description="What is shown. Absent when there are touchpoints.")
    format: Format = Field(default="text", description="How content is written; agents read it as plain text.")
    media: list[MediaSpec] = Field(default=[], max_length=10)
    timing: Label = Field(default="immediate", description="morning, afternoon, evening, night, immediate, …")
    channel: Channel | None = Field(default=None, description=f"{', '.join(CHANNELS)}, or any other. {NOT_SAID}")
    after: Wait = Field(default=timedelta(0), description="Delay since the start on the simulated clock: PT6H, P2D.")
    is_control: bool = Field(default=False, description="The baseline of every comparison; the first variant if none.")
    is_placebo: bool = Field(default=False, description="As much contact as the others, nothing of what is tested.")
    touchpoints: list[ContactSpec] = Field(default=[], max_length=MOST_CONTACTS)

    @model_validator(mode="after")
    def _shows_something(self) -> Self:
        if (self.content is None) is not bool(self.touchpoints):
            raise ValueError("content: give either content or touchpoints")
        if self.touchpoints and (self.media or self.after or self.format != "text"):
            raise ValueError("touchpoints: media, format and after are those of each touchpoint")
        names = [contact.name for contact in self.touchpoints if contact.name is not None]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"touchpoints: the name {repeated[0]!r} is used more than once")
        return self


Value = str | float | bool
Attributes = Annotated[dict[Label, Value | list[Value]], Field(max_length=20)]


class TargetSpec(Body):
    """People by segment and by attribute; who fits every one of these is meant."""

    segments: list[Name] = Field(default=[], max_length=100, description="In any of these; any segment when empty.")
    attributes: Attributes = Field(
        default={}, description="[lowest, highest] of a number, such as age; one value or a list of them otherwise."
    )

    @model_validator(mode="after")
    def _has_values(self) -> Self:
        for name, wanted in self.attributes.items():
            if isinstance(wanted, list) and not wanted:
                raise ValueError(f"attributes: {name!r} needs at least one value")
        return self

    @property
    def target(self) -> Target:
        """The target as plans have it."""
        wanted = {name: tuple(one) if isinstance(one, list) else (one,) for name, one in self.attributes.items()}
        return Target(segments=tuple(dict.fromkeys(self.segments)), attributes=wanted)


class RandomisationSpec(Body):
    """How people are dealt to arms; always by the seed, and always recorded."""

    method: Literal["complete", "stratified", "blocked"] = Field(
        default="stratified",
        description="complete: all in one draw; stratified: arms balanced inside every stratum; blocked: in permuted "
        "blocks inside every stratum.",
    )
    by: list[Label] = Field(
        default=["segment"], max_length=5, description="What makes a stratum: segment, or attributes of people."
    )
    block_size: int | None = Field(default=None, strict=True, ge=2, le=200, description="A multiple of the arms.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.block_size is not None and self.method != "blocked":
            raise ValueError("block_size: is for the method blocked")
        return self


Correction = Literal["holm", "benjamini_hochberg"]
Levels = (
    Annotated[dict[Label, Content], Field(min_length=2, max_length=10)]
    | Annotated[list[Label], Field(min_length=2, max_length=10)]
)


class InterventionSpec(Body):
    """An intervention to design: `POST /interventions/create`."""

    name: Name
    type: InterventionType
    variants: list[VariantSpec] = Field(min_length=1, max_length=MOST_ARMS)
    target_segments: list[Name] = Field(default=[], max_length=100, description="Everybody when empty.")
    success_metrics: list[Metric] = Field(min_length=1, max_length=30)
    population_id: Identity | None = Field(default=None, description="May be given when executing instead.")
    seed: Seed | None = None
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    design: Literal["between", "within"] = Field(
        default="between", description="within: everybody meets every arm, each on a fork of their own memory."
    )
    factors: dict[Label, Levels] = Field(
        default={},
        max_length=4,
        description="Factorial arms: the only variant is a template with {factor} where the text of a level goes.",
    )
    aa: bool = Field(default=False, description="Adds the baseline a second time; a difference from it is an alarm.")
    controls: list[Label] = Field(
        default=[], max_length=10, description="Questions of the catalogue whose answers no stimulus can change."
    )
    target: TargetSpec | None = Field(default=None, description="Whom it is for, in place of target_segments.")
    exclude: TargetSpec | None = Field(default=None, description="Who is left out of those.")
    exclude_interventions: list[Identity] = Field(
        default=[], max_length=20, description="Whoever took part in these is left out."
    )
    sample_size: int | None = Field(
        default=None, strict=True, ge=1, le=MAX_POPULATION, description="At most so many people, drawn by the seed."
    )
    randomisation: RandomisationSpec = RandomisationSpec()
    correction: Correction = Field(default="holm", description="Of p-values, over all comparisons of the study.")
    mde: dict[Label, Annotated[float, Field(gt=0, le=1e6)]] = Field(
        default={},
        max_length=30,
        description="Smallest effect worth finding by metric: points of a share from 0 to 1, standard deviations else.",
    )
    baseline_rates: dict[Label, Annotated[float, Field(gt=0, lt=1)]] = Field(
        default={}, max_length=30, description="Expected share of yes in the baseline by binary metric; 0.5 else."
    )
    measured_after: Wait | None = Field(
        default=None, description="Ask the metrics apart, so long after the last contact, not together with it."
    )
    starts_at: UtcTime = Field(default=SIMULATED_START, description="When the simulated clock starts.")

    @model_validator(mode="after")
    def _arms_are_distinct(self) -> Self:
        names = [variant.name for variant in self.variants]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"variants: the name {repeated[0]!r} is used more than once")
        if sum(variant.is_control for variant in self.variants) > 1:
            raise ValueError("variants: only one may have is_control = true")
        return self

    @model_validator(mode="after")
    def _ends_in_time(self) -> Self:
        none = timedelta()
        waits = [[one.after, *(met.after or met.at or none for met in one.touchpoints)] for one in self.variants]
        last = max(sum(of_arm, none) for of_arm in waits)
        if last + (self.measured_after or none) > LAST_MOMENT - self.starts_at:
            raise ValueError(f"starts_at: the last step would be after the year {LAST_MOMENT.year}")
        return self

    @model_validator(mode="after")
    def _targets_once(self) -> Self:
        if self.target is not None and self.target_segments:
            raise ValueError("target: give either target or target_segments")
        return self

    @model_validator(mode="after")
    def _factors_fit(self) -> Self:
        if not self.factors:
            return self
        if len(self.variants) != 1 or self.variants[0].content is None:
            raise ValueError("factors: need exactly one variant, whose content is the template")
        template = self.variants[0].content
        for name in self.factors:
            if f"{{{name}}}" not in template:
                raise ValueError(f"factors: the content of the variant does not mention {{{name}}}")
        arms = 1
        for levels in self.factors.values():
            arms *= len(levels)
        if arms > MOST_ARMS:
            raise ValueError(f"factors: their combinations are {arms} arms; at most {MOST_ARMS} are allowed")
        return self


class ExecutionSpec(Body):
    """`POST /interventions/{id}/execute`; every field is optional."""

    name: Name | None = Field(
        default=None,
        exclude_if=lambda name: name is None,  # the release before knows no such field
        description="Of the simulation; if absent that of the intervention.",
    )
    population_id: Identity | None = Field(
        default=None, description="Needed unless the intervention names one, or the simulation that it starts from."
    )
    start_from: PastSpec | None = Field(default=None, description="Its people remember what they lived through there.")
    seed: Seed | None = None
    model: Label = Field(default="offline", description="Model the agents think with; offline needs no key.")
    engine: Engine = Field(default="native", description="What runs the agents' turns.")
    budget: Budget | None = Field(default=None, description="The most it may spend: at the cap it pauses.")
    origin: Origin | None = Field(default=None, description="Where it comes from, to be kept with it.")


class Wording(Body):
    """The same questions in other words."""

    name: Label
    questions: dict[Label, Annotated[Text, StringConstraints(max_length=2_000)]] = Field(
        min_length=1, max_length=50, description="The question by metric; the others are asked as designed."
    )


class RobustnessSpec(Body):
    """One execution for each configuration: `POST /interventions/{id}/robustness`.

    With the seed vary who is assigned to what, the order of options, and every draw.
    """

    population_id: Identity | None = Field(default=None, description="Needed unless the intervention names one.")
    models: list[Label] = Field(default=["offline"], min_length=1, max_length=8)
    seeds: list[Seed] = Field(default=[], max_length=24, description="Three that follow the intervention's if empty.")
    elicitations: list[Literal["direct", "distribution"]] = Field(
        default=[], max_length=2, description="How answers are obtained, where a metric can be; as designed if empty."
    )
    option_orders: list[Literal["own", "declared", "reversed"]] = Field(
        default=[],
        max_length=3,
        description="own: every agent has one, as designed; declared: that of the study for everybody; reversed: the "
        "other way round. As designed if empty.",
    )
    wordings: list[Wording] = Field(default=[], max_length=8, description="Tried beside the words of the design.")
    engine: Engine = "native"

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        names = [wording.name for wording in self.wordings]
        for field in ("models", "seeds", "elicitations", "option_orders", "wordings"):
            values = names if field == "wordings" else getattr(self, field)
            if len(set(values)) < len(values):
                raise ValueError(f"{field}: something is there more than once")
        if self.count > MOST_CONFIGURATIONS:
            raise ValueError(f"models: these are {self.count} configurations; at most {MOST_CONFIGURATIONS}")
        return self

    @property
    def count(self) -> int:
        """How many configurations these are."""
        ways = (len(self.elicitations) or 1) * (len(self.option_orders) or 1) * (len(self.wordings) + 1)
        return len(self.models) * (len(self.seeds) or 3) * ways


class ComparisonSpec(Body):
    """Interventions side by side, each by its latest execution: `POST /interventions/compare`."""

    intervention_ids: list[Identity] = Field(min_length=2, max_length=10)

    @model_validator(mode="after")
    def _are_different(self) -> Self:
        if len(set(self.intervention_ids)) < len(self.intervention_ids):
            raise ValueError("intervention_ids: one is there more than once")
        return self


class StudySpec(Body):
    """A study file: everything needed to run it again. Its people meet an intervention, or are asked a protocol."""

    name: Name
    description: str = Field(default="", max_length=4_000)
    seed: Seed | None = None
    model: Label = "offline"
    engine: Engine = "native"
    budget: Budget | None = Field(default=None, description="The most a run may spend: at the cap it pauses.")
    population: PopulationSpec
    intervention: InterventionSpec | None = None
    protocol: list[Request] = Field(
        default=[],
        max_length=MOST_REQUESTS,
        description="What is asked, one after the other: broadcasts, conversations (with a topic), journeys (with "
        "touchpoints).",
    )

    @model_validator(mode="after")
    def _does_one_thing(self) -> Self:
        if (self.intervention is None) is not bool(self.protocol):
            raise ValueError("intervention: give either an intervention or a protocol")
        return self
