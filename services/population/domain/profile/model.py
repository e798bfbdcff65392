"""What a profile says, as it is answered."""

from typing import Annotated, Literal

from pydantic import Field

from libs.contracts.base import Data

NOTICE = "Simulated people: they follow published margins and stated rules, and were never asked."
Measure = Literal["cramers_v", "correlation_ratio", "spearman"]


class ValueCount(Data):
    """How many people have a value."""

    value: str
    count: int
    share: float = Field(description="Of the people who have the attribute.")


class CategoricalProfile(Data):
    """How a classification is spread."""

    kind: Literal["categorical"] = "categorical"
    name: str
    n: int
    missing: int
    distinct: int = Field(description="Different values.")
    values: tuple[ValueCount, ...] = Field(description="In the template's order where it has one, else most first.")
    others: int = Field(description="People whose value is not listed, because there are too many values.")
    entropy: float = Field(description="In bits.")
    evenness: float | None = Field(description="Entropy as a share of the largest possible; null with one value.")
    effective_values: float = Field(description="Equally frequent values that would have this entropy.")
    gini_simpson: float = Field(description="The chance that two people differ.")


class NumberBin(Data):
    """People with a number from `low` on and below `high`; the last bin holds its `high` too."""

    low: float
    high: float
    count: int
    share: float


class NumericProfile(Data):
    """How a number is spread."""

    kind: Literal["numeric"] = "numeric"
    name: str
    n: int
    missing: int
    mean: float
    standard_deviation: float | None
    minimum: float
    lower_quartile: float
    median: float
    upper_quartile: float
    maximum: float
    bins: tuple[NumberBin, ...]


AttributeProfile = Annotated[CategoricalProfile | NumericProfile, Field(discriminator="kind")]


class Pair(Data):
    """Two attributes and how strongly they go together."""

    a: str
    b: str
    measure: Measure
    value: float = Field(description="Between 0 and 1 in size; Spearman's has a sign.")
    by_chance: float = Field(description="Its root mean square if the attributes had nothing to do with each other.")
    n: int


class CategoricalDifference(Data):
    """A classification in two populations."""

    kind: Literal["categorical"] = "categorical"
    name: str
    total_variation: float = Field(description="Share of people who would have to change to make both alike.")
    jensen_shannon: float = Field(description="Distance between 0 and 1.")
    values: tuple[ValueCount, ...]
    other_values: tuple[ValueCount, ...]


class NumericDifference(Data):
    """A number in two populations."""

    kind: Literal["numeric"] = "numeric"
    name: str
    difference: float = Field(description="Mean here minus mean there.")
    hedges_g: float | None = Field(description="The difference in standard deviations; null when nothing varies.")
    kolmogorov_smirnov: float = Field(description="Largest gap between the two distribution functions.")
    bins: tuple[NumberBin, ...]
    other_bins: tuple[NumberBin, ...]


Difference = Annotated[CategoricalDifference | NumericDifference, Field(discriminator="kind")]


class Comparison(Data):
    """This population beside another one: no test, because both were drawn and can be drawn as large as one likes."""

    population_id: str
    name: str
    size: int
    differences: tuple[Difference, ...] = Field(description="The most different first, by its distance.")
    only_here: tuple[str, ...] = Field(description="Attributes that the other population does not have.")
    only_there: tuple[str, ...]


class Profile(Data):
    """Everything counted about the people."""

    size: int
    attributes: tuple[AttributeProfile, ...]
    associations: tuple[Pair, ...] = Field(description="Every pair, the one furthest above chance first.")
    not_associated: tuple[str, ...] = Field(description="Attributes without pairs: all alike, or too many values.")
