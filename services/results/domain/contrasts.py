"""One arm against the baseline on one outcome, by the design of the plan and the type of the metric.

Between subjects: two proportions as such, means by Welch's test. Within subjects: the same people in both arms, by
McNemar's and the paired t-test; whoever is missing in one arm is left out of both. Ordinal answers of different people
are tested by their order (Brunner and Munzel), while the difference that is shown stays one of means. Units that
talked are one value each, so every test here is cluster-robust.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from libs.contracts.evidence import NonInferiority, View
from libs.contracts.instruments import MetricType
from services.results.domain.outcomes import Outcome
from services.results.domain.samples import Sample

if TYPE_CHECKING:
    from libs.stats import Contrast

TOP_LEVELS = 2
FEWEST_LEVELS = 4  # of a scale whose two highest levels are not most of it


@dataclass(frozen=True, slots=True)
class Compared:
    """A contrast with what else can be said of the same two samples."""

    contrast: "Contrast"
    views: tuple[View, ...]
    pairs: int | None
    smallest: int
    """Units of the smaller arm."""
    total: int
    non_inferiority: NonInferiority | None


def compare(outcome: Outcome, arm: Sample, base: Sample, confidence_level: float, *, is_within: bool) -> Compared:
    """The arm against the baseline."""
    if is_within:
        arm, base = paired(arm, base)
    contrast = _contrast(outcome, arm.values, base.values, confidence_level, is_within=is_within)
    views = _views(outcome, arm.values, base.values, confidence_level, is_within=is_within)
    n, n0 = len(arm.values), len(base.values)
    return Compared(
        contrast=contrast,
        views=views,
        pairs=n if is_within else None,
        smallest=min(n, n0),
        total=n if is_within else n + n0,
        non_inferiority=_harm(outcome, arm.values, base.values, 1 - confidence_level, is_within=is_within),
    )


def paired(arm: Sample, base: Sample) -> tuple[Sample, Sample]:
    """The units that are in both, in one order."""
    first, second = dict(zip(arm.units, arm.values, strict=True)), dict(zip(base.units, base.values, strict=True))
    both = sorted(first.keys() & second.keys())
    return (
        Sample([first[unit] for unit in both], len(both), both),
        Sample([second[unit] for unit in both], len(both), both),
    )


def is_whole(values: Sequence[float]) -> bool:
    """True when every unit is a plain yes or no, which averages over several turns need not be."""
    return all(value in (0.0, 1.0) for value in values)


def _contrast(
    outcome: Outcome, arm: Sequence[float], base: Sequence[float], level: float, *, is_within: bool
) -> "Contrast":
    contrast = _by_value(outcome, arm, base, level, is_within=is_within)
    if outcome.measure == "mean_rank":  # twice as far from first place is no meaningful ratio
        contrast = replace(contrast, relative_lift=None, relative_lift_interval=None)
    if outcome.instrument.type is MetricType.ORDINAL and not is_within:
        contrast = _by_order(contrast, arm, base, level)
    return contrast


def _by_value(
    outcome: Outcome, arm: Sequence[float], base: Sequence[float], level: float, *, is_within: bool
) -> "Contrast":
    from libs.stats import (
        Bivariate,
        Moments,
        PairedCounts,
        compare_means,
        compare_paired_means,
        compare_paired_proportions,
        compare_proportions,
    )

    is_plain = outcome.measure == "proportion" and is_whole(arm) and is_whole(base)
    if is_within and is_plain:
        return compare_paired_proportions(PairedCounts.of([bool(v) for v in arm], [bool(v) for v in base]), level)
    if is_within:
        return compare_paired_means(Bivariate.of(arm, base), level)
    if is_plain:
        return compare_proportions(int(sum(arm)), len(arm), int(sum(base)), len(base), level)
    return compare_means(Moments.of(arm), Moments.of(base), level)


def _by_order(contrast: "Contrast", arm: Sequence[float], base: Sequence[float], level: float) -> "Contrast":
    """The same difference, tested by the order of the answers. Where order and means disagree, nothing is found."""
    from libs.stats import compare_ordinal

    ordered = compare_ordinal(arm, base, level)
    if contrast.difference is None or ordered.difference is None or contrast.p_value is None:
        return contrast
    disagree = contrast.difference * ordered.difference < 0
    return replace(
        contrast,
        p_value=1.0 if disagree else ordered.p_value,
        method=f"{ordered.method}; interval of the difference of means: {contrast.method}",
    )


def _views(
    outcome: Outcome, arm: Sequence[float], base: Sequence[float], level: float, *, is_within: bool
) -> tuple[View, ...]:
    from libs.stats import compare_ordinal, compare_paired_ordinal, odds_ratio, risk_ratio, wilcoxon_signed_rank

    found: list[View] = []
    if not arm or not base:
        return ()
    if outcome.instrument.type is MetricType.ORDINAL:
        ordered = (compare_paired_ordinal if is_within else compare_ordinal)(arm, base, level)
        found += _view("cliffs_delta", ordered)
        found += _top(outcome, arm, base, level, is_within=is_within)
    signed = wilcoxon_signed_rank(arm, base) if is_within and outcome.measure != "proportion" else None
    if signed is not None:
        statistic = signed.statistic or 0.0
        found.append(
            View(name="wilcoxon", value=statistic, interval=None, p_value=signed.p_value, method=signed.method)
        )
    if not is_within and outcome.measure == "proportion" and is_whole(arm) and is_whole(base):
        counts = int(sum(arm)), len(arm), int(sum(base)), len(base)
        for name, ratio in (("risk_ratio", risk_ratio), ("odds_ratio", odds_ratio)):
            if (one := ratio(*counts, level)) is not None:
                found.append(View(name=name, value=one.value, interval=one.interval, p_value=None, method=one.method))
    return tuple(found)


def _top(outcome: Outcome, arm: Sequence[float], base: Sequence[float], level: float, *, is_within: bool) -> list[View]:
    """The share of the two highest levels; None of it on a scale of three or where units are averages."""
    low, high = outcome.instrument.minimum, outcome.instrument.maximum
    if low is None or high is None or high - low + 1 < FEWEST_LEVELS:
        return []
    if not all(value.is_integer() for value in (*arm, *base)):
        return []
    above = high - TOP_LEVELS
    inside = [float(v > above) for v in arm], [float(v > above) for v in base]
    as_share = Outcome(outcome.instrument, outcome.option, "proportion")
    return _view("top_2_box", _by_value(as_share, *inside, level, is_within=is_within))


def _view(name: str, contrast: "Contrast") -> list[View]:
    if contrast.difference is None:
        return []
    return [
        View(
            name=name,
            value=contrast.difference,
            interval=contrast.interval,
            p_value=contrast.p_value,
            method=contrast.method,
        )
    ]


def _harm(
    outcome: Outcome, arm: Sequence[float], base: Sequence[float], alpha: float, *, is_within: bool
) -> NonInferiority | None:
    """One-sided at α/2, so that it agrees with the interval that is shown."""
    from libs.stats import Bivariate, Moments, equivalent_means, equivalent_paired_means, equivalent_proportions

    margin = outcome.instrument.margin
    if margin is None or outcome.instrument.role != "guardrail" or not arm or not base:
        return None
    if is_within:
        found = equivalent_paired_means(Bivariate.of(arm, base), margin, alpha / 2)
    elif outcome.measure == "proportion" and is_whole(arm) and is_whole(base):
        counts = int(sum(arm)), len(arm), int(sum(base)), len(base)
        found = equivalent_proportions(*counts, margin, alpha / 2)
    else:
        found = equivalent_means(Moments.of(arm), Moments.of(base), margin, alpha / 2)
    if found is None:
        return None
    is_up = (outcome.instrument.better or "higher") == "higher"
    p = found.lower_p if is_up else found.upper_p
    return NonInferiority(margin=margin, p_value=p, is_non_inferior=p <= alpha / 2, method=found.method)
