"""Arms against the baseline: the forest plot, the comparisons table, and p-values last and behind a click."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from libs.contracts.evidence import Analysis, Comparison
from libs.contracts.findings import finding_in_words
from libs.contracts.names import in_words, titled
from libs.pages.charts import Axis, axis_for, axis_row, whisker
from libs.pages.elements import disclosure, figure, row, said, table
from libs.pages.markup import EMPTY, Html, join, tag
from services.results.domain import wording
from services.results.domain.findings import Findings
from services.results.domain.report.parts import chip, colour_of, legend, role_tag, section
from services.results.domain.verdict import find_estimate, is_clear

P_NOTE = (
    "A simulation p-value answers one question only: would these simulated arms differ again? It speaks of the model, "
    "not of people, and more agents make it smaller without making it truer."
)


class Unit(NamedTuple):
    """What differences are measured in; comparisons of one unit share an axis."""

    measure: str
    low: float | None
    high: float | None

    @property
    def title(self) -> str:
        """The unit in words."""
        if self.measure == "proportion":
            return "Percentage points"
        if self.measure == "mean_rank":
            return "Places in the ranking (below zero is nearer to first)"
        return "Points" if self.low is None else f"Points on a scale from {self.low:g} to {self.high:g}"


def forest(findings: Findings, analysis: Analysis) -> Html:
    """Every estimable difference with its interval, one panel per unit, that of the primary metric first."""
    first = {_unit(findings, analysis, c) for c in analysis.comparisons if c.role == "primary"}
    baseline = findings.study.baseline(findings.arms)
    shown = sorted(
        ((_unit(findings, analysis, c), c) for c in analysis.comparisons if c.difference is not None),
        key=lambda pair: (pair[0] not in first, _unit_order(pair[0])),
    )
    panels = [_panel(findings, unit, [c for _, c in pairs]) for unit, pairs in groupby(shown, key=lambda pair: pair[0])]
    level = wording.level(findings.study.confidence_level)
    lead = (
        f"Each row is one arm minus the baseline {in_words(baseline)}, with its {level} interval. A filled point is a "
        "clear difference after correction for the number of comparisons, a hollow one is not. The intervals are of "
        "the simulated agents; they say nothing about people by themselves."
    )
    if not panels:
        return section(findings, "differences", "Differences", "Nothing could be compared: too few answers count.")
    return section(findings, "differences", "Differences", lead, legend(findings), *panels)


def changes(findings: Findings, analysis: Analysis) -> Html:
    """What was asked more than once: the last time against the first."""
    rows = [
        (
            said(titled(one.metric, one.option)),
            chip(findings, one.arm),
            f"{wording.estimate(one.measure, one.first)} (round {one.first_round})",
            f"{wording.estimate(one.measure, one.last)} (round {one.last_round})",
            _over(
                wording.difference(one.measure, one.difference),
                wording.difference_interval(one.measure, one.interval),
            ),
            one.n,
        )
        for one in analysis.changes or ()
    ]
    level = wording.level(findings.study.confidence_level)
    lead = (
        f"The last time something was asked against the first, each agent with itself, with its {level} interval; not "
        "corrected for their number. Whatever happened in between is in a change, so it is no effect of one thing."
    )
    head = ("Metric", "Arm", "First", "Last", "Change", "n")
    return section(findings, "changes", "Changes", lead, table("Changes by metric and arm", head, rows, numbers_from=2))


def comparisons(findings: Findings, analysis: Analysis) -> Html:
    """The numbers of the forest plot, with relative lift and effect size."""
    has_people = any(c.about_people for c in analysis.comparisons)
    people = ("Among people", "Grade") if has_people else ()
    head = ("Metric", "Arm", "Difference", "Relative lift", "Effect size", "Finding", *people)
    rows = [
        (
            _metric(findings, c),
            chip(findings, c.arm),
            _over(
                wording.difference(_measure(analysis, c), c.difference),
                wording.difference_interval(_measure(analysis, c), c.interval),
            ),
            _over(wording.lift(c.relative_lift), wording.lift_interval(c.relative_lift_interval)),
            _over(wording.difference("mean", c.effect_size), c.effect_size_name),
            _finding(_measure(analysis, c), c),
            *((_of_people(_measure(analysis, c), c), c.evidence.grade) if has_people else ()),
        )
        for c in analysis.comparisons
    ]
    baseline = findings.study.baseline(findings.arms)
    lead = f"All comparisons are with the baseline {in_words(baseline)}; pp is percentage points."
    main = table("Comparisons with the baseline", head, rows, numbers_from=2)
    return section(findings, "comparisons", "Comparisons", lead, main, _p_values(findings, analysis))


def _of_people(measure: str, c: Comparison) -> Html | str:
    about = c.about_people
    if about is None:
        return wording.NOTHING
    interval = wording.difference_interval(measure, about.interval)
    return _over(wording.difference(measure, about.value), interval)


def _p_values(findings: Findings, analysis: Analysis) -> Html:
    rows = [
        (
            _metric(findings, c),
            chip(findings, c.arm),
            tag("span", c.method, class_="quiet"),
            wording.p_value(c.p_value),
            wording.p_value(c.p_adjusted),
        )
        for c in analysis.comparisons
    ]
    head = ("Metric", "Arm", "Method", "p", "p adjusted")
    correction = f"Correction: {findings.evidence.correction}. Error rate: {findings.study.alpha:g}."
    body = table("Simulation p-values", head, rows, numbers_from=3)
    return disclosure("Simulation p-values", tag("p", P_NOTE), tag("p", said(correction), class_="quiet"), body)


def _panel(findings: Findings, unit: Unit, shown: Sequence[Comparison]) -> Html:
    ends = [end for c in shown for end in (c.interval or (c.difference or 0.0,))]
    axis = axis_for([*ends, *(c.difference or 0.0 for c in shown)], reference=0.0)
    outcomes = groupby(shown, key=lambda c: (c.metric, c.option))
    rows = [_outcome(findings, unit, axis, list(found)) for _, found in outcomes]
    ticks = axis_row(axis, [wording.difference(unit.measure, mark, unit=False) for mark in axis.ticks])
    heading = tag("h3", unit.title)
    sides = tag("p", tag("span", "← below the baseline"), tag("span", "above the baseline →"), class_="sides")
    return tag("div", heading, *rows, row(EMPTY, join(ticks, sides), EMPTY), class_="panel forest")


def _outcome(findings: Findings, unit: Unit, axis: Axis, found: Sequence[Comparison]) -> Html:
    """The comparisons of one outcome; with two arms there is just one, named by the outcome itself."""
    if len(findings.arms) == 2:
        return join(*(_row(findings, unit, axis, c, _metric(findings, c)) for c in found))
    rows = [_row(findings, unit, axis, c, chip(findings, c.arm)) for c in found]
    return tag("div", tag("p", _metric(findings, found[0]), class_="group-name"), *rows, class_="group")


def _row(findings: Findings, unit: Unit, axis: Axis, c: Comparison, title: Html) -> Html:
    value = wording.difference(unit.measure, c.difference)
    interval = wording.difference_interval(unit.measure, c.interval)
    name = titled(c.metric, c.option)
    label = f"{name}, {in_words(c.arm)} minus {in_words(c.baseline)}: {value}, interval {interval}"
    chart = whisker(axis, c.difference, c.interval, colour_of(findings, c.arm), label, is_solid=is_clear(c))
    return row(title, chart, figure(value, interval))


def _metric(findings: Findings, c: Comparison) -> Html:
    return join(said(titled(c.metric, c.option)), role_tag(findings, "control" if c.is_control else c.role))


def _measure(analysis: Analysis, c: Comparison) -> str:
    return find_estimate(analysis, c.metric, c.option, c.arm).measure


def _unit(findings: Findings, analysis: Analysis, c: Comparison) -> Unit:
    measure = _measure(analysis, c)
    if measure != "mean":
        return Unit(measure, None, None)
    instrument = findings.study.instrument(c.metric)
    return Unit(measure, instrument.minimum, instrument.maximum)


def _unit_order(unit: Unit) -> tuple[bool, str, float, float]:
    return (unit.measure != "proportion", unit.measure, unit.low or 0.0, unit.high or 0.0)


def _over(strong: str, quiet: str) -> Html:
    """A number with what belongs to it below."""
    return join(tag("b", strong), tag("span", quiet, class_="quiet below") if strong != wording.NOTHING else EMPTY)


def _finding(measure: str, c: Comparison) -> Html:
    words = finding_in_words(measure, c.finding)
    return tag("span", words, class_="finding clear" if is_clear(c) else "finding")
