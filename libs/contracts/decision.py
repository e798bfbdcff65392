"""What to do with an intervention, and why: a banner as data, never more than its evidence bears.

It speaks of the primary metric, of the arms of its best grade. Where that is A or B what counts is what is known of
people, not the finding among agents; at grade C a simulation gives a direction and nothing else, and neither `ship` nor
`do_not_ship` is ever said of it. An alarm (a control, an A/A arm or the sample ratio) stands before every finding.
A better arm is for shipping once no guardrail of it is harmed, nor may be by its margin.
Which way is good is the metric's `better`; of an option of a choice or ranking nobody has said it.
"""

from collections.abc import Iterator, Sequence, Set
from statistics import NormalDist
from typing import Literal

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.evidence import Analysis, Comparison, Grade
from libs.contracts.findings import CLEAR, Harm, finding_in_words, harm_of, left_open
from libs.contracts.instruments import MetricType
from libs.contracts.names import capital, in_words, titled
from libs.contracts.protocol import Plan

Verdict = Literal["ship", "do_not_ship", "keep_running", "unclear"]
DIRECTION_ONLY = "Grade C: a direction and nothing else. Try it with people before it is decided."
MORE_PEOPLE = "More people narrow these intervals; more agents hardly do."
NO_WAY = "Which way is good is not said of an option, so it is for you to say."
NAMED = 5
"""Results at another grade that are told in a decision, at most."""


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
    copies = {arm.name for arm in plan.arms if arm.copy_of is not None}
    every = [one for one in analysis.comparisons if one.role == "primary" and one.arm not in copies]
    grade = min((one.evidence.grade for one in every), default=None)
    raised = [alarm for alarm in alarms_of(plan, analysis) if alarm.is_raised]
    if raised:
        reasons = tuple(_alarmed(alarm) for alarm in raised)
        return _unclear("Unclear: something differs that cannot.", reasons, grade)
    findings = _Findings(plan, analysis)
    leads = [one for one in every if one.evidence.grade == grade]
    clear = [one for one in leads if findings.of(one) in CLEAR]
    beside = (*_guardrails(findings, analysis, grade), *_beside(findings, analysis, grade))
    if not clear:
        people = leads and leads[0].about_people is not None
        among = " among people" if people else ""
        why = (*map(findings.either_way, leads[:NAMED]), MORE_PEOPLE) if people else tuple(_why_not(plan))
        return _unclear(f"Unclear: no clear difference in the primary metric{among}.", (*why, *beside), grade)
    best = max(clear, key=lambda one: (findings.is_good(one) is True, abs(_size(one)), one.arm))
    harms = {findings.harm(one) for one in analysis.comparisons if one.arm == best.arm}
    return _about(findings, best, harms, beside)


class _Findings:
    """What may be said of each comparison: of people where anything may, else of the agents."""

    def __init__(self, plan: Plan, analysis: Analysis) -> None:
        self._alpha = plan.alpha
        self.metrics = {one.name: one for one in plan.instruments}
        self._family = sum(one.about_people is not None and not one.is_control for one in analysis.comparisons)

    def of(self, one: Comparison) -> str:
        """Of people: on which side of 0 the interval lies, once it is as wide as the plan's alpha needs over all
        comparisons with people (Bonferroni).
        """
        about = one.about_people
        if about is None:
            return one.finding
        wanted, given = self._alpha / (2 * max(self._family, 1)), (1 - about.confidence_level) / 2
        wider = NormalDist().inv_cdf(1 - wanted) / NormalDist().inv_cdf(1 - given)
        low, high = (about.value + (end - about.value) * wider for end in about.interval)
        return "higher" if low > 0 else "lower" if high < 0 else "no_clear_difference"

    def is_good(self, one: Comparison) -> bool | None:
        """Whether a clear difference is to the better; None of an option, of which nobody has said it."""
        metric = self.metrics[one.metric]
        return None if one.option is not None else (self.of(one) == "higher") is (metric.better != "lower")

    def harm(self, one: Comparison) -> Harm | None:
        """What is known of the harm to a guardrail; None of every other metric."""
        return harm_of(one, self.of(one), self.metrics[one.metric].good)

    def told(self, one: Comparison) -> str:
        """In words, without an end."""
        what = titled(one.metric, one.option)
        said = f"{what} is {self._in_words(one)} in {in_words(one.arm)} than in {in_words(one.baseline)}"
        return said if one.about_people is None else f"Among people {said} ({_interval(one)})"

    def either_way(self, one: Comparison) -> str:
        """That people may differ in either direction, in words."""
        ways = "ranked better or worse" if self._is_ranked(one) else "higher or lower"
        where = f"in {in_words(one.arm)} than in {in_words(one.baseline)}"
        return f"Among people {titled(one.metric, one.option)} is not clearly {ways} {where} ({_interval(one)})."

    def _in_words(self, one: Comparison) -> str:
        return finding_in_words("mean_rank" if self._is_ranked(one) else "", self.of(one))

    def _is_ranked(self, one: Comparison) -> bool:
        return self.metrics[one.metric].type is MetricType.RANKING


