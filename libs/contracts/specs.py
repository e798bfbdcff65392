"""Public request bodies, shared by the services that obey them, the client and the study file."""

from typing import Annotated, Literal, Self

from pydantic import Discriminator, Field, StringConstraints, Tag, model_validator

from libs.contracts.anchors import ANCHORS, AnchorSets
from libs.contracts.base import Body, JsonObject, Name, Text
from libs.contracts.demographics import MAX_DIMENSIONS, DimensionName, GivenMargin, Screen, Template
from libs.contracts.instruments import LONGEST_STATED, Elicitation, MetricType, Role
from libs.contracts.origins import Origin
from libs.contracts.turns import Budget

Seed = Annotated[
    int, Field(strict=True, ge=0, lt=2**31, description="Same seed, same draws; drawn at random when absent.")
]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Engine = Literal["native", "tinytroupe"]
Identity = Annotated[str, StringConstraints(min_length=1, max_length=64)]
MAX_POPULATION = 100_000
MAX_IMPORTED = 5_000
MAX_WRITTEN = 10_000
MAX_CONTENT = 20_000
MAX_SCALE = 1e9
MAX_STEPS = 101


class SegmentSpec(Body):
    """A named subgroup with a quota."""

    name: Name
    size: int = Field(strict=True, ge=1, le=MAX_POPULATION, description="People in the segment.")
    particularities: str = Field(default="", max_length=2_000, description="Who they are, in words.")
    fragments: list[Label] = Field(default=[], max_length=20, description="Names of persona fragments to merge in.")


Eligibility = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000), Tag("[text]")]
    | Annotated[Screen, Tag("[screen]")],
    Discriminator(lambda value: "[text]" if isinstance(value, str) else "[screen]"),
]
"""Who may be drawn, in words as of particularities or spelled out."""


class FactorySpec(Body):
    """What a model plans the sample from, as TinyTroupe's factory does: attributes and how they are spread."""

    context: Annotated[Text, StringConstraints(max_length=4_000)] = Field(description="What the people are for.")
    demography: JsonObject | None = Field(default=None, description="A demography file: anything JSON says of them.")


class PopulationSpec(Body):
    """A population to draw: `POST /agent-populations/create`."""

    name: Name
    demographic_base: Label = Field(description="Name of a demographic template, for example usa_demographics.")
    size: int = Field(strict=True, ge=1, le=MAX_POPULATION, description="People in all, the unsegmented rest too.")
    segments: list[SegmentSpec] = Field(default=[], max_length=100)
    seed: Seed | None = None
    eligibility: Eligibility | None = Field(default=None, description="Who may be drawn: adults who buy groceries, …")
    margins: dict[DimensionName, GivenMargin] | None = Field(
        default=None, max_length=MAX_DIMENSIONS, description="Margins of one's own: they replace the template's or add."
    )
    template: Template | None = Field(default=None, description="A template of one's own; demographic_base names it.")
    personas: Literal["composed", "model"] = Field(
        default="composed", description="Who writes what was not drawn: rules, offline, or the model."
    )
    model: Label | None = Field(
        default=None, description="A language model that reads particularities no rule knows, and writes personas."
    )
    context: str = Field(default="", max_length=4_000, description="What the people are for, told to the model.")
    factory: FactorySpec | None = Field(default=None, description="Have the model plan the sample first.")

    @model_validator(mode="after")
    def _template_is_named(self) -> Self:
        if self.template and self.template.name != self.demographic_base:
            raise ValueError(f"demographic_base: it must name the template given here, {self.template.name!r}")
        return self

    @property
    def screen(self) -> Screen | None:
        """Who may be drawn, spelled out."""
        return Screen(text=self.eligibility) if isinstance(self.eligibility, str) else self.eligibility

    @model_validator(mode="after")
    def _model_is_named(self) -> Self:
        if self.model is None and (self.personas == "model" or self.factory):
            what = "a factory" if self.factory else "personas 'model'"
            raise ValueError(f"model: a language model must be named for {what}")
        if self.personas == "model" and self.size > MAX_WRITTEN:
            raise ValueError(f"size: a model writes the personas of at most {MAX_WRITTEN} people")
        return self

    @model_validator(mode="after")
    def _segments_fit(self) -> Self:
        names = [segment.name for segment in self.segments]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"segments: the name {repeated[0]!r} is used more than once")
        total = sum(segment.size for segment in self.segments)
        if total > self.size:
            raise ValueError(f"segments: sizes add up to {total}, more than the population's size of {self.size}")
        return self


class ImportedSegment(Body):
    """A named subgroup of people that come from files."""

    name: Name
    agents: list[JsonObject] = Field(min_length=1, description="Documents in TinyTroupe's .agent.json shape.")


