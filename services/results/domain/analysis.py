"""Replies and a frozen plan → estimates of every outcome in every arm, and every arm against the baseline.

All comparisons of the study (outcomes × arms) are one family for the plan's correction. Intervals are not adjusted, so
one may leave out zero although the finding is `no_clear_difference`; the finding follows the adjusted p-value alone.
"""

from collections.abc import Iterator, Mapping, Sequence

from libs.contracts.evidence import Analysis, Comparison, Estimate
from services.results.domain.changes import changes
from services.results.domain.contrasts import Compared, compare
from services.results.domain.doubts import factor_effects, flags, interactions, omnibus
from services.results.domain.evidence import Evidences, evidences
from services.results.domain.finding import correct_apart, finding_of, ways
from services.results.domain.intervals import interval_of, successes_of
from services.results.domain.losses import worst_loss
from services.results.domain.outcomes import Outcome, outcomes_of
from services.results.domain.records import Study
from services.results.domain.replies import Replies
from services.results.domain.samples import Sample, count_heads, values_by_arm
from services.results.domain.verdict import write_verdict

Samples = Mapping[str, Sample]
REACHED = "among agents that the funnel reached, so not a randomised comparison"
CHOSEN = "among agents that a condition chose, so not a randomised comparison"


def analyse(study: Study, replies: Replies, *, looks: int = 1) -> Analysis:
    """The analysis of all turns of a simulation."""
    arms = study.arms_among(replies.arms)
    heads = count_heads(study, arms, replies.all)
    worth = evidences(study, heads, looks, replies.models)
    outcomes = outcomes_of(study.instruments)
    samples = [values_by_arm(outcome, arms, replies.all) for outcome in outcomes]
    estimates = [
        estimate(outcome, arm, values[arm], worth, study.confidence_level)
        for outcome, values in zip(outcomes, samples, strict=True)
        for arm in arms
    ]
    comparisons = compare_arms(study, arms, outcomes, samples, worth)
    lost = worst_loss(study, outcomes, samples, heads, replies.all)
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
        omnibus=tuple(omnibus(study, outcomes, samples, worth)) or None,
        interactions=tuple(interactions(study, arms, outcomes, replies.all, worth)) or None,
        factor_effects=tuple(factor_effects(study, outcomes, samples, worth)) or None,
        flags=tuple(flags(study, outcomes, samples, lost, worth)) or None,
        changes=tuple(changes(study, arms, outcomes, replies.all, worth)) or None,
        usage=replies.usage,
    )
    said = write_verdict(draft, worth.overall(heads), ways(study.instruments), is_paired=study.is_within)
    return draft.model_copy(update={"verdict": said})


def estimate(outcome: Outcome, arm: str, sample: Sample, worth: Evidences, confidence_level: float) -> Estimate:
    """One outcome in one arm, from one value per unit; `n` counts agents, the evidence counts units."""
    from libs.stats import Moments

    moments = Moments.of(sample.values)
    interval, method = interval_of(outcome, moments, successes_of(outcome, sample.values), confidence_level)
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
        method=method if interval is not None else f"{method} (not estimable)",
        evidence=worth.of(moments.n),
        scale=outcome.scale,
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
    baseline, is_within = study.baseline(arms), study.is_within
    found: list[tuple[Outcome, str, Compared]] = []
    for outcome, values in zip(outcomes, samples, strict=True):
        for arm in arms:
            if arm != baseline:
                made = compare(outcome, values[arm], values[baseline], study.confidence_level, is_within=is_within)
                found.append((outcome, arm, made))
    alarms = [study.cannot_differ(outcome.instrument, arm) for outcome, arm, _ in found]
    adjusted = correct_apart(study, [made.contrast.p_value for *_, made in found], alarms)
    return tuple(
        comparison_of(study, outcome, arm, baseline, made, p, worth, is_control=is_control)
        for (outcome, arm, made), p, is_control in zip(found, adjusted, alarms, strict=True)
    )


def comparison_of(
    study: Study,
    outcome: Outcome,
    arm: str,
    baseline: str,
    made: Compared,
    p_adjusted: float | None,
    worth: Evidences,
    *,
    is_control: bool,
) -> Comparison:
    """A comparison as it is served."""
    contrast = made.contrast
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
        effect_size_interval=contrast.effect_size_interval,
        p_value=contrast.p_value,
        p_adjusted=p_adjusted,
        method="; ".join([contrast.method, *_limits(study, outcome, arm, baseline)]),
        finding=finding_of(contrast.difference, p_adjusted, study.alpha),
        evidence=worth.of(made.total, smallest_arm=made.smallest),
        pairs=made.pairs,
        views=made.views or None,
        non_inferiority=made.non_inferiority,
        is_control=is_control or None,
    )


def _limits(study: Study, outcome: Outcome, arm: str, baseline: str) -> Iterator[str]:
    if outcome.is_conditional:
        yield REACHED
    if not study.chosen.alone.isdisjoint({(outcome.metric, arm), (outcome.metric, baseline)}):
        yield CHOSEN
