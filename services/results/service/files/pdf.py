"""The report as PDF: verdict, evidence, charts, tables; grade and caveat at the foot of every page.

Everything that was said elsewhere is escaped and bounded. The typeface has Latin letters only: others are shown as
a question mark, and are whole in every other export. The same findings give the same bytes.
"""

import io
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from libs.contracts.evidence import Analysis, Comparison, Interval
from libs.pages.charts import Axis, axis_for
from services.results.domain import wording
from services.results.domain.description import Description
from services.results.domain.findings import SIMULATED, Findings, why_no_analysis
from services.results.domain.verdict import find_estimate

if TYPE_CHECKING:
    from reportlab.graphics.shapes import Drawing
    from reportlab.platypus import Flowable

FONT, BOLD = "Vera", "VeraBd"
LONGEST = 600
MOST_ROWS = 200
MARGIN, FOOT = 48.0, 40.0
WIDTH, HEIGHT = 595.28, 841.89  # A4
NAMES = 1.6  # widths of the first two columns, which hold names
NAME_WIDTH, ROW = 190.0, 18.0
INK, QUIET, LINE, FILL = "#1b1b1f", "#5f6068", "#c9cad1", "#3557a8"


def to_pdf(findings: Findings) -> bytes:
    """The report."""
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    name = findings.study.plan.name if findings.study.plan else findings.study.name
    buffer = io.BytesIO()
    frame = Frame(MARGIN, MARGIN + FOOT, WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN - FOOT, 0, 0, 0, 0)
    document = BaseDocTemplate(
        buffer, pagesize=(WIDTH, HEIGHT), title=_plain(name), author="Rehearsal", subject=SIMULATED, invariant=1
    )
    document.addPageTemplates(PageTemplate("page", [frame], onPage=lambda canvas, _: _foot(canvas, findings)))
    _fonts()
    document.build(list(_story(findings, name)))
    return buffer.getvalue()


def _story(findings: Findings, name: str) -> Iterator["Flowable"]:
    analysis, evidence = findings.analysis, findings.evidence
    yield _text(name, 18, bold=True, after=6)
    yield _text(analysis.verdict if analysis else why_no_analysis(findings.state), 11, after=8)
    yield _text(f"{SIMULATED} This study is {evidence.caveat}.", 9, after=4)
    yield _text(f"Where the effective n comes from: {evidence.effective_n_basis}.", 8, colour=QUIET, after=10)
    if (decision := findings.decision) is not None:
        yield _text(f"Decision — {decision.headline}", 11, bold=True, before=4, after=3)
        for reason in decision.reasons:
            yield _text(f"• {reason}", 9, after=2)
    for alarm in findings.alarms:
        if alarm.is_raised:
            where = ", ".join(filter(None, (alarm.metric, alarm.arm)))
            yield _text(f"Alarm — {alarm.kind.replace('_', ' ')} {where}", 9, bold=True, after=3)
    for flag in (analysis.flags if analysis else None) or ():
        yield _text(f"Doubt — {flag.kind.replace('_', ' ')}: {flag.metric or ''} {flag.message}", 9, bold=True, after=4)
    if analysis is not None:
        yield from _differences(analysis)
        yield from _estimates(analysis)
    if findings.description is not None:
        yield from _distributions(findings.description)
    yield from _conduct(findings)


def _differences(analysis: Analysis) -> Iterator["Flowable"]:
    if not analysis.comparisons:
        return
    yield _text("Differences from the baseline", 13, bold=True, before=8, after=4)
    for measure in ("proportion", "mean", "mean_rank"):
        shown = [c for c in analysis.comparisons if _measure(analysis, c) == measure and c.difference is not None]
        if shown:
            points = [
                (
                    f"{wording.subject(c.metric, c.option)}, {c.arm}",
                    wording.difference(measure, c.difference),
                    c.difference or 0.0,
                    c.interval,
                )
                for c in shown[:MOST_ROWS]
            ]
            yield from _whiskers(points, measure)
    rows = [
        (
            wording.subject(c.metric, c.option),
            c.arm,
            wording.difference(_measure(analysis, c), c.difference),
            wording.difference_interval(_measure(analysis, c), c.interval),
            _of_people(analysis, c),
            c.finding.replace("_", " "),
            c.evidence.grade,
        )
        for c in analysis.comparisons[:MOST_ROWS]
    ]
    yield _table(("Metric", "Arm", "Difference", "Interval", "Among people", "Finding", "Grade"), rows)


