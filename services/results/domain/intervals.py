"""The interval of one value, by what it is measured in; it never leaves the range that the value can be in."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from libs.contracts.evidence import Interval
from services.results.domain.contrasts import is_whole
from services.results.domain.outcomes import Outcome

if TYPE_CHECKING:
    from libs.stats import Moments


def interval_of(
    outcome: Outcome, moments: "Moments", successes: int | None, level: float
) -> tuple[Interval | None, str]:
    """Of these values, one a unit, and its method. `successes` are counted where every unit is a plain yes or no."""
    from libs.stats import CLUSTERED_WILSON, WILSON, clustered_share_interval, mean_within, wilson_interval

    if outcome.measure != "proportion":
        return mean_within(moments, outcome.bounds, level)
    if successes is not None:
        return wilson_interval(successes, moments.n, level), WILSON
    return clustered_share_interval(moments, level), CLUSTERED_WILSON


def successes_of(outcome: Outcome, values: Sequence[float]) -> int | None:
    """How many of these units are a yes; None where they are no plain yes and no."""
    return int(sum(values)) if outcome.measure == "proportion" and is_whole(values) else None
