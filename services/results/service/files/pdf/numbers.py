"""The numbers of the PDF: arms against the baseline, main effects, segments, estimates; p-values with their caution."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from libs.contracts.evidence import Analysis, Comparison, Estimate
from libs.contracts.findings import finding_in_words
from libs.contracts.names import in_words, titled
from services.results.domain import wording
from services.results.domain.findings import Findings
from services.results.domain.report.design import Tested, levels, measure_of
from services.results.domain.report.effects import P_NOTE
from services.results.domain.verdict import find_estimate
from services.results.service.files.pdf import charts
from services.results.service.files.pdf.layout import QUIET, heading, table, text

if TYPE_CHECKING:
    from reportlab.graphics.shapes import Drawing
    from reportlab.platypus import Flowable

MOST_ROWS = 200
NOTES = 100.0
"""What a heading and its notes need."""
PARTS = {
    "Metric": 1.6,
    "Arm": 1.6,
    "Levels": 1.6,
    "Segment, arm": 1.6,
    "Interval": 1.35,
    "p": 0.6,
    "p adj.": 0.6,
    "Grade": 0.6,
}


def differences(findings: Findings, analysis: Analysis) -> "Iterator[Flowable]":
    """Every arm against the baseline."""
    if not analysis.comparisons:
        return
    level = wording.level(findings.study.confidence_level)
    drawn = list(_drawn(analysis))
    title = f"Differences from the baseline, {in_words(findings.study.baseline(findings.arms))}"
    yield from heading(title, room=NOTES + (drawn[0].height if drawn else 0.0))
    yield text(f"With {level} intervals. {P_NOTE}", 8, colour=QUIET, after=2)
    yield text(_correction(findings), 8, colour=QUIET, after=4)
    yield from drawn
    has_people = any(c.about_people for c in analysis.comparisons)
    rows = [_compared(analysis, c, has_people=has_people) for c in analysis.comparisons[:MOST_ROWS]]
    people = ("Among people",) if has_people else ()
    head = ("Metric", "Arm", "Difference", "Interval", "p", "p adj.", *people, "Finding", "Grade")
    yield table(head, rows, parts=[PARTS.get(name, 1.0) for name in head])
    yield from rest(MOST_ROWS, len(analysis.comparisons), "comparison")


def effects(analysis: Analysis) -> "Iterator[Flowable]":
    """Main effects of factors, and segments against all others."""
    factors = [(f, levels(f)) for f in analysis.factor_effects or ()]
    yield from _tested("Main effects, over all levels of the other factors", "Levels", analysis, factors)
    segments = [(i, in_words(f"{i.segment}, {i.arm}")) for i in analysis.interactions or ()]
    yield from _tested("Effect in a segment less that in all others", "Segment, arm", analysis, segments)


def estimates(analysis: Analysis) -> "Iterator[Flowable]":
    """Every metric in every arm."""
    if not analysis.estimates:
        return
    yield from heading("Estimates")
    has_people = any(e.about_people for e in analysis.estimates)
    rows = [
        (
            titled(e.metric, e.option),
            in_words(e.arm),
            wording.estimate(e.measure, e.value),
            wording.estimate_interval(e.measure, e.interval),
            str(e.n),
            *((_people(e),) if has_people else ()),
            e.evidence.grade,
        )
        for e in analysis.estimates[:MOST_ROWS]
    ]
    people = ("People",) if has_people else ()
    yield table(("Metric", "Arm", "Estimate", "Interval", "n", *people, "Grade"), rows)
    yield from rest(MOST_ROWS, len(analysis.estimates), "estimate")


def rest(shown: int, there_are: int, what: str) -> "Iterator[Flowable]":
    """What is left out here is said."""
    if there_are > shown:
        words = f"{shown:,} of {wording.plural(there_are, what)} are shown here; the other formats have all of them."
        yield text(words, 8, colour=QUIET, after=4)


def _correction(findings: Findings) -> str:
    return f"p adj.: corrected, {findings.evidence.correction}. Error rate: {findings.study.alpha:g}."


def _drawn(analysis: Analysis) -> "Iterator[Drawing]":
    """Those that share an axis together, with the primary metric first."""
    first = {_measure(analysis, c) for c in analysis.comparisons if c.role == "primary"}
    for measure in sorted(("proportion", "mean", "mean_rank"), key=lambda one: one not in first):
        shown = [c for c in analysis.comparisons if _measure(analysis, c) == measure and c.difference is not None]
        if shown:
            yield from charts.whiskers([_whisker(measure, c) for c in shown[:MOST_ROWS]], measure)


def _whisker(measure: str, c: Comparison) -> charts.Whisker:
    value = wording.difference(measure, c.difference)
    return charts.Whisker(titled(c.metric, c.option), in_words(c.arm), value, c.difference or 0.0, c.interval)


def _compared(analysis: Analysis, c: Comparison, *, has_people: bool) -> tuple[str, ...]:
    measure, about = _measure(analysis, c), c.about_people
    people = wording.difference_interval(measure, about.interval) if about else wording.NOTHING
    return (
        titled(c.metric, c.option) + ("" if c.role == "secondary" else f" ({'control' if c.is_control else c.role})"),
        in_words(c.arm),
        wording.difference(measure, c.difference),
        wording.difference_interval(measure, c.interval),
        wording.p_value(c.p_value),
        wording.p_value(c.p_adjusted),
        *((people,) if has_people else ()),
        finding_in_words(measure, c.finding),
        c.evidence.grade,
    )


def _tested(title: str, what: str, analysis: Analysis, found: Sequence[tuple[Tested, str]]) -> "Iterator[Flowable]":
    if not found:
        return
    yield from heading(title)
    rows = [
        (
            titled(one.metric, one.option),
            of,
            wording.difference(measure_of(analysis, one), one.difference),
            wording.difference_interval(measure_of(analysis, one), one.interval),
            wording.p_value(one.p_value),
            wording.p_value(one.p_adjusted),
            finding_in_words(measure_of(analysis, one), one.finding),
            one.evidence.grade,
        )
        for one, of in found[:MOST_ROWS]
    ]
    head = ("Metric", what, "Difference", "Interval", "p", "p adj.", "Finding", "Grade")
    yield table(head, rows, parts=[PARTS.get(name, 1.0) for name in head])
    yield from rest(MOST_ROWS, len(found), "contrast")


def _people(e: Estimate) -> str:
    return wording.estimate_interval(e.measure, e.about_people.interval) if e.about_people else wording.NOTHING


def _measure(analysis: Analysis, c: Comparison) -> str:
    return find_estimate(analysis, c.metric, c.option, c.arm).measure
