"""What was answered, metric by metric and arm by arm, and where the funnel lost people."""

from collections.abc import Sequence

from libs.contracts.instruments import Instrument, MetricType
from libs.contracts.names import in_words, titled
from libs.pages.charts import bar, columns
from libs.pages.elements import figure, row, said
from libs.pages.markup import EMPTY, Html, join, tag
from services.results.domain import wording
from services.results.domain.description import Description, Distribution, FunnelStage
from services.results.domain.findings import Findings
from services.results.domain.report.parts import chip, colour_of, legend, section

SCALES = {MetricType.ORDINAL, MetricType.NUMERIC}


def distributions(findings: Findings, description: Description) -> Html:
    """One panel per metric."""
    panels = []
    for instrument in findings.study.instruments:
        found = [d for d in description.distributions if d.metric == instrument.name]
        draw = _scale if instrument.type in SCALES else _texts if instrument.type is MetricType.TEXT else _shares
        panels.append(
            tag(
                "div",
                tag("h3", said(titled(instrument.name))),
                tag("p", said(instrument.question), class_="question"),
                draw(findings, instrument, found),
                class_="panel",
            )
        )
    lead = "How the answers are spread within each arm, in percent of the answers that count."
    return section(findings, "answers", "Answers", lead, legend(findings), *panels)


def funnel(findings: Findings, description: Description) -> Html:
    """The share of everybody who answered that got through each stage."""
    groups = []
    for metric in dict.fromkeys(stage.metric for stage in description.funnel):
        stages = [stage for stage in description.funnel if stage.metric == metric]
        depth = stages[0].depth
        title = join("→ " * min(depth, 1), said(titled(metric)))
        heading = tag("h3", title, class_=f"depth-{min(depth, 3)}")
        groups.append(tag("div", heading, *(_stage(findings, stage) for stage in stages), class_="group"))
    lead = (
        "Each bar is the share of all answered turns that passed the stage; beside it, the share of those who reached "
        "it. The second compares people who selected themselves, so it is no comparison of the arms."
    )
    return section(findings, "funnel", "Funnel", lead, tag("div", *groups, class_="panel"))


def _stage(findings: Findings, stage: FunnelStage) -> Html:
    share = wording.percent(stage.share_of_all)
    label = f"{titled(stage.metric)}, {in_words(stage.arm)}: {share} of all"
    reached = f"{wording.percent(stage.share_of_reached, 0)} of {stage.reached:,} reached"
    quiet = reached if stage.requires else f"{stage.passed:,} of {stage.reached:,}"
    chart = bar(stage.share_of_all or 0.0, colour_of(findings, stage.arm), label)
    return row(chip(findings, stage.arm), chart, figure(share, quiet))


def _shares(findings: Findings, instrument: Instrument, found: Sequence[Distribution]) -> Html:
    """A bar per answer and arm."""
    groups = []
    for index, first in enumerate(found[0].bins if found else ()):
        rows = []
        for d in found:
            share = d.bins[index].share
            text = wording.percent(share)
            label = f"{titled(d.metric, first.label)}, {in_words(d.arm)}: {text}"
            chart = bar(share, colour_of(findings, d.arm), label, height=14)
            is_first = d is found[0]
            rows.append(
                row(said(in_words(first.label)) if is_first else EMPTY, chart, figure(text, f"{d.bins[index].count:,}"))
            )
        groups.append(tag("div", *rows, class_="group tight"))
    note = "How often each option was ranked first." if instrument.type is MetricType.RANKING else None
    return join(tag("p", note, class_="quiet") if note else EMPTY, *groups, _missing(found))


def _scale(findings: Findings, instrument: Instrument, found: Sequence[Distribution]) -> Html:
    """A column chart per arm, all on one scale."""
    highest = max((b.share for d in found for b in d.bins), default=0.0)
    charts = []
    for d in found:
        shares = ", ".join(f"{b.label} {wording.percent(b.share, 0)}" for b in d.bins)
        label = f"{titled(instrument.name)}, {in_words(d.arm)}: {shares}"
        chart = columns(
            [b.share for b in d.bins], [b.label for b in d.bins], highest, colour_of(findings, d.arm), label
        )
        count = tag("span", wording.plural(d.n, "answer"), class_="quiet")
        charts.append(tag("figure", tag("figcaption", chip(findings, d.arm), count), chart))
    return join(tag("div", *charts, class_="columns"), _missing(found))


def _texts(_findings: Findings, _instrument: Instrument, found: Sequence[Distribution]) -> Html:
    count = wording.plural(sum(d.n for d in found), "text")
    return tag("p", f"{count}; they are in the exports, a sample is under Voices.", class_="quiet")


def _missing(found: Sequence[Distribution]) -> Html:
    missing = sum(d.missing for d in found)
    if not missing:
        return EMPTY
    return tag("p", f"Without such an answer: {wording.plural(missing, 'turn')}.", class_="quiet")
