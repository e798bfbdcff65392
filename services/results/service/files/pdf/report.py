"""The report as PDF: verdict, evidence, decision, charts, tables; grade and caveat at the foot of every page.

Everything that was said elsewhere is escaped and bounded. The same findings give the same bytes.
"""

import io
from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

from libs.contracts.names import in_words, titled
from services.results.domain import wording
from services.results.domain.description import Description
from services.results.domain.findings import SIMULATED, Findings, why_no_analysis
from services.results.domain.people import People, facts, unread
from services.results.domain.plots import HeatMap, Plot, StageContrasts, Survival, TimeSeries, plots_of
from services.results.domain.report.design import told
from services.results.domain.report.themes import agreement
from services.results.service.files.pdf import charts
from services.results.service.files.pdf.layout import (
    FOOT,
    HEIGHT,
    MARGIN,
    QUIET,
    ROOM,
    WIDTH,
    foot,
    heading,
    table,
    text,
)
from services.results.service.files.pdf.letters import plain
from services.results.service.files.pdf.numbers import MOST_ROWS, differences, effects, estimates, rest
from services.results.service.files.pdf.shown import stimuli

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

MOST_PLOTS = 24
PLOT, BARS = 230.0, 60.0
"""What a heading, its note and a plot need; what a heading and the name of bars need."""
KINDS: dict[type[Plot], tuple[str, str]] = {
    StageContrasts: (
        "Where arms part along the funnel",
        "An arm less the baseline at each stage. Those who reached it selected themselves: that only describes.",
    ),
    Survival: (
        "Time until it happens",
        "Share to whom it has not happened yet (Kaplan–Meier), by round, with its interval.",
    ),
    TimeSeries: (
        "Over time",
        "By round, with the interval at each. Nobody tested whether anything changed.",
    ),
    HeatMap: (
        "What goes with who people are",
        "Framed: more than three times what pairings at random would show. Exploratory, without a test.",
    ),
}


def to_pdf(findings: Findings) -> bytes:
    """The report."""
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    name = ": ".join(findings.study.titles)
    buffer = io.BytesIO()
    frame = Frame(MARGIN, MARGIN + FOOT, ROOM, HEIGHT - 2 * MARGIN - FOOT, 0, 0, 0, 0)
    document = BaseDocTemplate(
        buffer, pagesize=(WIDTH, HEIGHT), title=plain(name), author="Rehearsal", subject=SIMULATED, invariant=1
    )
    document.addPageTemplates(PageTemplate("page", [frame], onPage=lambda canvas, _: foot(canvas, findings)))
    document.build(list(_story(findings, name)))
    return buffer.getvalue()


def _story(findings: Findings, name: str) -> Iterator["Flowable"]:
    analysis, evidence = findings.analysis, findings.evidence
    yield text(name, 18, bold=True, after=3)
    yield text(_about(findings), 9, colour=QUIET, after=6)
    yield text(analysis.verdict if analysis else why_no_analysis(findings.state), 11, after=8)
    yield text(f"{SIMULATED} This study is {evidence.caveat}.", 9, after=4)
    yield text(f"Where the effective n comes from: {evidence.effective_n_basis}.", 8, colour=QUIET, after=10)
    yield from _decision(findings)
    for flag in (analysis.flags if analysis else None) or ():
        yield text(f"Doubt — {': '.join(told(flag))}", 9, bold=True, after=4)
    yield from stimuli(findings)
    if analysis is not None:
        yield from differences(findings, analysis)
        yield from effects(analysis)
        yield from estimates(analysis)
    if findings.description is not None:
        yield from _distributions(findings.description)
        yield from _plots(findings, findings.description)
        yield from _themes(findings.description)
    yield from _people(findings.study.people)
    yield from _conduct(findings)


def _about(findings: Findings) -> str:
    """What it is, when, and against what arms are held."""
    study, when = findings.study, findings.analysed_at
    parts = [
        wording.plural(len(findings.arms), "arm"),
        f"baseline {in_words(study.baseline(findings.arms))}" if len(findings.arms) > 1 else "",
        f"analysed {when:%-d %B %Y, %H:%M} UTC" if when else "",
        f"plan frozen {study.plan.frozen_at:%-d %B %Y, %H:%M} UTC" if study.plan else "without a plan",
    ]
    return " · ".join(filter(None, parts))