class ImportSpec(Body):
    """A population of given people: `POST /agent-populations/import`."""

    name: Name
    segments: list[ImportedSegment] = Field(default=[], max_length=100)
    agents: list[JsonObject] = Field(default=[], description="Documents of people who are in no segment above.")

    @model_validator(mode="after")
    def _has_people(self) -> Self:
        names = [segment.name for segment in self.segments]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"segments: the name {repeated[0]!r} is used more than once")
        size = len(self.agents) + sum(len(segment.agents) for segment in self.segments)
        if not 1 <= size <= MAX_IMPORTED:
            raise ValueError(f"agents: these are {size} people; from 1 to {MAX_IMPORTED} can be imported at once")
        return self


FragmentChoice = Annotated[
    Annotated[Label, Tag("[name]")] | Annotated[JsonObject, Tag("[own]")],
    Discriminator(lambda value: "[name]" if isinstance(value, str) else "[own]"),
]
"""A name of the library or a document of one's own."""


class ApplyFragmentsSpec(Body):
    """Fragments to merge into people who are there: `POST /agent-populations/{id}/apply-fragments`."""

    fragments: list[FragmentChoice] = Field(
        min_length=1, max_length=20, description="Names of the library, or documents in the .fragment.json shape."
    )
    target_segments: list[Name] = Field(default=[], max_length=100, description="Only people of these segments.")
    agent_ids: list[Identity] = Field(
        default=[], max_length=1_000, description="Only these people. Everybody when no segment is named either."
    )


class FragmentSpec(Body):
    """A fragment of one's own: `POST /agent-populations/fragments`."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    type: Literal["Fragment"] = "Fragment"
    category: Literal["professional", "cultural", "behavioural"]
    description: Annotated[Text, StringConstraints(max_length=500)]
    traits: dict[str, Annotated[float, Field(strict=True, ge=-1, le=1, allow_inf_nan=False)]] = Field(
        min_length=1, description="How it moves numeric traits, each from -1 to 1."
    )
    persona: JsonObject = Field(min_length=1, description="What it adds to a persona.")


class CompareSpec(Body):
    """Two populations side by side: `POST /agent-populations/compare`."""

    population_ids: Annotated[list[Identity], Field(min_length=2, max_length=2)]


_ELICITED = {
    "distribution": f"binary, choice, and ordinal with at most {LONGEST_STATED} steps",
    "ssr": f"ordinal with at most {LONGEST_STATED} steps",
}
Statements = Annotated[list[Annotated[Text, StringConstraints(max_length=300)]], Field(max_length=LONGEST_STATED)]
AnchorsSpec = Annotated[
    Annotated[Label, Tag("[name]")] | Annotated[list[Statements], Field(min_length=1, max_length=20), Tag("[own]")],
    Discriminator(lambda value: "[name]" if isinstance(value, str) else "[own]"),
]
"""A family of anchor statements by name, or sets of one's own with a statement for each step of the scale."""


