"""Demographic templates as documents: margins and published joints of an adult population, each with its source.

`published`: the source prints this share, rounded as the note says. `approximate`: adapted from what it prints, and the
note says how. `derived`: computed from survey rows by a script of ours. `given`: stated by whoever asked.
"""

import math
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from libs.contracts.base import Body

ADULT, OLDEST = 18, 95
ROUNDING = 0.02
"""How far the shares of a given margin may sum away from 1: as far as rounding to whole percent brings them."""
EXACT = 1e-6
MAX_VALUES, MAX_DIMENSIONS = 100, 40
PRINTABLE = r"^[^\x00-\x1f\x7f]*$"
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300, pattern=PRINTABLE)]
Value = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=PRINTABLE)]
TemplateName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
DimensionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Year = Annotated[int, Field(ge=1900, le=2100)]
Status = Literal["published", "approximate", "derived", "given"]
Shares = Annotated[dict[Value, Share], Field(min_length=1, max_length=MAX_VALUES)]
Groups = Annotated[dict[Value, tuple[Value, ...]], Field(max_length=MAX_VALUES)]
PERSONS: Mapping[str, tuple[str, ...]] = {
    "gender": ("female", "male"),
    "area_type": ("city", "suburb", "rural"),
    "employment": (
        "employed full-time",
        "employed part-time",
        "self-employed",
        "unemployed",
        "student",
        "retired",
        "homemaker",
        "unable to work",
    ),
    "marital_status": ("never married", "married", "separated", "divorced", "widowed"),
    "children": ("none", "1", "2", "3 or more"),
    "household_size": ("1 person", "2 people", "3 people", "4 people", "5 or more people"),
    "home_tenure": ("renter", "owner"),
}
"""Dimensions that a persona puts into words of its own, with the values it knows."""
REQUIRED = ("age_band", "region", "education", "income_band", *PERSONS)


class Provenance(Body):
    """Where figures come from."""

    status: Status
    source: Line
    year: Year
    licence: Line
    note: str = Field(default="", max_length=2_000)


class Words(Body):
    """What may be said about the values of a dimension."""

    ordered: bool = Field(default=False, description="Whether the values stand in order from low to high.")
    levels: Groups = Field(default={}, description="Groups of values by a word for them.")
    aliases: Groups = Field(default={}, description="Words by which particularities may name a value or a level.")
    minimum_age: dict[Value, int] = Field(default={}, description="Youngest age at which a value is possible.")
    told: dict[Value, Line] = Field(
        default={}, description="Words a persona says for a value, {value} in them; '*' is for every value not named."
    )

    def named(self) -> Iterator[str]:
        """Every value these words speak of."""
        yield from (value for values in self.levels.values() for value in values)
        yield from (value for value in self.aliases if value not in self.levels)
        yield from (value for words in (self.minimum_age, self.told) for value in words if value != "*")


class Dimension(Provenance, Words):
    """One margin: shares by value, which sum to 1."""

    shares: Shares

    @model_validator(mode="after")
    def _is_a_margin(self) -> Self:
        total = math.fsum(self.shares.values())
        if abs(total - 1) > EXACT:
            raise ValueError(f"shares: they sum to {total:.6f}, not to 1")
        if unknown := sorted(set(self.named()) - set(self.shares)):
            raise ValueError(f"levels, aliases, minimum_age, told: {unknown[0]!r} is no value of this dimension")
        return self

    @property
    def values(self) -> tuple[str, ...]:
        """The values in their order."""
        return tuple(self.shares)

    def scores(self) -> dict[str, float]:
        """Each value's middle rank, from -1 (lowest) to 1 (highest)."""
        scores, below = {}, 0.0
        for value, share in self.shares.items():
            scores[value] = 2 * (below + share / 2) - 1
            below += share
        return scores

    def says(self, value: str) -> str:
        """What a persona says of a value; nothing where there are no words for it."""
        return self.told.get(value, self.told.get("*", "")).replace("{value}", value)

    def members(self, name: str) -> tuple[str, ...]:
        """The values a name stands for: a level's, or the value itself; none for a name nobody knows."""
        return self.levels.get(name) or ((name,) if name in self.shares else ())


class GivenMargin(Words):
    """A margin somebody gives for one study: it replaces the template's, or adds a dimension."""

    shares: Shares
    source: Line = Field(description="Where the shares come from.")
    year: Year
    licence: Line = "not stated"
    note: str = Field(default="", max_length=1_000)

    @model_validator(mode="after")
    def _sums_to_one(self) -> Self:
        if abs(self.total - 1) > ROUNDING:
            raise ValueError(
                f"shares: they sum to {self.total:.6g}; between {1 - ROUNDING} and {1 + ROUNDING} they would"
            )
        return self

    @property
    def total(self) -> float:
        """What the shares sum to as they were given."""
        return math.fsum(self.shares.values())


