"""What may be said while an intervention runs: intervals that hold at every look, and no verdict.

All of them hold at once: the error rate is shared between the comparisons. Looking changes nothing about the plan,
whose rule is one analysis at the planned n. libs.stats is imported when it is first needed, as in scores.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.clusters import units_of
from libs.contracts.evidence import Analysis, Evidence, FactorEffect, Interval
from libs.contracts.instruments import Instrument
from libs.contracts.planning import MainEffect
from libs.contracts.protocol import Plan
from services.intervention.domain.scores import SCORABLE, Finished, evidence_so_far, value_of

if TYPE_CHECKING:
    from libs.stats import Contrast

Values = Mapping[str, float]
"""By unit: an agent, or all who heard each other."""


class Monitored(Data):
    """An arm against the baseline on the answers so far."""

    metric: str
    role: str
    arm: str
    baseline: str
    n: int
    baseline_n: int
    difference: float | None
    interval: Interval | None = Field(description="Always valid; null while nothing varies or too few have answered.")
    p_value: float | None
    confidence_level: float
    method: str
    evidence: Evidence


class EffectEstimate(FactorEffect):
    """A main effect of a factorial design in one metric, as the analysis found it, with its planned contrast."""

    contrast: MainEffect


def monitor(plan: Plan, turns: Iterable[Finished], *, is_offline: bool) -> tuple[Monitored, ...]:
    """Every arm against the baseline in every metric that has a mean or a rate."""
    taken = list(turns)
    metrics = [one for one in plan.instruments if one.type in SCORABLE]
    arms = [arm.name for arm in plan.arms if not arm.is_baseline]
    baseline = next(arm.name for arm in plan.arms if arm.is_baseline)
    level = 1 - plan.alpha / max(1, len(metrics) * len(arms))
    worth = evidence_so_far(plan, taken, is_offline=is_offline)
    units = units_of((turn.agent_id, turn.cluster_id) for turn in taken)
    found = []
    for metric in metrics:
        values = values_by_arm(metric, taken)
        for arm in arms:
            people, others = values.get(arm, {}), values.get(baseline, {})
            sample, reference = _by_unit(people, units), _by_unit(others, units)
            contrast = _contrast(plan, arm, baseline, sample, reference, level)
            found.append(
                Monitored(
                    metric=metric.name,
                    role=metric.role,
                    arm=arm,
                    baseline=baseline,
                    n=len(people),
                    baseline_n=len(others),
                    difference=contrast.difference,
                    interval=contrast.interval,
                    p_value=contrast.p_value,
                    confidence_level=level,
                    method=contrast.method,
                    evidence=worth,
                )
            )
    return tuple(found)


def values_by_arm(metric: Instrument, turns: Iterable[Finished]) -> dict[str, dict[str, float]]:
    """One value of every agent in each of its arms: the mean of its answers."""
    given: dict[tuple[str, str], list[float]] = defaultdict(list)
    for turn in turns:
        value = value_of(metric, turn.answers) if turn.is_answered else None
        if value is not None:
            given[turn.arm, turn.agent_id].append(value)
    found: dict[str, dict[str, float]] = {}
    for (arm, agent), values in sorted(given.items()):
        found.setdefault(arm, {})[agent] = sum(values) / len(values)
    return found


def _by_unit(values: Mapping[str, float], units: Mapping[str, str]) -> Values:
    """The mean of the agents of each unit."""
    given: dict[str, list[float]] = defaultdict(list)
    for agent, value in values.items():
        given[units[agent]].append(value)
    return {unit: sum(own) / len(own) for unit, own in sorted(given.items())}


def main_effects_of(plan: Plan, analysis: Analysis) -> tuple[EffectEstimate, ...]:
    """What the analysis found of the planned contrasts."""
    contrasts = {(one.factor, one.level, one.reference): one for one in plan.contrasts or ()}
    return tuple(
        EffectEstimate(**dict(one), contrast=contrasts[one.factor, one.level, one.reference])
        for one in analysis.factor_effects or ()
    )


def already_clear(monitored: Sequence[Monitored]) -> list[str]:
    """What the intervals leave no doubt about, were one to stop now."""
    return [
        f"{one.metric} already differs between {one.arm} and {one.baseline}, at every look taken or to come."
        for one in monitored
        if one.role == "primary" and one.interval is not None and not one.interval[0] <= 0 <= one.interval[1]
    ]


def _contrast(plan: Plan, arm: str, baseline: str, sample: Values, reference: Values, level: float) -> "Contrast":
    from libs.stats import Bivariate, Moments, monitor_means, monitor_paired_means

    both = sorted(sample.keys() & reference.keys())
    if plan.design == "within" or (both and sample.keys() == reference.keys()):
        pairs = Bivariate.of([sample[agent] for agent in both], [reference[agent] for agent in both])
        return monitor_paired_means(pairs, max(2, plan.planned_n[arm]), level)
    if both:  # some units are in both arms, others in one: neither independent nor paired
        sample, reference = {}, {}
    planned = max(2, plan.planned_n[arm] + plan.planned_n[baseline])
    return monitor_means(Moments.of(list(sample.values())), Moments.of(list(reference.values())), planned, level)
