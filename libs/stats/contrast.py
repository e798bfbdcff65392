"""The result types that all tests and comparisons share: a reader need not know which method was chosen."""

from dataclasses import dataclass

from libs.stats.distributions import Interval


@dataclass(frozen=True, slots=True)
class HypothesisTest:
    """A test that estimates nothing: an exact one has no statistic, and only some have degrees of freedom."""

    statistic: float | None
    df: float | None
    p_value: float
    method: str


@dataclass(frozen=True, slots=True)
class Estimated:
    """One number with its interval, which is None where the data do not show how uncertain the number is."""

    value: float
    interval: Interval | None
    method: str


@dataclass(frozen=True, slots=True)
class Contrast:
    """A treatment against a baseline: positive numbers mean the treatment is higher. None where it is undefined.

    `relative_lift` is difference / baseline, so 0.1 is ten per cent more. The p-value speaks of these samples only.
    """

    difference: float | None
    interval: Interval | None
    confidence_level: float
    statistic: float | None
    df: float | None
    p_value: float | None
    method: str
    relative_lift: float | None = None
    relative_lift_interval: Interval | None = None
    relative_lift_method: str = ""
    effect_size: float | None = None
    effect_size_interval: Interval | None = None
    effect_size_name: str = ""