def _decision(findings: Findings) -> Iterator["Flowable"]:
    if (decision := findings.decision) is not None:
        yield text(f"Decision — {decision.headline}", 11, bold=True, before=4, after=3)
        for reason in decision.reasons:
            yield text(f"• {reason}", 9, after=2)
    for alarm in findings.alarms:
        if alarm.is_raised:
            where = ", ".join(filter(None, (alarm.metric, alarm.arm)))
            yield text(f"Alarm — {in_words(f'{alarm.kind} {where}')}", 9, bold=True, after=3)


def _distributions(description: Description) -> Iterator["Flowable"]:
    from reportlab.platypus import KeepTogether

    drawn = [
        (one, charts.bars([(in_words(b.label), b.share) for b in one.bins]))
        for one in description.distributions
        if one.bins
    ]
    if drawn:
        yield from heading("Answers", room=BARS + drawn[0][1].height)
    for one, bars in drawn:
        what = f"{titled(one.metric)}, {in_words(one.arm)} — {wording.plural(one.n, 'answer')}"
        yield KeepTogether([text(what, 9, bold=True, before=4), bars])


def _plots(findings: Findings, description: Description) -> Iterator["Flowable"]:
    """Each kind with its note; the numbers of all are in the export `plots`."""
    for kind, group in groupby(plots_of(findings.study, description), type):
        (title, note), plots = KINDS[kind], list(group)
        yield from heading(title, room=PLOT)
        yield text(note, 8, colour=QUIET, after=4)
        for plot in plots[:MOST_PLOTS]:
            yield from _plot(findings, plot)
        yield from rest(MOST_PLOTS, len(plots), "plot")


def _plot(findings: Findings, plot: Plot) -> Iterator["Flowable"]:
    from reportlab.platypus import KeepTogether

    match plot:
        case StageContrasts():
            yield from charts.gaps(plot)
        case HeatMap():
            yield charts.heat(plot)
        case TimeSeries() | Survival():
            drawn = charts.series(findings, plot) if isinstance(plot, TimeSeries) else charts.survival(findings, plot)
            arms = charts.legend(findings, [one.arm for one in plot.lines])
            yield KeepTogether([text(plot.title, 9, bold=True, before=4), arms, drawn])


def _themes(description: Description) -> Iterator["Flowable"]:
    for one in description.themes:
        yield from heading(f"Themes of {titled(one.field)}")
        yield text(f"Agreement of two codings {agreement(one.agreement)}. {one.note}", 9, bold=True, after=2)
        yield text(f"{one.n:,} of {wording.plural(one.of, 'text')}, coded by {one.coder}", 8, colour=QUIET, after=4)
        rows = [
            (t.label, agreement(t.agreement), str(t.n), wording.percent(t.share, 0), str(t.n_again), str(t.n_both))
            for t in one.themes
        ]
        yield table(("Theme", "Agreement", "Texts", "Share", "Again", "Both"), rows)


def _people(people: People | None) -> Iterator["Flowable"]:
    if people is None:
        return
    yield from heading("People")
    for segment, words in unread(people):
        yield text(f"Not understood, so nobody was drawn by it — {segment}: {words}", 9, bold=True, after=3)
    for name, words in facts(people):
        yield text(f"{name}: {words}", 9, after=2)
    rows = [
        (in_words(one.name), f"{one.size:,}", one.particularities or wording.NOTHING, ", ".join(one.fragments or ()))
        for one in people.segments[:MOST_ROWS]
    ]
    if rows:
        yield table(("Segment", "People", "Described as", "Fragments"), rows)


def _conduct(findings: Findings) -> Iterator["Flowable"]:
    study, heads = findings.study, findings.heads
    yield from heading("How it was done")
    rows = [
        (in_words(arm), str(n), str(heads.answered[arm]), str(heads.failed[arm]), wording.percent(heads.attrition[arm]))
        for arm, n in heads.assigned.items()
    ]
    yield table(("Arm", "Assigned", "Answered", "Failed", "Lost"), rows)
    facts = f"model {study.model}, seed {study.seed}, plan {study.plan_hash or 'none'}"
    yield text(f"{facts}; correction: {findings.evidence.correction}; Rehearsal {findings.version}", 8, colour=QUIET)
