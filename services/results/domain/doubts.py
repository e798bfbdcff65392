"""What a plan asks beside its comparisons: is any arm different, do segments differ, do factors matter, can it be true?

Segments are compared by interaction alone: that an effect is clear in one segment and not in another says nothing.
Interactions and factors are families of their own, corrected by the plan's rule. Negative controls and copies of arms
cannot differ; where they do, at the plan's error rate over all such checks, everything else is in doubt.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from libs.contracts.evidence import Evidence, FactorEffect, Flag, Interaction, Omnibus
from services.results.domain.contrasts import clustered, compare, is_whole
from services.results.domain.evidence import Evidences
from services.results.domain.finding import correct, finding_of
from services.results.domain.losses import Loss, loss_flags
from services.results.domain.outcomes import Outcome
from services.results.domain.records import Study
from services.results.domain.replies import Reply
from services.results.domain.samples import Sample, Units, values_by_arm

if TYPE_CHECKING:
    from libs.stats import HypothesisTest

Samples = Mapping[str, Sample]
FEWEST_ARMS = 3
FACTORS = "cluster-robust contrast of arm means on Satterthwaite's degrees of freedom"
INTERACTION = "cluster-robust test of the difference of two effects on Satterthwaite's degrees of freedom"


def omnibus(study: Study, outcomes: Sequence[Outcome], samples: Sequence[Samples], worth: Evidences) -> list[Omnibus]:
    """One test for all arms of each outcome; none with two arms, where it would be the comparison again."""
    found = []
    for outcome, values in zip(outcomes, samples, strict=True):
        tested = _any_differs(study, list(values.values())) if len(values) >= FEWEST_ARMS else None
        if tested is None:
            continue
        found.append(
            Omnibus(
                metric=outcome.metric,
                option=outcome.option,
                statistic=tested.statistic,
                p_value=tested.p_value,
                method=tested.method,
                evidence=_worth(worth, list(values.values())),
            )
        )
    return found


def interactions(
    study: Study, arms: Sequence[str], outcomes: Sequence[Outcome], replies: Sequence[Reply], worth: Evidences
) -> list[Interaction]:
    """The effect on the primary outcomes in each segment against everybody else: (m - m0) - (r - r0)."""
    from libs.stats import clustered_contrast

    segments = sorted({reply.segment for reply in replies if reply.segment is not None})
    if study.plan is None or len({reply.segment for reply in replies}) < 2:
        return []
    baseline, units = study.baseline(arms), Units(replies)
    rows = []
    for outcome in (one for one in outcomes if one.instrument.role == "primary"):
        for segment in segments:
            inside, rest = (
                values_by_arm(outcome, arms, [one for one in replies if (one.segment == segment) is is_in], units)
                for is_in in (True, False)
            )
            for arm in (arm for arm in arms if arm != baseline):
                cells = [inside[arm], inside[baseline], rest[arm], rest[baseline]]
                test = clustered_contrast([clustered(c) for c in cells], (1, -1, -1, 1), study.confidence_level)
                if test is not None:
                    rows.append((outcome, arm, segment, test, cells[:2]))
    adjusted = correct(study, [test.p_value for *_, test, _ in rows])
    return [
        Interaction(
            metric=outcome.metric,
            option=outcome.option,
            arm=arm,
            baseline=baseline,
            segment=segment,
            difference=test.difference,
            interval=test.interval,
            confidence_level=study.confidence_level,
            p_value=test.p_value,
            p_adjusted=p,
            finding=finding_of(test.difference, p, study.alpha),
            method=INTERACTION,
            evidence=_worth(worth, pair),
        )
        for (outcome, arm, segment, test, pair), p in zip(rows, adjusted, strict=True)
    ]


def factor_effects(
    study: Study, outcomes: Sequence[Outcome], samples: Sequence[Samples], worth: Evidences
) -> list[FactorEffect]:
    """The planned contrasts over factorial arms: Σ w m."""
    from libs.stats import clustered_contrast

    rows = []
    for effect in (study.plan.contrasts if study.plan else None) or ():
        for outcome, values in zip(outcomes, samples, strict=True):
            if outcome.instrument.is_control:
                continue
            weights = {arm: weight for arm, weight in effect.weights.items() if weight}
            cells = [values[arm] for arm in weights]
            test = clustered_contrast([clustered(c) for c in cells], list(weights.values()), study.confidence_level)
            if test is not None:
                rows.append((effect, outcome, test, cells))
    adjusted = correct(study, [test.p_value for _, _, test, _ in rows])
    return [
        FactorEffect(
            metric=outcome.metric,
            option=outcome.option,
            factor=effect.factor,
            level=effect.level,
            reference=effect.reference,
            difference=test.difference,
            interval=test.interval,
            confidence_level=study.confidence_level,
            p_value=test.p_value,
            p_adjusted=p,
            finding=finding_of(test.difference, p, study.alpha),
            method=FACTORS,
            evidence=_worth(worth, cells),
        )
        for (effect, outcome, test, cells), p in zip(rows, adjusted, strict=True)
    ]


def flags(
    study: Study, outcomes: Sequence[Outcome], samples: Sequence[Samples], lost: Loss, worth: Evidences
) -> list[Flag]:
    """Everything that casts doubt on the study."""
    found = []
    if worth.sample_ratio.is_flagged:
        message = "completed responses are not split between the arms as planned"
        found.append(Flag(kind="sample_ratio", metric=None, arm=None, message=message))
    if worth.looks:
        found += loss_flags(lost)
    return found + _impossible(study, outcomes, samples)


def _impossible(study: Study, outcomes: Sequence[Outcome], samples: Sequence[Samples]) -> list[Flag]:
    """Differences between arms that cannot differ."""
    if study.plan is None:
        return []
    is_within = study.plan.design == "within"
    copies = [(arm.name, arm.copy_of) for arm in study.plan.arms if arm.copy_of is not None]
    checks: list[tuple[Flag, float | None]] = []
    for outcome, values in zip(outcomes, samples, strict=True):
        pairs = [("a_a", arm, original) for arm, original in copies]
        if outcome.instrument.is_control:
            baseline = study.baseline(list(values))
            pairs += [("negative_control", arm, baseline) for arm in values if arm != baseline]
        for kind, arm, original in pairs:
            if arm in values and original in values:
                made = compare(outcome, values[arm], values[original], study.confidence_level, is_within=is_within)
                text = MESSAGES[kind](arm, original)
                flag = Flag.model_validate({"kind": kind, "metric": outcome.metric, "arm": arm, "message": text})
                checks.append((flag, made.contrast.p_value))
    adjusted = correct(study, [p for _, p in checks])
    return [flag for (flag, _), p in zip(checks, adjusted, strict=True) if p is not None and p <= study.alpha]


MESSAGES: dict[str, Callable[[str, str], str]] = {
    "a_a": lambda arm, original: f"{arm} is a copy of {original} and differs from it",
    "negative_control": lambda arm, original: f"{arm} differs from {original} in what no stimulus can change",
}


def _worth(worth: Evidences, samples: Sequence[Sample]) -> Evidence:
    """Of all these units, as good as the smallest sample of them."""
    units = {unit for sample in samples for unit in sample.units}
    return worth.of(len(units), smallest_arm=min(len(sample.units) for sample in samples))


def _any_differs(study: Study, samples: Sequence[Sample]) -> "HypothesisTest | None":
    from libs.stats import Moments, clustered_omnibus, cochran_q, friedman, independence_test, welch_anova

    are_whole = all(is_whole(sample.values) for sample in samples)
    if study.plan is not None and study.plan.design == "within":
        known = [dict(zip(sample.units, sample.values, strict=True)) for sample in samples]
        both = sorted(set.intersection(*(set(one) for one in known)))
        if len(both) < 2:
            return None
        rows = [[one[unit] for one in known] for unit in both]
        return cochran_q([[bool(v) for v in row] for row in rows]) if are_whole else friedman(rows)
    if len({unit for sample in samples for unit in sample.units}) < sum(len(sample.units) for sample in samples):
        return clustered_omnibus([clustered(sample) for sample in samples])
    if are_whole:
        table = [[int(sum(s.values)), len(s.values) - int(sum(s.values))] for s in samples if s.values]
        return independence_test(table) if len(table) > 1 else None
    return welch_anova([Moments.of(sample.values) for sample in samples])
