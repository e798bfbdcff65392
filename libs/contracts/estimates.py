"""What a study will take, told before it runs: figures with an interval, and what each of them rests on.

Nobody knows beforehand how much a model will write. The interval is honest about that: it holds what a study would take
if every reply were short and what it would take if every one were long, not a confidence level.
"""

from datetime import date
from typing import Literal, Self

from pydantic import Field, model_validator

from libs.contracts.base import Body, Data
from libs.contracts.dialogue import Request
from libs.contracts.experiments import MOST_REQUESTS, InterventionSpec, TargetSpec
from libs.contracts.people import Agent
from libs.contracts.planning import Attribute, PowerScreen
from libs.contracts.protocol import Step
from libs.contracts.ranges import Range
from libs.contracts.specs import MAX_POPULATION, Engine, Label, PopulationSpec
from libs.contracts.turns import TurnBatch

SAMPLE = 20
"""People for whom prompts are composed and measured."""


class PreviewSpec(PopulationSpec):
    """A population to look at before it is made: `POST /agent-populations/preview`."""

    target: TargetSpec | None = Field(default=None, description="Only people who are meant by this.")
    exclude: TargetSpec | None = Field(default=None, description="And not by this.")


class DesignPreviewSpec(InterventionSpec):
    """An intervention to look at before it is made: `POST /interventions/preview`."""

    attributes: dict[str, Attribute] | None = Field(
        default=None, description="What its people have, by name; what it says of people is not checked without."
    )


NOTHING = Range.exactly(0)


class QuotedPrice(Data):
    """A line of the price table, in USD per million tokens."""

    prompt_usd: float
    cached_prompt_usd: float
    completion_usd: float
    valid_from: date
    source: str


class Quote(Data):
    """What the models service knows of a model before it is called."""

    model: str
    is_free: bool = Field(description="It runs here and costs nothing.")
    price: QuotedPrice | None = Field(description="Null: it is free, or the price table does not know it.")
    characters_per_token: Range = Field(description="High is the fewest tokens.")
    counts_schema: bool = Field(description="Whether the form of the reply may count as a part of the prompt.")
    concurrency: int = Field(description="Calls that may be in flight now.")
    latency_s: float | None = Field(description="Of answers lately; null before any.")
    rpm: int | None
    tpm: int | None


class Questions(Body):
    """Questions of one form that will be put to a model, of which some are composed."""

    count: int = Field(ge=0, le=MAX_POPULATION, description="How many there will be.")
    batch: TurnBatch


class TurnsSpec(Body):
    """Turns and other questions to be estimated: `POST /communications/estimate`."""

    model: Label
    engine: Engine = "native"
    seed: int = 0
    steps: tuple[Step, ...] = Field(default=(), max_length=1_000)
    turns: dict[str, int] = Field(default={}, description="People by arm.")
    agents: tuple[Agent, ...] = Field(default=(), max_length=2 * SAMPLE, description="Some of the people.")
    protocol: tuple[Request, ...] = Field(
        default=(), max_length=MOST_REQUESTS, description="What people are asked instead of steps."
    )
    segments: dict[str, int] = Field(default={}, description="People by segment, for a protocol.")
    questions: tuple[Questions, ...] = Field(default=(), max_length=200, description="Asked besides the turns.")

    @model_validator(mode="after")
    def _can_be_counted(self) -> Self:
        if any(not 0 <= number <= MAX_POPULATION for number in (*self.turns.values(), *self.segments.values())):
            raise ValueError(f"turns: from 0 to {MAX_POPULATION} people in an arm, and in a segment")
        if self.steps and self.protocol:
            raise ValueError("protocol: give either steps or a protocol")
        if (self.steps or self.protocol) and not self.agents:
            raise ValueError("agents: prompts are composed for some of the people, at least one")
        return self


class Ground(Data):
    """What a figure rests on."""

    figure: str
    kind: Literal["computed", "measured", "observed", "published", "assumed"] = Field(
        description="computed from the study; measured on composed prompts; observed in earlier turns; published by a "
        "provider; assumed for want of all of these."
    )
    says: str


class Estimate(Data):
    """What a study takes. `cost_usd` is null when the price table does not know the model."""

    model: str
    engine: str
    people: int
    turns: int
    calls: Range
    prompt_tokens: Range
    completion_tokens: Range
    tokens: Range
    cost_usd: Range | None
    seconds: Range
    rests_on: tuple[Ground, ...]
    power: PowerScreen | None = Field(default=None, description="Of a study: whether it can find anything.")

    def after(self, people: "Estimate") -> "Estimate":
        """With what making the people takes before."""
        told = (ground.model_copy(update={"figure": f"people: {ground.figure}"}) for ground in people.rests_on)
        figures = ("calls", "prompt_tokens", "completion_tokens", "tokens", "seconds")
        sums = {name: getattr(self, name).plus(getattr(people, name)) for name in figures}
        cost = self.cost_usd.plus(people.cost_usd) if self.cost_usd and people.cost_usd else None
        return self.model_copy(update={**sums, "cost_usd": cost, "rests_on": (*self.rests_on, *told)})
