"""Turns and a frozen plan → estimates of every outcome in every arm, and every arm against the baseline.

All comparisons of the study (outcomes × arms) are one family for Holm's correction. Intervals are not adjusted, so one
may leave out zero although the finding is `no_clear_difference`; the finding follows the adjusted p-value alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from libs.contracts.evidence import Analysis, Comparison, Estimate, Interval
from libs.contracts.protocol import total_usage
from services.results.domain.evidence import Evidences, evidences
from services.results.domain.outcomes import Outcome, outcomes_of
from services.results.domain.records import Study, Turn, in_order
from services.results.domain.samples import Sample, count_heads, pairs_of, values_by_arm
from services.results.domain.verdict import write_verdict

if TYPE_CHECKING:
    from libs.stats import Contrast

Finding = Literal["higher", "lower", "no_clear_difference", "not_estimable"]
Samples = Mapping[str, Sample]
CONDITIONAL = "among agents that the funnel reached, so not a randomised comparison"


def analyse(study: Study, turns: Sequence[Turn], *, looks: int = 1) -> Analysis:
    """The analysis of all turns of a simulation. The order of the turns does not matter."""
    ordered = in_order(turns)
    arms = study.arms(ordered)
    heads = count_heads(study, arms, ordered)
    worth = evidences(study, ordered, heads, looks)
    outcomes = outcomes_of(study.instruments)
    samples = [values_by_arm(outcome, arms, ordered) for outcome in outcomes]
    estimates = [
        estimate(outcome, arm, values[arm], worth, study.confidence_level)
        for outcome, values in zip(outcomes, samples, strict=True)
        for arm in arms
    ]
    comparisons = compare_arms(study, arms, outcomes, samples, worth)
    draft = Analysis(
        plan_hash=study.plan_hash,
        plan_frozen_at=study.plan.frozen_at if study.plan else None,
        model=study.model,
        assigned=heads.assigned,
        answered=heads.answered,
        failed=heads.failed,
        estimates=tuple(estimates),
        comparisons=comparisons,
        sample_ratio=worth.sample_ratio,
        verdict="",
        usage=total_usage([turn.usage for turn in ordered]),
    )
    return draft.model_copy(update={"verdict": write_verdict(draft, worth.overall(heads), is_paired=study.is_within)})


def estimate(outcome: Outcome, arm: str, sample: Sample, worth: Evidences, confidence_level: float) -> Estimate:
    """One outcome in one arm, from one value per unit; `n` counts agents, the evidence counts units."""
    from libs.stats import T_INTERVAL, Moments

    moments = Moments.of(sample.values)
    interval, method = _interval(outcome, sample.values, confidence_level)
    return Estimate(
        metric=outcome.metric,
        option=outcome.option,
        arm=arm,
        measure=outcome.measure,
        n=sample.agents,
        value=moments.mean,
        standard_deviation=moments.standard_deviation,
        interval=interval,
        confidence_level=confidence_level,
        method=method if interval is not None else f"{method or T_INTERVAL} (not estimable)",
        evidence=worth.of(moments.n),
    )


def compare_arms(
    study: Study, arms: Sequence[str], outcomes: Sequence[Outcome], samples: Sequence[Samples], worth: Evidences
) -> tuple[Comparison, ...]:
    """Every other arm against the baseline on every outcome, corrected as one family.

    What cannot differ (negative controls, an arm that repeats another) is a family of its own: watching for alarms
    makes no finding harder.
    """
    if study.plan is None:
        return ()
    baseline = study.baseline(arms)
    found: list[tuple[Outcome, str, Samples, Contrast]] = []
    for outcome, values in zip(outcomes, samples, strict=True):
        for arm in arms:
            if arm != baseline:
                contrast = _contrast(study, outcome, values[arm], values[baseline])
                found.append((outcome, arm, values, contrast))
    copies = {arm.name for arm in study.plan.arms if arm.copy_of is not None}
    alarms = [bool(outcome.instrument.is_control) or arm in copies for outcome, arm, *_ in found]
    adjusted = _adjusted(study.plan.family, [contrast.p_value for *_, contrast in found], alarms)
    return tuple(
        _comparison(study, outcome, arm, baseline, values, contrast, p, worth)
        for (outcome, arm, values, contrast), p in zip(found, adjusted, strict=True)
    )


def _adjusted(family: str | None, p_values: Sequence[float | None], alarms: Sequence[bool]) -> list[float | None]:
    """Each of the two families by its own correction; alarms by Holm's always."""
    from libs.stats import benjamini_hochberg, holm

    correct = benjamini_hochberg if family == "benjamini_hochberg" else holm
    findings = iter(correct([p for p, is_alarm in zip(p_values, alarms, strict=True) if not is_alarm]))
    watched = iter(holm([p for p, is_alarm in zip(p_values, alarms, strict=True) if is_alarm]))
    return [next(watched) if is_alarm else next(findings) for is_alarm in alarms]


