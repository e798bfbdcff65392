"""What to do with an intervention, and why: a banner as data, never more than its evidence bears.

At grade C a simulation gives a direction and nothing else: neither `ship` nor `do_not_ship` is ever said of it. An
alarm (a control, an A/A arm or the sample ratio) stands before every finding. Which way is good is the metric's
`better`.
"""

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.evidence import Analysis, Comparison, Grade
from libs.contracts.instruments import Instrument
from libs.contracts.protocol import Plan

Verdict = Literal["ship", "do_not_ship", "keep_running", "unclear"]
DIRECTION_ONLY = "Grade C: a direction and nothing else. Try it with people before it is decided."


class Alarm(Data):
    """Something that cannot differ, and whether it does."""

    kind: Literal["control", "aa", "sample_ratio"]
    metric: str | None
    arm: str | None
    p_value: float | None = Field(description="Corrected over all alarms; null where nothing can be tested.")
    is_raised: bool


class Decision(Data):
    """What to do, with every reason."""

    decision: Verdict
    headline: str
    reasons: tuple[str, ...]
    arm: str | None = Field(description="The arm it is about; null where it is about none.")
    direction: Literal["better", "worse"] | None = Field(description="Of that arm in the primary metric.")
    grade: Grade | None


def alarms_of(plan: Plan, analysis: Analysis) -> tuple[Alarm, ...]:
    """Every control and every copy of an arm, and the sample ratio."""
    controls = {one.name for one in plan.instruments if one.is_control}
    copies = {arm.name for arm in plan.arms if arm.copy_of is not None}
    found = [
        Alarm(
            kind="control" if one.metric in controls else "aa",
            metric=one.metric,
            arm=one.arm,
            p_value=one.p_adjusted,
            is_raised=one.p_adjusted is not None and one.p_adjusted < plan.alpha,
        )
        for one in analysis.comparisons
        if one.metric in controls or one.arm in copies
    ]
    ratio = analysis.sample_ratio
    lost = Alarm(kind="sample_ratio", metric=None, arm=None, p_value=ratio.p_value, is_raised=ratio.is_flagged)
    return (*found, lost)


def waiting(answered: int, planned: int, why: Sequence[str] = ()) -> Decision:
    """Before the planned n is there."""
    said = f"{answered} of {planned} have answered. The plan is to stop when all have, and to analyse once."
    return Decision(
        decision="keep_running",
        headline="Keep it running: the planned number of answers is not there yet.",
        reasons=(said, *why),
        arm=None,
        direction=None,
        grade=None,
    )


def decide(plan: Plan, analysis: Analysis) -> Decision:
    """What the analysis at the planned n bears."""
    grade = max((one.evidence.grade for one in analysis.comparisons), default=None)
    raised = [alarm for alarm in alarms_of(plan, analysis) if alarm.is_raised]
    if raised:
        reasons = tuple(_alarmed(alarm) for alarm in raised)
        return _unclear("Unclear: something differs that cannot.", reasons, grade)
    copies = {arm.name for arm in plan.arms if arm.copy_of is not None}
    primary = next((one for one in plan.instruments if one.role == "primary"), None)
    leads = [one for one in analysis.comparisons if one.role == "primary" and one.arm not in copies]
    clear = [one for one in leads if one.finding in {"higher", "lower"}]
    if primary is None or not clear:
        return _unclear("Unclear: no clear difference in the primary metric.", tuple(_why_not(plan)), grade)
    best = max(clear, key=lambda one: (_is_good(primary, one), abs(one.difference or 0.0), one.arm))
    harms = tuple(_harms(plan, analysis, best.arm)) if _is_good(primary, best) else ()
    return _about(primary, best, harms, grade)


def _about(primary: Instrument, best: Comparison, harms: tuple[str, ...], grade: Grade | None) -> Decision:
    is_good = _is_good(primary, best)
    says = f"{best.metric} is {best.finding} in {best.arm} than in {best.baseline}, which is {_word(is_good)}."
    verdict: Verdict = "ship" if is_good and not harms else "do_not_ship"
    headline = f"Ship {best.arm}." if verdict == "ship" else f"Do not ship {best.arm}."
    reasons: tuple[str, ...] = (says, *harms)
    if grade == "C":
        verdict, reasons = "unclear", (*reasons, DIRECTION_ONLY)
        headline = f"{best.arm} points to the {_word(is_good)}{', with harm' if harms else ''}; nothing is decided."
    return Decision(
        decision=verdict,
        headline=headline,
        reasons=reasons,
        arm=best.arm,
        direction="better" if is_good else "worse",
        grade=grade,
    )


def _unclear(headline: str, reasons: tuple[str, ...], grade: Grade | None) -> Decision:
    return Decision(decision="unclear", headline=headline, reasons=reasons, arm=None, direction=None, grade=grade)


def _is_good(metric: Instrument, one: Comparison) -> bool:
    return (one.finding == "higher") is (metric.better != "lower")


def _word(is_good: bool) -> str:
    return "better" if is_good else "worse"


def _harms(plan: Plan, analysis: Analysis, arm: str) -> Iterator[str]:
    """Guardrails of the arm that clearly went the wrong way."""
    guards = {one.name: one for one in plan.instruments if one.role == "guardrail"}
    for one in analysis.comparisons:
        guard = guards.get(one.metric)
        if guard is not None and one.arm == arm and one.finding in {"higher", "lower"} and not _is_good(guard, one):
            yield f"Guardrail: {one.metric} is {one.finding} in {arm} than in {one.baseline}, which is harm."


def _why_not(plan: Plan) -> Iterator[str]:
    """What the plan could have found."""
    yield "No clear difference is not the same as no difference."
    for one in plan.power or ():
        if one.role == "primary" and one.power is not None:
            unit = "of a share" if one.unit == "share" else "standard deviations"
            yield f"The power to find {one.mde:g} {unit} in {one.metric} was {one.power:.0%}."


def _alarmed(alarm: Alarm) -> str:
    if alarm.kind == "sample_ratio":
        return "The arms lost people unequally, so a difference may come from who is missing."
    what = "no stimulus can change" if alarm.kind == "control" else "was shown the same to both"
    return f"{alarm.arm} differs in {alarm.metric}, although it {what}: look for another difference between the arms."
