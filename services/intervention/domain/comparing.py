"""Several interventions side by side: what each found, and how far apart their effects are.

Every effect is one against the baseline of its own intervention, so two effects are compared, never two arms of
different interventions. Their difference is normal, its error from the two intervals; where the same people took part
in both, that error is larger than it need be.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.decision import Decision, decide
from libs.contracts.evidence import Analysis, Comparison, Evidence, Interval
from libs.contracts.protocol import Plan

METHOD = "difference of two effects, each against its own baseline; normal, from their intervals; Holm over all of them"


@dataclass(frozen=True, slots=True)
class Analysed:
    """An execution that has its analysis."""

    intervention_id: str
    simulation_id: str
    population_id: str
    model: str
    plan: Plan
    analysis: Analysis


class Effect(Data):
    """An arm of an intervention against its baseline."""

    intervention_id: str
    arm: str
    baseline: str
    difference: float
    interval: Interval | None
    finding: str
    evidence: Evidence


class EffectDifference(Data):
    """Two effects of different interventions in one metric; positive when the first is larger."""

    metric: str
    option: str | None
    first: Effect
    second: Effect
    difference: float
    interval: Interval | None
    p_value: float | None
    p_adjusted: float | None
    method: str
    evidence: Evidence = Field(description="Of the weaker of the two.")


class SideBySide(Data):
    """The comparison of interventions."""

    metrics: tuple[str, ...] = Field(description="Asked in the same words and with the same answers by all of them.")
    decisions: dict[str, Decision] = Field(description="By intervention.")
    differences: tuple[EffectDifference, ...]
    notes: tuple[str, ...] = Field(description="What makes them hard to compare.")


def side_by_side(analysed: Sequence[Analysed]) -> SideBySide:
    """Every pair of interventions in every metric they share."""
    from libs.stats import holm

    metrics = _shared(analysed)
    found = [
        pair
        for one, other in combinations(analysed, 2)
        for first in _effects(one, metrics)
        for second in _effects(other, metrics)
        if (first.metric, first.option) == (second.metric, second.option)
        for pair in [_between(one, other, first, second)]
    ]
    adjusted = holm([one.p_value for one in found])
    return SideBySide(
        metrics=metrics,
        decisions={one.intervention_id: decide(one.plan, one.analysis) for one in analysed},
        differences=tuple(
            one.model_copy(update={"p_adjusted": p_adjusted}) for one, p_adjusted in zip(found, adjusted, strict=True)
        ),
        notes=tuple(_notes(analysed, metrics)),
    )


def _shared(analysed: Sequence[Analysed]) -> tuple[str, ...]:
    asked = [
        {one.name: one.model_copy(update={"role": "primary"}) for one in each.plan.instruments if not one.is_control}
        for each in analysed
    ]
    return tuple(name for name, one in asked[0].items() if all(other.get(name) == one for other in asked[1:]))


def _effects(one: Analysed, metrics: Sequence[str]) -> list[Comparison]:
    copies = {arm.name for arm in one.plan.arms if arm.copy_of is not None}
    return [
        each
        for each in one.analysis.comparisons
        if each.metric in metrics and each.arm not in copies and each.difference is not None
    ]


def _between(one: Analysed, other: Analysed, first: Comparison, second: Comparison) -> EffectDifference:
    from libs.stats.distributions import normal_critical, normal_two_sided

    difference = (first.difference or 0.0) - (second.difference or 0.0)
    interval = p_value = None
    errors = [_error(each) for each in (first, second)]
    if None not in errors:
        error = math.hypot(*(each for each in errors if each is not None))
        half = normal_critical(min(first.confidence_level, second.confidence_level)) * error
        interval = (difference - half, difference + half)
        p_value = normal_two_sided(difference / error) if error else None
    return EffectDifference(
        metric=first.metric,
        option=first.option,
        first=_effect(one, first),
        second=_effect(other, second),
        difference=difference,
        interval=interval,
        p_value=p_value,
        p_adjusted=None,
        method=METHOD,
        evidence=min(first.evidence, second.evidence, key=lambda each: (-ord(each.grade), each.effective_n)),
    )


def _error(one: Comparison) -> float | None:
    from libs.stats.distributions import normal_critical

    if one.interval is None:
        return None
    return (one.interval[1] - one.interval[0]) / 2 / normal_critical(one.confidence_level)


def _effect(one: Analysed, each: Comparison) -> Effect:
    return Effect(
        intervention_id=one.intervention_id,
        arm=each.arm,
        baseline=each.baseline,
        difference=each.difference or 0.0,
        interval=each.interval,
        finding=each.finding,
        evidence=each.evidence,
    )


def _notes(analysed: Sequence[Analysed], metrics: Sequence[str]) -> Iterator[str]:
    if not metrics:
        yield "They share no metric that is asked in the same words, so no effects can be compared."
    for what, values in (
        ("models", {one.model for one in analysed}),
        ("populations", {one.population_id for one in analysed}),
        ("designs", {one.plan.design for one in analysed}),
        ("targets", {str((one.plan.target, one.plan.target_segments, one.plan.exclude)) for one in analysed}),
    ):
        if len(values) > 1:
            yield f"Their {what} differ, which may be why their effects do."
