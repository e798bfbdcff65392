"""Plots of the description: outcomes over time, survival, where arms part, and what goes with who people are."""

from libs.contracts.names import in_words, titled
from libs.pages.charts import Axis, axis_for, axis_row, scale_axis, whisker
from libs.pages.elements import figure, row, said, table
from libs.pages.markup import EMPTY, Html, join, tag
from libs.pages.plots import Curve, Dot, Ruled, curves, matrix, steps
from services.results.domain import wording
from services.results.domain.findings import Findings
from services.results.domain.moods import stands_out
from services.results.domain.plots import (
    Gap,
    HeatMap,
    Line,
    StageContrasts,
    Survival,
    TimeSeries,
    heat_map,
    stage_contrasts,
    survival,
    time_series,
)
from services.results.domain.report.parts import chip, colour_of, legend, section

ASIDE = 0.008
MOST_PANELS, MOST_ROWS, MOST_COLUMNS = 24, 30, 16
OVER_TIME = (
    "Every outcome by round, with its interval at each. Nobody tested whether anything changed: rounds share people, "
    "so whether their intervals overlap says nothing about a change."
)
SURVIVING = (
    "The share of agents to whom it has not happened yet (Kaplan–Meier), with its interval. Time is counted in rounds; "
    "whoever answered no until the end was watched until then and has not said no for good."
)
PARTING = (
    "Each row is an arm less the baseline at one stage. Of all is a randomised comparison; of those who reached the "
    "stage before describes people who selected themselves."
)


def over_time(findings: Findings) -> Html:
    """A panel for each outcome; the data of all of them are in the export `plots`."""
    found = time_series(findings.study, findings.description.series if findings.description else ())
    if not found:
        return EMPTY
    left = f" {wording.plural(len(found) - MOST_PANELS, 'outcome')} more in the exports." if found[MOST_PANELS:] else ""
    panels = [_series(findings, plot) for plot in found[:MOST_PANELS]]
    return section(findings, "time", "Over time", OVER_TIME + left, legend(findings), *panels)


def surviving(findings: Findings) -> Html:
    """A panel for each metric that was asked in several rounds."""
    found = survival(findings.description.times_to_event if findings.description else ())
    if not found:
        return EMPTY
    panels = [_survival(findings, plot) for plot in found[:MOST_PANELS]]
    return section(findings, "survival", "Time until it happens", SURVIVING, legend(findings), *panels)


def parting(findings: Findings) -> Html:
    """Differences along the funnel, all on one axis."""
    found = stage_contrasts(findings.description.stage_contrasts if findings.description else ())
    if found is None:
        return EMPTY
    return section(findings, "parting", found.title, PARTING, legend(findings), _gaps(findings, found))


def together(findings: Findings) -> Html:
    """The heat map of attributes and metrics."""
    found = heat_map(findings.description.associations if findings.description else ())
    if found is None:
        return EMPTY
    note = "Framed: more than three times what pairings at random would show. Blue goes up, orange down."
    return join(tag("h3", found.title), tag("div", _heat(found), tag("p", note, class_="quiet"), class_="panel"))


def _series(findings: Findings, plot: TimeSeries) -> Html:
    ends = [end for one in plot.lines for end in (*one.values, *one.low, *one.high) if end is not None]
    axis = scale_axis(0.0, 1.0) if plot.measure == "proportion" else axis_for(ends)
    last = max(len(plot.x) - 1, 1)
    names = [(place / last, name) for place, name in enumerate(plot.x)]
    drawn = [_curve(findings, one, last, _beside(place, plot.lines)) for place, one in enumerate(plot.lines)]
    texts = [wording.percent(mark, 0) if plot.measure == "proportion" else f"{mark:g}" for mark in axis.ticks]
    said_of = "; ".join(
        f"{in_words(one.arm)} {wording.estimate(plot.measure, one.values[-1])} at the end" for one in plot.lines
    )
    chart = curves(drawn, Ruled(axis, texts), names, f"{plot.title} over time: {said_of}")
    return tag("div", tag("h3", said(plot.title)), chart, class_="panel")


