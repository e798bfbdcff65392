"""One arm against the baseline on one outcome, by the design of the plan and the type of the metric.

Between subjects: two proportions as such, means by Welch's test. Within subjects: the same people in both arms, by
McNemar's and the paired t-test; whoever is missing in one arm is left out of both. Ordinal answers of different people
are tested by their order (Brunner and Munzel), while the difference that is shown stays one of means. Units that
talked are one value each, so every test here is cluster-robust. Where people of both arms heard each other, the two
values of their unit depend on each other: such linked samples are compared by the cluster-robust test alone, whatever
the type of the metric. Where one arm is much smaller than the other, means and order are compared by rearranging the
answers: t-tests find too much there when most answers are the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from libs.contracts.evidence import NonInferiority, View
from libs.contracts.instruments import MetricType
from services.results.domain.outcomes import Outcome
from services.results.domain.samples import Sample

if TYPE_CHECKING:
    from libs.stats import Clustered, Contrast, Equivalence

Design = Literal["apart", "paired", "linked"]
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
    design: Design = "linked" if set(arm.units) & set(base.units) else "apart"
    if is_within:
        (arm, base), design = paired(arm, base), "paired"
    return Compared(
        contrast=_contrast(outcome, arm, base, confidence_level, design),
        views=_views(outcome, arm, base, confidence_level, design),
        pairs=len(arm.units) if is_within else None,
        smallest=min(len(arm.units), len(base.units)),
        total=len({*arm.units, *base.units}),
        non_inferiority=_harm(outcome, arm, base, 1 - confidence_level, design),
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


def clustered(sample: Sample) -> "Clustered":
    """The values with the units that they are of."""
    from libs.stats import Clustered

    return Clustered(sample.values, sample.units)


def _contrast(outcome: Outcome, arm: Sample, base: Sample, level: float, design: Design) -> "Contrast":
    contrast = _by_value(outcome, arm, base, level, design)
    if outcome.measure == "mean_rank" or outcome.instrument.type is MetricType.ORDINAL:  # no zero, no ratio
        contrast = replace(contrast, relative_lift=None, relative_lift_interval=None)
    if outcome.instrument.type is MetricType.ORDINAL and design == "apart":
        contrast = _by_order(contrast, arm.values, base.values, level)
    return contrast


def _by_value(outcome: Outcome, arm: Sample, base: Sample, level: float, design: Design) -> "Contrast":
    from libs.stats import (
        Bivariate,
        Moments,
        PairedCounts,
        compare_clustered,
        compare_means,
        compare_paired_means,
        compare_paired_proportions,
        compare_proportions,
        compare_rearranged,
        is_uneven,
    )

    if design == "linked":
        return compare_clustered(clustered(arm), clustered(base), level)
    is_plain, own, others = _is_plain(outcome, arm, base), arm.values, base.values
    if design == "paired" and is_plain:
        return compare_paired_proportions(PairedCounts.of([bool(v) for v in own], [bool(v) for v in others]), level)
    if design == "paired":
        return compare_paired_means(Bivariate.of(own, others), level)
    if is_plain:
        return compare_proportions(*_counts(arm), *_counts(base), level)
    if is_uneven(len(own), len(others)):
        return compare_rearranged(own, others, level)
    return compare_means(Moments.of(own), Moments.of(others), level)


def _is_plain(outcome: Outcome, arm: Sample, base: Sample) -> bool:
    return outcome.measure == "proportion" and is_whole(arm.values) and is_whole(base.values)


def _counts(sample: Sample) -> tuple[int, int]:
    return int(sum(sample.values)), len(sample.values)


def _by_order(contrast: "Contrast", arm: Sequence[float], base: Sequence[float], level: float) -> "Contrast":
    """The same difference, tested by the order of the answers. Where order and means disagree, nothing is found."""
    from libs.stats import compare_ordinal, is_uneven

    if is_uneven(len(arm), len(base)):
        return contrast
    ordered = compare_ordinal(arm, base, level)
    if contrast.difference is None or ordered.difference is None or contrast.p_value is None:
        return contrast
    disagree = contrast.difference * ordered.difference < 0
    return replace(
        contrast,
        p_value=1.0 if disagree else ordered.p_value,
        method=f"{ordered.method}; interval of the difference of means: {contrast.method}",
    )


def _views(outcome: Outcome, arm: Sample, base: Sample, level: float, design: Design) -> tuple[View, ...]:
    from libs.stats import (
        compare_ordinal,
        compare_paired_ordinal,
        is_uneven,
        odds_ratio,
        risk_ratio,
        wilcoxon_signed_rank,
    )
    from libs.stats.ranks import CLIFFS_DELTA

    found: list[View] = []
    if not arm.values or not base.values:
        return ()
    if outcome.instrument.type is MetricType.ORDINAL:
        if design != "linked":
            by_order = compare_paired_ordinal if design == "paired" else compare_ordinal
            delta = by_order(arm.values, base.values, level)
            if design == "apart" and is_uneven(len(arm.values), len(base.values)):
                delta = replace(delta, interval=None, p_value=None, method=CLIFFS_DELTA)
            found += _view("cliffs_delta", delta)
        found += _top(outcome, arm, base, level, design)
    is_signed = design == "paired" and outcome.measure != "proportion"
    signed = wilcoxon_signed_rank(arm.values, base.values) if is_signed else None
    if signed is not None:
        statistic = signed.statistic or 0.0
        found.append(
            View(name="wilcoxon", value=statistic, interval=None, p_value=signed.p_value, method=signed.method)
        )
    if design == "apart" and _is_plain(outcome, arm, base):
        for name, ratio in (("risk_ratio", risk_ratio), ("odds_ratio", odds_ratio)):
            if (one := ratio(*_counts(arm), *_counts(base), level)) is not None:
                found.append(View(name=name, value=one.value, interval=one.interval, p_value=None, method=one.method))
    return tuple(found)


def _top(outcome: Outcome, arm: Sample, base: Sample, level: float, design: Design) -> list[View]:
    """The share of the two highest levels; None of it on a scale of three or where units are averages."""
    low, high = outcome.instrument.minimum, outcome.instrument.maximum
    if low is None or high is None or high - low + 1 < FEWEST_LEVELS:
        return []
    if not all(value.is_integer() for value in (*arm.values, *base.values)):
        return []
    above = high - TOP_LEVELS
    inside, outside = (sample._replace(values=[float(v > above) for v in sample.values]) for sample in (arm, base))
    as_share = Outcome(outcome.instrument, outcome.option, "proportion")
    return _view("top_2_box", _by_value(as_share, inside, outside, level, design))


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


def _harm(outcome: Outcome, arm: Sample, base: Sample, alpha: float, design: Design) -> NonInferiority | None:
    """One-sided at α/2, so that it agrees with the interval that is shown."""
    margin, good = outcome.instrument.margin, outcome.instrument.good
    if margin is None or good is None or outcome.instrument.role != "guardrail" or not arm.values or not base.values:
        return None
    found = _equivalence(outcome, arm, base, margin, alpha / 2, design)
    if found is None:
        return None
    p = found.lower_p if good == "higher" else found.upper_p
    return NonInferiority(margin=margin, p_value=p, is_non_inferior=p <= alpha / 2, method=found.method)


def _equivalence(
    outcome: Outcome, arm: Sample, base: Sample, margin: float, alpha: float, design: Design
) -> "Equivalence | None":
    from libs.stats import (
        Bivariate,
        Moments,
        equivalent_clustered,
        equivalent_means,
        equivalent_paired_means,
        equivalent_proportions,
    )

    if design == "linked":
        return equivalent_clustered(clustered(arm), clustered(base), margin, alpha)
    if design == "paired":
        return equivalent_paired_means(Bivariate.of(arm.values, base.values), margin, alpha)
    if _is_plain(outcome, arm, base):
        return equivalent_proportions(*_counts(arm), *_counts(base), margin, alpha)
    return equivalent_means(Moments.of(arm.values), Moments.of(base.values), margin, alpha)
