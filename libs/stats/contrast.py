"""The result type of every two-arm comparison, so that a reader of results need not know which test was chosen."""

from dataclasses import dataclass

from libs.stats.distributions import Interval


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
    relative_lift: float | None
    relative_lift_interval: Interval | None
    relative_lift_method: str
    effect_size: float | None
    effect_size_interval: Interval | None
    effect_size_name: str