def _contrast(study: Study, outcome: Outcome, sample: Sample, baseline: Sample) -> "Contrast":
    if study.is_within:
        return compare_pairs(outcome, *pairs_of(sample, baseline), study.confidence_level)
    return compare_samples(outcome, sample.values, baseline.values, study.confidence_level)


def compare_pairs(
    outcome: Outcome, values: Sequence[float], baseline: Sequence[float], confidence_level: float
) -> "Contrast":
    """Yes or no of the same people by McNemar's test, everything else by the paired t-test."""
    from libs.stats import Bivariate, PairedCounts, compare_paired_means, compare_paired_proportions

    if outcome.measure == "proportion" and _is_whole(values) and _is_whole(baseline):
        counts = PairedCounts.of([value == 1 for value in values], [value == 1 for value in baseline])
        return compare_paired_proportions(counts, confidence_level)
    return _without_lift(outcome, compare_paired_means(Bivariate.of(values, baseline), confidence_level))


def compare_samples(
    outcome: Outcome, values: Sequence[float], baseline: Sequence[float], confidence_level: float
) -> "Contrast":
    """Two proportions as such; means, and proportions of agents with several turns, by Welch's test."""
    from libs.stats import Moments, compare_means, compare_proportions

    if outcome.measure == "proportion" and _is_whole(values) and _is_whole(baseline):
        contrast = compare_proportions(_sum(values), len(values), _sum(baseline), len(baseline), confidence_level)
    else:
        contrast = compare_means(Moments.of(values), Moments.of(baseline), confidence_level)
    return _without_lift(outcome, contrast)


def _without_lift(outcome: Outcome, contrast: "Contrast") -> "Contrast":
    """Twice as far from first place is no meaningful ratio."""
    if outcome.measure != "mean_rank":
        return contrast
    return replace(contrast, relative_lift=None, relative_lift_interval=None)


def finding_of(difference: float | None, p_adjusted: float | None, alpha: float) -> Finding:
    """What may be said of a comparison at this error rate."""
    if difference is None or p_adjusted is None:
        return "not_estimable"
    if p_adjusted > alpha or difference == 0:
        return "no_clear_difference"
    return "higher" if difference > 0 else "lower"


def _comparison(
    study: Study,
    outcome: Outcome,
    arm: str,
    baseline: str,
    values: Samples,
    contrast: "Contrast",
    p_adjusted: float | None,
    worth: Evidences,
) -> Comparison:
    n, n0 = len(values[arm].values), len(values[baseline].values)
    units = min(n, n0) if study.is_within else n + n0
    return Comparison(
        metric=outcome.metric,
        option=outcome.option,
        role=outcome.instrument.role,
        arm=arm,
        baseline=baseline,
        difference=contrast.difference,
        interval=contrast.interval,
        confidence_level=contrast.confidence_level,
        relative_lift=contrast.relative_lift,
        relative_lift_interval=contrast.relative_lift_interval,
        effect_size=contrast.effect_size,
        effect_size_name=contrast.effect_size_name,
        p_value=contrast.p_value,
        p_adjusted=p_adjusted,
        method=f"{contrast.method}; {CONDITIONAL}" if outcome.is_conditional else contrast.method,
        finding=finding_of(contrast.difference, p_adjusted, study.alpha),
        evidence=worth.of(units, smallest_arm=min(n, n0)),
    )


def _interval(outcome: Outcome, values: Sequence[float], confidence_level: float) -> tuple[Interval | None, str]:
    from libs.stats import T_INTERVAL, WILSON, Moments, mean_interval, wilson_interval

    if outcome.measure == "proportion" and _is_whole(values):
        return wilson_interval(_sum(values), len(values), confidence_level), WILSON
    return mean_interval(Moments.of(values), confidence_level), T_INTERVAL


def _is_whole(values: Sequence[float]) -> bool:
    """True when every agent is a plain yes or no, which averages over several turns need not be."""
    return all(value in (0.0, 1.0) for value in values)


def _sum(values: Sequence[float]) -> int:
    return int(sum(values))
