"""Did the arms lose people unequally? A result from arms that did is not a comparison of like with like."""

from collections.abc import Mapping
from dataclasses import dataclass

from libs.stats.arguments import require_successes
from libs.stats.chi_square import independence_test

ALARM = 0.001


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """The sample-ratio check; undefined with one arm or without any finished response."""

    statistic: float | None
    p_value: float | None
    is_flagged: bool


def sample_ratio(planned: Mapping[str, int], completed: Mapping[str, int]) -> SampleRatio:
    """Chi-square of finished responses per arm against the planned split, flagged at p < 0.001.

    `planned` counts the agents assigned to each arm. They are a fixed number and not a random draw, so the table tested
    is finished or not by arm. Goodness of fit of the finished alone, meant for random splits, is this statistic times
    the unfinished share and would hardly ever be flagged: 63 of 63 against 40 of 62 would pass. The threshold is the
    usual one of A/B testing: Fabijan et al., KDD 2019, 2156-2164.
    """
    for arm in planned.keys() | completed.keys():
        require_successes(f"completed[{arm!r}]", completed.get(arm, 0), f"planned[{arm!r}]", planned.get(arm, 0))
    arms = [arm for arm in sorted(planned) if planned[arm]]
    if len(arms) < 2 or not any(completed.values()):
        return SampleRatio(None, None, False)
    test = independence_test([(completed.get(arm, 0), planned[arm] - completed.get(arm, 0)) for arm in arms])
    if test is None:  # everybody finished
        return SampleRatio(0.0, 1.0, False)
    return SampleRatio(test.statistic, test.p_value, test.p_value < ALARM)
