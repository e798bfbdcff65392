"""What a frozen plan says beside its arms and metrics: whom, how they were dealt, how likely anything is found."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from pydantic import Field

from libs.contracts.base import Data

AttributeValue = str | float | bool


class Target(Data):
    """People by segment and attribute."""

    segments: tuple[str, ...] = Field(description="In any of these; any segment when empty.")
    attributes: dict[str, tuple[AttributeValue, ...]] = Field(
        description="[lowest, highest] where people have a number, the values that are meant otherwise."
    )

    def means(self, segment: str | None, profile: Mapping[str, AttributeValue]) -> bool:
        """Whether somebody is in one of the segments, and has every attribute. Who lacks one is not meant."""
        if self.segments and segment not in self.segments:
            return False
        return all(_has(profile.get(name), wanted) for name, wanted in self.attributes.items())


class Attribute(Data):
    """What people have of one attribute. It is a number where everybody who has it has a number."""

    is_number: bool
    values: tuple[AttributeValue, ...] = Field(description="The lowest and the highest number, or every value.")


def attributes_of(profiles: Iterable[Mapping[str, AttributeValue]]) -> dict[str, Attribute]:
    """Every attribute that anybody has, by name."""
    found: dict[str, set[AttributeValue]] = {}
    for profile in profiles:
        for name, value in profile.items():
            found.setdefault(name, set()).add(value)
    return {name: _attribute(found[name]) for name in sorted(found)}


def _attribute(values: Collection[AttributeValue]) -> Attribute:
    numbers = [value for value in values if is_number(value)]
    if len(numbers) == len(values):
        return Attribute(is_number=True, values=(min(numbers), max(numbers)))
    return Attribute(is_number=False, values=tuple(sorted(values, key=str)))


def is_number(value: AttributeValue) -> bool:
    """True for numbers; truth values are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _has(value: AttributeValue | None, wanted: Sequence[AttributeValue]) -> bool:
    if value is None:
        return False
    if is_number(value) and len(wanted) == 2 and all(is_number(one) for one in wanted):
        low, high = wanted
        return bool(low <= value <= high)  # type: ignore[operator]
    return value in wanted


class Randomisation(Data):
    """How the targeted people were dealt to the arms."""

    method: Literal["complete", "stratified", "blocked"]
    by: tuple[str, ...] = Field(description="What makes a stratum; empty for complete.")
    block_size: int | None = Field(description="Null unless blocked.")
    strata: int = Field(description="Strata that had anybody in them.")


class Balance(Data):
    """How alike the arms are in one attribute, or in the share of one of its values."""

    attribute: str
    value: str | None = Field(description="Null where the attribute is a number.")
    means: dict[str, float] = Field(description="Mean, or share from 0 to 1, by arm.")
    difference: float = Field(description="Largest standardised mean difference of an arm from the baseline, signed.")


class Power(Data):
    """How likely the plan finds the smallest effect worth finding in one metric."""

    metric: str
    role: str
    unit: Literal["share", "standard_deviations"] = Field(description="What mde and detectable are measured in.")
    mde: float
    mde_basis: str = Field(description="Given with the intervention, or which default.")
    baseline_rate: float | None = Field(description="Share expected in the baseline; null for means.")
    n: int = Field(description="People in the smallest arm.")
    baseline_n: int
    alpha: float = Field(description="For one comparison, at the strictest step of the correction.")
    power: float | None = Field(description="Null when an arm has fewer than two people.")
    detectable: float | None = Field(description="Smallest effect found with a power of 0.8.")
    needed_n: int | None = Field(description="People in each arm for a power of 0.8 at the mde.")
    needed_n_within: int | None = Field(
        description="People in all, if everybody met every arm and the two answers of a person correlated by 0.5."
    )


class PowerScreen(Data):
    """How likely a design finds what is worth finding. A hopeless one may still be run: it is said, not refused."""

    planned_n: dict[str, int] = Field(description="People by arm.")
    metrics: tuple[Power, ...]
    is_hopeless: bool = Field(description="The primary effect would more likely be missed than found.")
    warnings: tuple[str, ...]


class MainEffect(Data):
    """A contrast over factorial arms that was planned: one level of a factor against its first one."""

    factor: str
    level: str
    reference: str
    weights: dict[str, float] = Field(description="By arm; they add up to 0.")


class Media(Data):
    """A picture or film of a stimulus; never fetched."""

    kind: Literal["image", "video"]
    url: str
    alt: str


class Rich(Data):
    """A stimulus as people see it; agents read its text."""

    html: str | None = Field(description="Sanitised; null for plain text.")
    media: tuple[Media, ...]