def _survival(findings: Findings, plot: Survival) -> Html:
    axis = scale_axis(0.0, 1.0)
    last = 1 + max(x for one in plot.lines for x in one.x)
    names = [(place / last, str(place)) for place in range(last)]
    drawn = [_curve(findings, one, last) for one in plot.lines]
    ends = "; ".join(f"{in_words(one.arm)} {wording.percent(one.values[-1])} left" for one in plot.lines)
    ruled = Ruled(axis, [wording.percent(mark, 0) for mark in axis.ticks])
    chart = steps(drawn, ruled, names, f"{plot.title}, by round: {ends}")
    rows = [
        (chip(findings, one.arm), one.n[0], wording.whole(plot.median_rounds[one.arm]), wording.percent(one.values[-1]))
        for one in plot.lines
    ]
    head = ("Arm", "Agents", "Half by round", "Left at the end")
    return tag("div", tag("h3", said(plot.title)), chart, table(plot.title, head, rows, numbers_from=1), class_="panel")


def _gaps(findings: Findings, plot: StageContrasts) -> Html:
    axis = axis_for([end for gap in plot.gaps for end in (gap.low, gap.high)], reference=0.0)
    stages = list(dict.fromkeys(gap.stage for gap in plot.gaps))
    groups = [
        tag(
            "div",
            tag("p", said(titled(stage)), class_="group-name"),
            *(_gap(findings, plot, axis, gap) for gap in plot.gaps if gap.stage == stage),
            class_="group",
        )
        for stage in stages
    ]
    ticks = axis_row(axis, [wording.difference("proportion", mark, unit=False) for mark in axis.ticks])
    return tag("div", tag("h3", "Percentage points"), *groups, row(EMPTY, ticks, EMPTY), class_="panel forest")


def _gap(findings: Findings, plot: StageContrasts, axis: Axis, gap: Gap) -> Html:
    value = wording.difference("proportion", gap.value)
    interval = wording.difference_interval("proportion", (gap.low, gap.high))
    among = "of all" if gap.among == "all" else "of those who reached it"
    against = f"{in_words(gap.arm)} minus {in_words(plot.baseline)}"
    label = f"{titled(gap.stage)}, {against}, {among}: {value}, interval {interval}"
    colour = colour_of(findings, gap.arm)
    chart = whisker(axis, gap.value, (gap.low, gap.high), colour, label, is_solid=gap.among == "all")
    return row(join(chip(findings, gap.arm), tag("span", f" {among}", class_="quiet")), chart, figure(value, interval))


def _heat(plot: HeatMap) -> Html:
    rows, columns = plot.rows[:MOST_ROWS], plot.columns[:MOST_COLUMNS]
    cells: dict[tuple[int, int], float] = {}
    above: set[tuple[int, int]] = set()
    for i in range(len(rows)):
        for j in range(len(columns)):
            value, chance = plot.values[i][j], plot.by_chance[i][j]
            if value is not None and chance is not None:
                cells[i, j] = value
                above |= {(i, j)} if stands_out(value, chance) else set()
    names = [in_words(name) for name in rows]
    label = f"Heat map of {len(rows)} attributes and {len(columns)} metrics; the strongest row is {names[0]}"
    return matrix(names, columns, cells, frozenset(above), label)


def _curve(findings: Findings, one: Line, last: int, shift: float = 0.0) -> Curve:
    places = zip(one.x, one.values, one.low, one.high, strict=True)
    dots = [Dot(x / last + shift, value, low, high) for x, value, low, high in places]
    return Curve(colour_of(findings, one.arm), dots)


def _beside(place: int, lines: tuple[Line, ...]) -> float:
    """How far to the side the dots of an arm stand, so that intervals do not hide each other."""
    return (place - (len(lines) - 1) / 2) * ASIDE
