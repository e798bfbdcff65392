"""Metrics as instruments: the question that is asked, the type of its answer, and its place in a funnel."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from libs.contracts.base import Data

Answer = bool | float | str | tuple[str, ...] | None
Role = Literal["primary", "secondary", "guardrail"]
Elicitation = Literal["direct", "distribution", "ssr"]
OptionOrder = Literal["declared", "reversed"]
LONGEST_STATED = 21
"""Steps of the longest scale of which every value can be given a probability."""


class MetricType(StrEnum):
    """The types an outcome may have; each has its own analysis."""

    BINARY = "binary"
    ORDINAL = "ordinal"
    NUMERIC = "numeric"
    CHOICE = "choice"
    RANKING = "ranking"
    TEXT = "text"


class Instrument(Data):
    """A metric as it is asked."""

    name: str = Field(description="Name of the metric, unique in its study.")
    type: MetricType
    question: str = Field(description="What the agent is asked.")
    minimum: float | None = Field(description="Lowest value of an ordinal or numeric answer.")
    maximum: float | None = Field(description="Highest value of an ordinal or numeric answer.")
    options: tuple[str, ...] = Field(description="What a choice or ranking picks from; empty otherwise.")
    requires: str | None = Field(description="Binary metric that must be true first (no click without an open).")
    role: Role
    elicitation: Elicitation | None = Field(
        default=None,
        description="How the answer is obtained: stated (direct; null too), drawn from stated probabilities "
        "(distribution), or drawn by the likeness of the agent's words to the anchors (ssr).",
    )
    anchors: tuple[tuple[str, ...], ...] | None = Field(
        default=None, description="For ssr: sets of statements that say the steps of the scale, lowest first."
    )
    better: Literal["higher", "lower"] | None = Field(
        default=None, description="Which way is good; for a guardrail the other way is harm. Null: higher."
    )
    is_control: bool | None = Field(default=None, description="True: no stimulus can change it. Null: one could.")
    option_order: OptionOrder | None = Field(
        default=None, description="In which order options are read. Null: every agent has an order of its own."
    )
    margin: float | None = Field(
        default=None, description="Of a guardrail: the largest harm that would not matter. Null: none was set."
    )

    @property
    def good(self) -> Literal["higher", "lower"] | None:
        """Which way is good; None of options and texts, of which nobody has said it, and of what nothing can change."""
        is_said = self.type in {MetricType.BINARY, MetricType.ORDINAL, MetricType.NUMERIC} and not self.is_control
        return self.better or "higher" if is_said else None

    @property
    def form(self) -> tuple[object, ...]:
        """What has to be the same where answers are to be one sample."""
        return self.type, self.minimum, self.maximum, self.options, self.requires
