"""What may be said of a difference after correction, by the rule that was fixed in the plan."""

from collections.abc import Iterable, Sequence
from typing import Literal

from libs.contracts.findings import Way
from libs.contracts.instruments import Instrument
from services.results.domain.records import Study

Finding = Literal["higher", "lower", "no_clear_difference", "not_estimable"]
WAYS = "Which way is good, by metric. Not there: options and texts, of which nobody has said it, and controls."


def finding_of(difference: float | None, p_adjusted: float | None, alpha: float) -> Finding:
    """What may be said of a comparison at this error rate."""
    if difference is None or p_adjusted is None:
        return "not_estimable"
    if p_adjusted > alpha or difference == 0:
        return "no_clear_difference"
    return "higher" if difference > 0 else "lower"


def correct(study: Study, p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """One family, by the plan's rule; Holm's where it names none."""
    from libs.stats import benjamini_hochberg, holm

    rule = study.plan.family if study.plan else None
    return (benjamini_hochberg if rule == "benjamini_hochberg" else holm)(p_values)


def correct_apart(study: Study, p_values: Sequence[float | None], alarms: Sequence[bool]) -> list[float | None]:
    """Two families, findings by the plan's rule and alarms by Holm's always."""
    from libs.stats import holm

    findings = iter(correct(study, [p for p, is_alarm in zip(p_values, alarms, strict=True) if not is_alarm]))
    watched = iter(holm([p for p, is_alarm in zip(p_values, alarms, strict=True) if is_alarm]))
    return [next(watched) if is_alarm else next(findings) for is_alarm in alarms]


def ways(instruments: Iterable[Instrument]) -> dict[str, Way]:
    """Which way is good, of the metrics of which it is said."""
    return {one.name: one.good for one in instruments if one.good is not None}
