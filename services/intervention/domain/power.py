"""How likely a plan finds what is worth finding, said before anybody is asked.

Power is that of one comparison at the strictest step of the correction, between the smallest arm and the baseline. A
plan is hopeless when it would more likely miss its primary effect than find it, and weak below the usual target. Of a
ranking it is the place of an option, compared as a mean. libs.stats is imported when it is first needed, as in scores.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from libs.contracts.instruments import Instrument, MetricType
from libs.contracts.planning import Power, PowerScreen
from services.intervention.domain.design import Design

if TYPE_CHECKING:
    from libs.stats import Design as Sampling

TARGET = 0.8
HOPELESS = 0.5
RATE = 0.5
SHARE_MDE = 0.1
STANDARD_MDE = 0.2
CORRELATION = 0.5
DEFAULTS = {
    "share": f"default: {SHARE_MDE:g} more or less of a share",
    "standard_deviations": f"default: {STANDARD_MDE:g} standard deviations, a small effect after Cohen (1988)",
}
SHARES = {MetricType.BINARY, MetricType.CHOICE}
MEANS = {MetricType.ORDINAL, MetricType.NUMERIC, MetricType.RANKING}


def screen(of: Design, planned_n: Mapping[str, int]) -> PowerScreen:
    """The power of a design with so many people in each arm; nothing to say where there is nothing to compare."""
    others = [planned_n[arm.name] for arm in of.arms if not arm.is_baseline]
    if not others:
        alone = "There is one arm only: nothing is compared."
        return PowerScreen(planned_n=dict(planned_n), metrics=(), is_hopeless=False, warnings=(alone,))
    asked = [one for one in of.instruments if one.type in SHARES | MEANS and not one.is_control]
    compared = sum(not arm.is_baseline and arm.copy_of is None for arm in of.arms)
    comparisons = compared * sum(len(one.options) or 1 for one in _compared(of))
    metrics = tuple(
        _power(of, one, min(others), planned_n[of.baseline], of.alpha / max(1, comparisons)) for one in asked
    )
    return PowerScreen(
        planned_n=dict(planned_n),
        metrics=metrics,
        is_hopeless=any(one.role == "primary" and _is_hopeless(one) for one in metrics),
        warnings=tuple(_warnings(metrics)),
    )


def expected_n(of: Design, people: int) -> dict[str, int]:
    """People by arm, as equally as can be, where nobody is assigned yet."""
    people = min(people, of.sample_size or people)
    if of.design == "within":
        return {arm.name: people for arm in of.arms}
    return {arm.name: people // len(of.arms) + (place < people % len(of.arms)) for place, arm in enumerate(of.arms)}


def _compared(of: Design) -> Sequence[Instrument]:
    return [one for one in of.instruments if one.type is not MetricType.TEXT and not one.is_control]


def _power(of: Design, metric: Instrument, n: int, baseline_n: int, alpha: float) -> Power:
    is_share = metric.type in SHARES
    mde = of.mde.get(metric.name, SHARE_MDE if is_share else STANDARD_MDE)
    unit = "share" if is_share else "standard_deviations"
    rate = _rate(of, metric) if is_share else None
    sizes = _Sizes(mde, rate, alpha, len(of.arms))
    correlation = CORRELATION if of.design == "within" else None
    is_known = min(n, baseline_n) >= 2
    return Power(
        metric=metric.name,
        role=metric.role,
        unit="share" if is_share else "standard_deviations",
        mde=mde,
        mde_basis="given" if metric.name in of.mde else DEFAULTS[unit],
        baseline_rate=rate,
        n=n,
        baseline_n=baseline_n,
        alpha=alpha,
        power=sizes.power(n, baseline_n, correlation) if is_known else None,
        detectable=sizes.detectable(n, baseline_n, correlation) if is_known else None,
        needed_n=sizes.needed(correlation),
        needed_n_within=sizes.needed(CORRELATION),
    )


def _rate(of: Design, metric: Instrument) -> float:
    return of.baseline_rates.get(metric.name, 1 / len(metric.options) if metric.options else RATE)


def _is_hopeless(one: Power) -> bool:
    return one.power is None or one.power < HOPELESS


@dataclass(frozen=True, slots=True)
class _Sizes:
    """One question of power, asked in three ways."""

    mde: float
    rate: float | None
    alpha: float
    arms: int

    def power(self, n: int, baseline_n: int, correlation: float | None) -> float:
        from libs.stats import power_of_means, power_of_proportions

        sampling = self._sampling(n, baseline_n, correlation)
        if self.rate is None:
            return power_of_means(self.mde, sampling)
        return power_of_proportions(self._other, self.rate, sampling)

    def detectable(self, n: int, baseline_n: int, correlation: float | None) -> float | None:
        from libs.stats import detectable_means, detectable_proportions

        sampling = self._sampling(n, baseline_n, correlation)
        if self.rate is None:
            return detectable_means(sampling, TARGET)
        return detectable_proportions(min(self.rate, 1 - self.rate), sampling, TARGET)

    def needed(self, correlation: float | None) -> int | None:
        """People in an arm, whole; None when no number is enough."""
        from libs.stats import sample_size_of_means, sample_size_of_proportions

        sampling = self._sampling(100, 100, correlation)
        if self.rate is None:
            found = sample_size_of_means(self.mde, sampling, TARGET)
        else:
            found = sample_size_of_proportions(self._other, self.rate, sampling, TARGET)
        return None if found is None else math.ceil(found)

    @property
    def _other(self) -> float:
        """The share to be told apart from the baseline's; below it where there is no room above."""
        assert self.rate is not None
        up = self.rate + self.mde
        return up if up < 1 else max(self.rate - self.mde, 1e-6)

    def _sampling(self, n: int, baseline_n: int, correlation: float | None) -> "Sampling":
        from libs.stats import Design as Sampling

        return Sampling(
            n=n, baseline_n=None if correlation is not None else baseline_n, correlation=correlation, alpha=self.alpha
        )


def _warnings(metrics: Sequence[Power]) -> list[str]:
    found = []
    for one in metrics:
        if one.role != "primary" or (one.power is not None and one.power >= TARGET):
            continue
        word = "Hopeless" if _is_hopeless(one) else "Weak"
        unit = "of a share" if one.unit == "share" else "standard deviations"
        chance = "cannot be computed" if one.power is None else f"is {one.power:.0%}"
        needed = "no number of people is enough" if one.needed_n is None else f"{one.needed_n} people in each arm"
        within = f"; everybody in every arm would need {one.needed_n_within} in all" if one.needed_n_within else ""
        found.append(
            f"{word}: the power to find an effect of {one.mde:g} {unit} in {one.metric} {chance} with {one.n} people "
            f"in the smallest arm. A power of {TARGET:.0%} needs {needed}{within}."
        )
    return found