class PublishedJoint(Provenance):
    """How one dimension is spread among people with each value of another: rows need not name every value.

    A column is a value or a level of `of`; what the columns of a row leave over goes to all other values.
    """

    of: DimensionName
    given: DimensionName
    rows: dict[Value, Shares] = Field(min_length=1, max_length=MAX_VALUES)

    @model_validator(mode="after")
    def _rows_are_shares(self) -> Self:
        for value, shares in self.rows.items():
            if math.fsum(shares.values()) > 1 + EXACT:
                raise ValueError(f"rows.{value}: the shares sum to more than 1")
            if set(shares) != set(next(iter(self.rows.values()))):
                raise ValueError(f"rows.{value}: every row must have the same columns")
        return self


class Place(Body):
    """Where the people of one region live, and how they are named."""

    country: Line
    nationality: Line
    names: Line = Field(description="Name pool: american, british, german, …")
    towns: tuple[Line, ...] = Field(min_length=1, max_length=200)


class Template(Body):
    """A base population."""

    name: TemplateName
    title: Line
    universe: Line
    note: str = Field(default="", max_length=2_000)
    income_phrase: str = Field(pattern=r"\{band\}", max_length=200, description="How a persona says its income band.")
    associations: Line | None = Field(default=None, description="Associations of this population that ship with us.")
    dimensions: dict[DimensionName, Dimension] = Field(max_length=MAX_DIMENSIONS)
    joints: tuple[PublishedJoint, ...] = Field(default=(), max_length=MAX_DIMENSIONS)
    places: dict[Value, Place] = Field(max_length=MAX_VALUES)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if missing := [name for name in REQUIRED if name not in self.dimensions]:
            raise ValueError(f"dimensions: {missing[0]!r} is missing; needed are {', '.join(REQUIRED)}")
        if homeless := [region for region in self.dimensions["region"].values if region not in self.places]:
            raise ValueError(f"places: the region {homeless[0]!r} has none")
        for name, known in PERSONS.items():
            if unknown := [value for value in self.dimensions[name].values if value not in known]:
                raise ValueError(f"dimensions.{name}: {unknown[0]!r} is none of {', '.join(known)}")
        ages = [age_range(band) for band in self.dimensions["age_band"].values]
        if any(first <= last for (_, last), (first, _) in pairwise(ages)):
            raise ValueError("dimensions.age_band: the bands must stand in order and not overlap")
        for joint in self.joints:
            self._check(joint)
        return self

    def _check(self, joint: PublishedJoint) -> None:
        for name in (joint.of, joint.given):
            if name not in self.dimensions:
                raise ValueError(f"joints: there is no dimension {name!r}")
        for value, shares in joint.rows.items():
            if value not in self.dimensions[joint.given].shares:
                raise ValueError(f"joints: {value!r} is no value of {joint.given}")
            values = [member for column in shares for member in self.dimensions[joint.of].members(column)]
            if empty := [column for column in shares if not self.dimensions[joint.of].members(column)]:
                raise ValueError(f"joints: {empty[0]!r} is neither a value nor a level of {joint.of}")
            if len(set(values)) != len(values):
                raise ValueError(f"joints: columns of {joint.of} given {joint.given} overlap")

    @cached_property
    def ages(self) -> Mapping[str, tuple[int, int]]:
        """First and last age of every age band."""
        return {band: age_range(band) for band in self.dimensions["age_band"].values}


def age_range(band: str) -> tuple[int, int]:
    """First and last age of a band written `25-34` or `75+`. Raises `ValueError` for anything else."""
    if found := re.fullmatch(r"(\d{2})-(\d{2})", band):
        first, last = int(found[1]), int(found[2])
    elif found := re.fullmatch(r"(\d{2})\+", band):
        first, last = int(found[1]), OLDEST
    else:
        raise ValueError(f"age_band: {band!r} is written neither '25-34' nor '75+'")
    if not ADULT <= first <= last <= OLDEST:
        raise ValueError(f"age_band: {band!r} is not within {ADULT} to {OLDEST}")
    return first, last


class TraitBounds(Body):
    """The part of a trait's scale, from -1 to 1, that is allowed."""

    minimum: float = Field(default=-1, ge=-1, le=1, allow_inf_nan=False)
    maximum: float = Field(default=1, ge=-1, le=1, allow_inf_nan=False)


class Screen(Body):
    """Who may be drawn at all. What is stated holds for everybody; the words are read like particularities."""

    text: str = Field(default="", max_length=2_000)
    minimum_age: int | None = Field(default=None, ge=ADULT, le=OLDEST)
    maximum_age: int | None = Field(default=None, ge=ADULT, le=OLDEST)
    values: dict[DimensionName, Annotated[tuple[Value, ...], Field(min_length=1, max_length=MAX_VALUES)]] = Field(
        default={}, max_length=MAX_DIMENSIONS, description="Values or levels of dimensions that are allowed."
    )
    traits: dict[Value, TraitBounds] = Field(default={}, max_length=MAX_DIMENSIONS)