def _estimates(analysis: Analysis) -> Iterator["Flowable"]:
    yield _text("Estimates", 13, bold=True, before=12, after=4)
    rows = [
        (
            wording.subject(e.metric, e.option),
            e.arm,
            wording.estimate(e.measure, e.value),
            wording.estimate_interval(e.measure, e.interval),
            str(e.n),
            wording.estimate_interval(e.measure, e.about_people.interval) if e.about_people else wording.NOTHING,
            e.evidence.grade,
        )
        for e in analysis.estimates[:MOST_ROWS]
    ]
    yield _table(("Metric", "Arm", "Estimate", "Interval", "n", "People", "Grade"), rows)


def _distributions(description: Description) -> Iterator["Flowable"]:
    yield _text("Answers", 13, bold=True, before=12, after=4)
    for one in description.distributions:
        if one.bins:
            yield _text(f"{one.metric}, {one.arm} — {wording.plural(one.n, 'answer')}", 9, bold=True, before=4)
            yield _bars([(bin.label, bin.share) for bin in one.bins])


def _conduct(findings: Findings) -> Iterator["Flowable"]:
    study, heads = findings.study, findings.heads
    yield _text("How it was done", 13, bold=True, before=12, after=4)
    rows = [
        (arm, str(n), str(heads.answered[arm]), str(heads.failed[arm]), wording.percent(heads.attrition[arm]))
        for arm, n in heads.assigned.items()
    ]
    yield _table(("Arm", "Assigned", "Answered", "Failed", "Lost"), rows)
    facts = f"model {study.model}, seed {study.seed}, plan {study.plan_hash or 'none'}"
    yield _text(f"{facts}; correction: {findings.evidence.correction}; Rehearsal {findings.version}", 8, colour=QUIET)


def _whiskers(points: Sequence[tuple[str, str, float, Interval | None]], measure: str) -> Iterator["Drawing"]:
    """A row each on one axis, in pieces that fit on a page."""
    from reportlab.graphics.shapes import Circle, Drawing, Line, String

    ends = [end for _, _, value, interval in points for end in (*(interval or ()), value)]
    axis = axis_for(ends, reference=0.0)
    for start in range(0, len(points), 30):
        rows = points[start : start + 30]
        height = ROW * (len(rows) + 1)
        drawing = Drawing(WIDTH - 2 * MARGIN, height)
        zero = _place(axis, 0.0)
        drawing.add(Line(zero, ROW, zero, height, strokeColor=_colour(QUIET), strokeWidth=0.6))
        for index, (name, text, value, interval) in enumerate(rows):
            y = height - ROW * (index + 0.5)
            drawing.add(String(0, y - 3, _plain(name)[:38], fontName=FONT, fontSize=7.5, fillColor=_colour(INK)))
            if interval is not None:
                low, high = (_place(axis, end) for end in interval)
                drawing.add(Line(low, y, high, y, strokeColor=_colour(FILL), strokeWidth=1.4))
            drawing.add(Circle(_place(axis, value), y, 3, fillColor=_colour(FILL), strokeColor=None))
            drawing.add(String(WIDTH - 2 * MARGIN, y - 3, text, fontName=FONT, fontSize=7.5, textAnchor="end"))
        for mark in axis.ticks:
            label = wording.difference(measure, mark, unit=False)
            drawing.add(String(_place(axis, mark), 4, label, fontName=FONT, fontSize=7, textAnchor="middle"))
        yield drawing