def _about(findings: _Findings, best: Comparison, harms: Set[Harm | None], beside: tuple[str, ...]) -> Decision:
    is_good, grade, arm = findings.is_good(best), best.evidence.grade, in_words(best.arm)
    if is_good is None:
        return _unclear(f"{arm} differs; nothing is decided.", (f"{findings.told(best)}.", NO_WAY, *beside), grade)
    reasons = (f"{findings.told(best)}, which is {_word(is_good)}.", *beside)
    is_harmed, is_open = is_good and "shown" in harms, is_good and "not_ruled_out" in harms
    verdict: Verdict = "do_not_ship" if is_harmed or not is_good else "unclear" if is_open else "ship"
    headline = f"Ship {arm}." if verdict == "ship" else f"Do not ship {arm}."
    if verdict == "unclear":
        headline = f"Unclear: {arm} is better, and harm is not ruled out."
    if grade == "C":
        verdict, reasons = "unclear", (*reasons, DIRECTION_ONLY)
        harm = ", with harm" if is_harmed else ", with harm not ruled out" if is_open else ""
        headline = f"{arm} points to the {_word(is_good)}{harm}; nothing is decided."
    return Decision(
        decision=verdict,
        headline=capital(headline),
        reasons=tuple(map(capital, reasons)),
        arm=best.arm,
        direction="better" if is_good else "worse",
        grade=grade,
    )


def _unclear(headline: str, reasons: tuple[str, ...], grade: Grade | None) -> Decision:
    return Decision(
        decision="unclear",
        headline=capital(headline),
        reasons=tuple(map(capital, reasons)),
        arm=None,
        direction=None,
        grade=grade,
    )


def _word(is_good: bool) -> str:
    return "better" if is_good else "worse"


def _guardrails(findings: _Findings, analysis: Analysis, grade: Grade | None) -> Iterator[str]:
    """Harm that is shown, and harm that the plan gave a margin to and that is not ruled out, in any arm."""
    for one in analysis.comparisons:
        harm, metric = findings.harm(one), findings.metrics[one.metric]
        if harm == "shown":
            yield f"Guardrail: {findings.told(one)}, which is harm{_weaker(one, grade)}."
        elif harm == "not_ruled_out" and metric.good is not None:
            worst = left_open(one, metric.good, is_share=metric.type is MetricType.BINARY)
            where = f"in {in_words(one.arm)} than in {in_words(one.baseline)}"
            yield f"Guardrail: {titled(one.metric)} {worst} {where}; that harm is not ruled out{_weaker(one, grade)}."


def _beside(findings: _Findings, analysis: Analysis, grade: Grade | None) -> Iterator[str]:
    """What is known at another grade than the decision's: guardrails and arms at a weaker, metrics at a better one."""
    if grade is None:
        return
    compared = [one for one in analysis.comparisons if not one.is_control]
    weaker = [one for one in compared if one.role in {"primary", "guardrail"} and one.evidence.grade > grade]
    if weaker:
        names = list(dict.fromkeys(f"{titled(one.metric)} in {in_words(one.arm)}" for one in weaker))
        yield f"Not known of people so well (grade {weaker[0].evidence.grade}): {_listed(names)}."
    better = [one for one in compared if one.evidence.grade < grade]
    for one in better[:NAMED]:
        says = f"{findings.told(one)}." if findings.of(one) in CLEAR else findings.either_way(one)
        yield f"{says} That is grade {one.evidence.grade}, and not the primary metric."


def _weaker(one: Comparison, grade: Grade | None) -> str:
    return f" as far as grade {one.evidence.grade} goes" if grade and one.evidence.grade > grade else ""


def _interval(one: Comparison) -> str:
    about = one.about_people
    assert about is not None
    low, high = about.interval
    return f"{about.value:+.2g}, {about.confidence_level:.0%} interval {low:+.2g} to {high:+.2g}"


def _size(one: Comparison) -> float:
    return (one.difference or 0.0) if one.about_people is None else one.about_people.value


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _why_not(plan: Plan) -> Iterator[str]:
    """What the plan could have found."""
    yield "No clear difference is not the same as no difference."
    for one in plan.power or ():
        if one.role == "primary" and one.power is not None:
            unit = "of a share" if one.unit == "share" else "standard deviations"
            yield f"The power to find {one.mde:g} {unit} in {titled(one.metric)} was {one.power:.0%}."


def _alarmed(alarm: Alarm) -> str:
    if alarm.kind == "sample_ratio":
        return "The arms lost people unequally, so a difference may come from who is missing."
    what = "no stimulus can change" if alarm.kind == "control" else "was shown the same to both"
    arm, metric = in_words(alarm.arm or ""), titled(alarm.metric or "")
    return f"{arm} differs in {metric}, although it {what}: look for another difference between the arms."
