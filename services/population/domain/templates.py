"""Demographic templates: margins of an adult population with their sources, read from templates/*.json.

`published` means the source prints this share (rounded as the note says); `approximate` means we adapted it, and the
note says how. Shares of a dimension sum to 1; a file that breaks this does not load.
"""

import json
import math
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from libs.contracts.base import Body, Text

FOLDER = Path(__file__).parent.parent / "templates"
ADULT, OLDEST = 18, 95
OPEN_BAND_DECLINE = 0.9
REQUIRED = (
    "age_band",
    "gender",
    "region",
    "area_type",
    "education",
    "employment",
    "income_band",
    "marital_status",
    "children",
    "household_size",
    "home_tenure",
)
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class Dimension(Body):
    """One margin: shares by value, in order from low to high where `ordered`."""

    status: Literal["published", "approximate"]
    source: Text
    year: int
    licence: Text
    note: str = ""
    ordered: bool = False
    shares: dict[Text, Share] = Field(min_length=1)
    levels: dict[str, tuple[str, ...]] = Field(default={}, description="Groups of values by a word for them.")
    aliases: dict[str, tuple[str, ...]] = Field(default={}, description="Other words for a value, in lower case.")
    minimum_age: dict[str, int] = Field(default={}, description="Youngest age at which a value is possible.")

    @model_validator(mode="after")
    def _is_a_margin(self) -> Self:
        total = math.fsum(self.shares.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"shares: they sum to {total:.6f}, not to 1")
        named = (
            {value for values in self.levels.values() for value in values} | set(self.aliases) | set(self.minimum_age)
        )
        if unknown := sorted(named - set(self.shares)):
            raise ValueError(f"levels, aliases, minimum_age: {unknown[0]!r} is no value of this dimension")
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


class Place(Body):
    """Where the people of one region live, and how they are named."""

    country: Text
    nationality: Text
    names: Text = Field(description="Name pool: a file of names/.")
    towns: tuple[Text, ...] = Field(min_length=1)


class Template(Body):
    """A base population."""

    name: Text
    title: Text
    universe: Text
    note: str = ""
    income_phrase: str = Field(pattern=r"\{band\}", description="How a persona says its income band.")
    dimensions: dict[str, Dimension]
    places: dict[str, Place]

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if missing := [name for name in REQUIRED if name not in self.dimensions]:
            raise ValueError(f"dimensions: {missing[0]!r} is missing; needed are {', '.join(REQUIRED)}")
        if homeless := [region for region in self.dimensions["region"].values if region not in self.places]:
            raise ValueError(f"places: the region {homeless[0]!r} has none")
        for band in self.dimensions["age_band"].values:
            age_range(band)
        return self

    @cached_property
    def ages(self) -> Mapping[str, tuple[int, int]]:
        """First and last age of every age band."""
        return {band: age_range(band) for band in self.dimensions["age_band"].values}


def age_range(band: str) -> tuple[int, int]:
    """First and last age of a band written `25-34` or `75+`. Raises `ValueError` for anything else."""
    if found := re.fullmatch(r"(\d+)-(\d+)", band):
        first, last = int(found[1]), int(found[2])
    elif found := re.fullmatch(r"(\d+)\+", band):
        first, last = int(found[1]), OLDEST
    else:
        raise ValueError(f"age_band: {band!r} is written neither '25-34' nor '75+'")
    if not ADULT <= first <= last <= OLDEST:
        raise ValueError(f"age_band: {band!r} is not within {ADULT} to {OLDEST}")
    return first, last


def year_weight(band: str, age: int) -> float:
    """How common one year of age is within its band: falling by a tenth a year in an open band, else flat."""
    first, _ = age_range(band)
    return OPEN_BAND_DECLINE ** (age - first) if band.endswith("+") else 1.0


def load_templates(folder: Path = FOLDER) -> dict[str, Template]:
    """Every template of a folder by name. Raises pydantic's `ValidationError` for a file that is none."""
    found = [Template.model_validate(json.loads(path.read_text("utf-8"))) for path in sorted(folder.glob("*.json"))]
    return {template.name: template for template in found}