def _bars(shares: Sequence[tuple[str, float]]) -> "Drawing":
    from reportlab.graphics.shapes import Drawing, Rect, String

    height, width = 13.0 * len(shares), WIDTH - 2 * MARGIN - NAME_WIDTH - 50
    drawing = Drawing(WIDTH - 2 * MARGIN, height)
    for index, (label, share) in enumerate(shares):
        y = height - 13.0 * (index + 1)
        drawing.add(String(0, y + 3, _plain(label)[:38], fontName=FONT, fontSize=7.5))
        drawing.add(Rect(NAME_WIDTH, y + 2, width, 8, fillColor=_colour("#eeeef2"), strokeColor=None))
        drawing.add(Rect(NAME_WIDTH, y + 2, width * share, 8, fillColor=_colour(FILL), strokeColor=None))
        text = wording.percent(share)
        drawing.add(String(WIDTH - 2 * MARGIN, y + 3, text, fontName=FONT, fontSize=7.5, textAnchor="end"))
    return drawing


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> "Flowable":
    from reportlab.platypus import Table

    cells = [[_text(cell, 7.5, bold=True) for cell in head], *([_text(cell, 7.5) for cell in row] for row in rows)]
    parts = [NAMES if column < 2 else 1.0 for column in range(len(head))]
    widths = [(WIDTH - 2 * MARGIN) * part / sum(parts) for part in parts]
    style = [("LINEBELOW", (0, 0), (-1, -1), 0.4, _colour(LINE)), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    return Table(cells, colWidths=widths, repeatRows=1, style=style)


def _text(
    text: str, size: float, *, bold: bool = False, colour: str = INK, before: float = 0, after: float = 0
) -> "Flowable":
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    style = ParagraphStyle(
        "text",
        fontName=BOLD if bold else FONT,
        fontSize=size,
        leading=size * 1.35,
        textColor=_colour(colour),
        spaceBefore=before,
        spaceAfter=after,
        splitLongWords=1,
    )
    return Paragraph(escape(_plain(text)), style)


def _foot(canvas: Any, findings: Findings) -> None:
    from reportlab.lib.utils import simpleSplit

    evidence = findings.evidence
    worth = f"evidence grade {evidence.grade}, effective n {wording.whole(evidence.effective_n)}"
    lines = simpleSplit(f"Simulated respondents · {worth} · {evidence.caveat}", FONT, 7, WIDTH - 2 * MARGIN - 40)
    canvas.saveState()
    canvas.setFont(FONT, 7)
    canvas.setFillColor(_colour(QUIET))
    for index, line in enumerate(lines[:4]):
        canvas.drawString(MARGIN, MARGIN + 18 - 9 * index, line)
    canvas.drawRightString(WIDTH - MARGIN, MARGIN + 18, str(canvas.getPageNumber()))
    canvas.restoreState()


def _of_people(analysis: Analysis, c: Comparison) -> str:
    return wording.difference_interval(_measure(analysis, c), c.about_people.interval) if c.about_people else "–"


def _measure(analysis: Analysis, c: Comparison) -> str:
    return find_estimate(analysis, c.metric, c.option, c.arm).measure


def _place(axis: Axis, value: float) -> float:
    room = WIDTH - 2 * MARGIN - NAME_WIDTH - 70
    return NAME_WIDTH + axis.place(value) / 100 * room


def _colour(value: str) -> Any:
    from reportlab.lib.colors import HexColor

    return HexColor(value)


def _plain(text: str) -> str:
    """The text within bounds, as far as the typeface has its letters."""
    known = _fonts()
    kept = "".join(letter if ord(letter) in known or letter == " " else "?" for letter in text[:LONGEST])
    return kept + ("…" if len(text) > LONGEST else "")


@cache
def _fonts() -> frozenset[int]:
    """The letters there are; the typeface comes with reportlab (Bitstream Vera)."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    for name in (FONT, BOLD):
        pdfmetrics.registerFont(TTFont(name, f"{name}.ttf"))
    return frozenset(pdfmetrics.getFont(FONT).face.charToGlyph)