class MetricSpec(Body):
    """A metric of one's own. A bare name in `success_metrics` means the catalogue's metric of that name instead."""

    name: Label
    type: MetricType
    question: Annotated[Text, StringConstraints(max_length=1_000)]
    scale: tuple[float, float] | None = Field(default=None, description="[lowest, highest], for ordinal and numeric.")
    options: list[Label] = Field(default=[], max_length=50, description="For choice and ranking: at least two.")
    requires: Label | None = Field(default=None, description="A binary metric of this study that must be true first.")
    role: Role | None = Field(default=None, description="The first metric is primary unless said otherwise.")
    better: Literal["higher", "lower"] = Field(
        default="higher", description="Which way is good; for a guardrail the other way is harm."
    )
    margin: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="For a guardrail: the largest harm that would not matter, as a share or in points of the scale.",
    )
    elicitation: Elicitation = Field(
        default="direct",
        description="distribution: the agent states probabilities and the answer is drawn; ssr: the agent answers in "
        "words, which are rated by their likeness to anchor statements.",
    )
    anchors: AnchorsSpec | None = Field(
        default=None, description=f"For ssr: {', '.join(ANCHORS)}, or sets of statements, one for each step."
    )

    @property
    def anchor_sets(self) -> AnchorSets | None:
        """The anchor statements themselves."""
        if self.anchors is None:
            return None
        own = () if isinstance(self.anchors, str) else self.anchors
        return tuple(tuple(statements) for statements in own) or ANCHORS[str(self.anchors)]

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.type in {MetricType.ORDINAL, MetricType.NUMERIC}:
            if self.scale is None or not self.scale[0] < self.scale[1]:
                raise ValueError(f"scale: a metric of type {self.type} needs [lowest, highest], lowest < highest")
            _check_scale(self.type, *self.scale)
        elif self.scale is not None:
            raise ValueError(f"scale: a metric of type {self.type} has none; allowed for ordinal, numeric")
        if self.type in {MetricType.CHOICE, MetricType.RANKING}:
            if len(set(self.options)) < 2 or len(set(self.options)) != len(self.options):
                raise ValueError(f"options: a metric of type {self.type} needs at least two different options")
            if len({" ".join(option.split()).casefold() for option in self.options}) != len(self.options):
                raise ValueError(
                    "options: two differ by nothing but case or spaces, in which answers are not told apart"
                )
        elif self.options:
            raise ValueError(f"options: a metric of type {self.type} has none; allowed for choice, ranking")
        return self

    @model_validator(mode="after")
    def _can_be_harmed_by_the_margin(self) -> Self:
        if self.margin is None:
            return self
        if self.scale is None and self.type is not MetricType.BINARY:
            raise ValueError(f"margin: a metric of type {self.type} has none; allowed for binary, ordinal, numeric")
        low, high = self.scale or (0.0, 1.0)
        if not self.margin < high - low:
            what = f"points of its scale from {low:g} to {high:g}" if self.scale else "as a share"
            raise ValueError(f"margin: {self.margin:g} can never be reached; allowed: below {high - low:g}, {what}")
        return self

    @model_validator(mode="after")
    def _can_be_elicited(self) -> Self:
        steps = round(self.scale[1] - self.scale[0]) + 1 if self.scale else 0
        is_short = self.type is MetricType.ORDINAL and steps <= LONGEST_STATED
        fitting = ["direct"]
        if is_short or self.type in {MetricType.BINARY, MetricType.CHOICE}:
            fitting.append("distribution")
        if is_short:
            fitting.append("ssr")
        if self.elicitation not in fitting:
            raise ValueError(
                f"elicitation: {self.elicitation!r} is for {_ELICITED[self.elicitation]}; allowed here: "
                f"{', '.join(fitting)}"
            )
        if (self.elicitation == "ssr") is (self.anchors is None):
            raise ValueError(
                f"anchors: statements for each step, or one of {', '.join(ANCHORS)}; needed for elicitation 'ssr', and "
                "for no other"
            )
        if isinstance(self.anchors, str) and self.anchors not in ANCHORS:
            raise ValueError(f"anchors: there is no family {self.anchors!r}; allowed: {', '.join(ANCHORS)}")
        if isinstance(self.anchors, list) and any(len(statements) != steps for statements in self.anchors):
            raise ValueError(f"anchors: each set needs {steps} statements, one for each step of the scale")
        return self


def _check_scale(kind: MetricType, lowest: float, highest: float) -> None:
    if max(abs(lowest), abs(highest)) > MAX_SCALE:
        raise ValueError(f"scale: its limits must be between {-MAX_SCALE:,.0f} and {MAX_SCALE:,.0f}")
    is_whole = lowest.is_integer() and highest.is_integer()
    if kind is MetricType.ORDINAL and not (is_whole and highest - lowest < MAX_STEPS):
        raise ValueError(f"scale: an ordinal scale has whole limits and at most {MAX_STEPS} steps; or use numeric")


Metric = Annotated[
    Annotated[Label, Tag("[name]")] | Annotated[MetricSpec, Tag("[own]")],
    Discriminator(lambda value: "[name]" if isinstance(value, str) else "[own]"),
]
"""A name of the catalogue or a metric of one's own. The tags stand in brackets, so that errors leave them out."""


class PastSpec(Body):
    """Where the memories of a new simulation come from."""

    simulation_id: Identity = Field(description="Another simulation; it stays as it is.")
    checkpoint_id: Identity | None = Field(default=None, description="Null: all that has happened in it by now.")


class SimulationSpec(Body):
    """An interactive simulation, `POST /simulations/create`: it waits, ready, for communication until it is ended."""

    name: Name
    population_id: Identity | None = Field(default=None, description="Left out: that of the one it starts from.")
    start_from: PastSpec | None = Field(default=None, description="Its people remember what they lived through there.")
    seed: Seed | None = None
    model: Label = "offline"
    engine: Engine = Field(default="native", description="What runs the agents' turns.")
    budget: Budget | None = Field(default=None, description="The most it may spend: at the cap it pauses.")
    origin: Origin | None = Field(default=None, description="Where it comes from, to be kept with it.")

    @model_validator(mode="after")
    def _has_people(self) -> Self:
        if self.population_id is None and self.start_from is None:
            raise ValueError("population_id: give it, or start_from")
        return self


class CheckpointSpec(Body):
    """A mark to come back to: `POST /simulations/{id}/checkpoint`."""

    name: Name | None = None
