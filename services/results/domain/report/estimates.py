"""Every metric in every arm: the table of estimates with intervals, and the same by segment."""

from collections.abc import Sequence

from libs.contracts.evidence import Analysis, Estimate
from libs.contracts.instruments import Instrument
from libs.contracts.names import in_words, titled
from libs.pages.charts import Axis, axis_row, scale_axis, whisker
from libs.pages.elements import figure, row, said, table
from libs.pages.markup import EMPTY, Html, join, tag
from services.results.domain import wording
from services.results.domain.description import Description, SegmentEstimate
from services.results.domain.findings import Findings
from services.results.domain.report.parts import chip, colour_of, legend, role_tag, section


def estimates(findings: Findings, analysis: Analysis) -> Html:
    """Arm × metric."""
    has_people = any(e.about_people for e in analysis.estimates)
    head = ("Metric", "Arm", "Whole scale", "Estimate", "Interval", "n", *(("People", "Grade") if has_people else ()))
    rows = [
        (
            _name(findings, e, is_first=e.arm == findings.arms[0]),
            chip(findings, e.arm),
            _mini(findings, e),
            tag("b", wording.estimate(e.measure, e.value)),
            wording.estimate_interval(e.measure, e.interval),
            e.n,
            *((_of_people(e), e.evidence.grade) if has_people else ()),
        )
        for e in analysis.estimates
    ]
    level = wording.level(findings.study.confidence_level)
    lead = (
        f"Estimates with their {level} intervals, drawn on the whole scale; n counts agents. A yes/no metric counts "
        "everybody who answered, also those the funnel never brought there; any other metric counts those it did."
    )
    return section(
        findings, "estimates", "Estimates", lead, table("Estimates by metric and arm", head, rows, numbers_from=3)
    )


def _of_people(e: Estimate) -> str:
    about = e.about_people
    if about is None:
        return wording.NOTHING
    return f"{wording.estimate(e.measure, about.value)} ({wording.estimate_interval(e.measure, about.interval)})"


def segments(findings: Findings, description: Description) -> Html:
    """Each metric by segment and arm; single options are left to the JSON export."""
    outcomes = [i for i in findings.study.instruments if not i.options and i.type != "text"]
    panels = []
    for instrument in outcomes:
        cells = [(s.label, s.n, [e for e in s.estimates if e.metric == instrument.name]) for s in description.segments]
        axis = _axis(instrument)
        rows = [_segment(findings, axis, name, n, found) for name, n, found in cells]
        ticks = axis_row(axis, [_tick(cells[0][2][0], mark) for mark in axis.ticks])
        panels.append(
            tag(
                "div",
                tag("h3", said(titled(instrument.name))),
                *rows,
                row(EMPTY, ticks, EMPTY),
                class_="panel segments",
            )
        )
    lead = (
        "Exploratory: nobody planned these comparisons, so there are intervals and no p-values. Small segments "
        "have wide intervals; read no ranking into them."
    )
    return section(findings, "segments", "Segments", lead, legend(findings), *panels)


def _segment(findings: Findings, axis: Axis, name: str, n: int, found: Sequence[SegmentEstimate]) -> Html:
    rows = []
    for index, e in enumerate(found):
        interval = wording.estimate_interval(e.measure, e.interval)
        value = wording.estimate(e.measure, e.value)
        label = f"{titled(e.metric)} in {in_words(name)}, {in_words(e.arm)}: {value}, interval {interval}, {e.n} agents"
        chart = whisker(axis, e.value, e.interval, colour_of(findings, e.arm), label)
        people = tag("span", f" {wording.plural(n, 'agent')}", class_="quiet")
        title = join(said(in_words(name)), people) if index == 0 else EMPTY
        rows.append(row(title, chart, figure(value, interval)))
    return tag("div", *rows, class_="group")


def _name(findings: Findings, e: Estimate, *, is_first: bool) -> Html:
    """The metric; where it stands right above it is kept for phones and screen readers only."""
    words = wording.scale_of(e.measure, e.scale)
    scale = tag("span", words, class_="quiet below") if words else EMPTY
    name = join(said(titled(e.metric, e.option)), role_tag(findings, findings.study.instrument(e.metric).role), scale)
    return name if is_first else tag("span", name, class_="again")


def _mini(findings: Findings, e: Estimate) -> Html:
    axis = _axis(findings.study.instrument(e.metric))
    label = f"{titled(e.metric, e.option)}, {in_words(e.arm)}: {wording.estimate(e.measure, e.value)}"
    return tag("div", whisker(axis, e.value, e.interval, colour_of(findings, e.arm), label), class_="mini")


def _axis(instrument: Instrument) -> Axis:
    """Everything that is possible, from end to end: a difference looks as large as it is."""
    if instrument.minimum is not None and instrument.maximum is not None:
        return scale_axis(instrument.minimum, instrument.maximum)
    return scale_axis(1.0, float(len(instrument.options))) if instrument.type == "ranking" else scale_axis(0.0, 1.0)


def _tick(e: SegmentEstimate, mark: float) -> str:
    return wording.percent(mark, 0) if e.measure == "proportion" else f"{mark:g}"
