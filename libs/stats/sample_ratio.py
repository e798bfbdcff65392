"""Did the arms lose people unequally? A result from arms that did is not a comparison of like with like."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from libs.stats.arguments import require_count, require_finite, require_successes
from libs.stats.distributions import chi_square_tail

ALARM = 0.001


@dataclass(frozen=True, slots=True)
class ChiSquareTest:
    """Pearson's chi-square statistic, its degrees of freedom and upper tail."""

    statistic: float
    df: int
    p_value: float


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """The sample-ratio check; undefined with one arm or without any finished response."""

    statistic: float | None
    p_value: float | None
    is_flagged: bool


def goodness_of_fit(observed: Sequence[int], expected: Sequence[float]) -> ChiSquareTest | None:
    """Σ (O - E)² / E with the expected counts scaled to the observed total; None with one class or nothing observed.

    Pearson, Philosophical Magazine 50 (1900) 157-175.
    """
    if len(observed) != len(expected):
        raise ValueError(f"expected: {len(expected)} classes, but observed has {len(observed)}")
    for count, share in zip(observed, expected, strict=True):
        require_count("observed", count)
        require_finite("expected", share)
        if share <= 0:
            raise ValueError(f"expected: {share} is not above 0")
    total = sum(observed)
    if len(observed) < 2 or total == 0:
        return None
    scale = total / sum(expected)
    statistic = sum((o - e * scale) ** 2 / (e * scale) for o, e in zip(observed, expected, strict=True))
    df = len(observed) - 1
    return ChiSquareTest(statistic, df, chi_square_tail(statistic, df))


def sample_ratio(planned: Mapping[str, int], completed: Mapping[str, int]) -> SampleRatio:
    """Chi-square of finished responses per arm against the planned split, flagged at p < 0.001.

    `planned` counts the agents assigned to each arm. They are a fixed number, not a random draw, so goodness of fit is
    divided by the unfinished share, 1 - C/P; that makes it Pearson's test of equal attrition (finished or not, by arm).
    The plain statistic would have almost no power here: 63 of 63 against 40 of 62 would pass it. The threshold is the
    usual one of A/B testing: Fabijan et al., KDD 2019, 2156-2164.
    """
    for arm in planned.keys() | completed.keys():
        require_successes(f"completed[{arm!r}]", completed.get(arm, 0), f"planned[{arm!r}]", planned.get(arm, 0))
    arms = [arm for arm in sorted(planned) if planned[arm]]
    fit = goodness_of_fit([completed.get(arm, 0) for arm in arms], [planned[arm] for arm in arms])
    if fit is None:
        return SampleRatio(None, None, False)
    assigned, finished = sum(planned.values()), sum(completed.values())
    statistic = fit.statistic * assigned / (assigned - finished) if finished < assigned else 0.0
    p_value = chi_square_tail(statistic, fit.df)
    return SampleRatio(statistic, p_value, p_value < ALARM)
