"""Charts of the PDF, drawn from the same numbers and on the same axes as those of the HTML report."""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from libs.contracts.evidence import Interval
from libs.contracts.names import in_words, titled
from libs.pages.charts import Axis, axis_for, scale_axis
from services.results.domain import wording
from services.results.domain.findings import Findings
from services.results.domain.moods import stands_out
from services.results.domain.plots import HeatMap, Line, StageContrasts, Survival, TimeSeries
from services.results.service.files.pdf.layout import ARMS, FILL, INK, LINE, QUIET, ROOM, arm_colour, hexadecimal
from services.results.service.files.pdf.letters import strings

if TYPE_CHECKING:
    from reportlab.graphics.shapes import Drawing

NAME_WIDTH, ROW, SMALL = 190.0, 18.0, 7.5
UPRIGHT, LEFT = 110.0, 44.0
MOST_NAMES, MOST_ROWS, MOST_COLUMNS = 10, 40, 16
POSITIVE, NEGATIVE = ARMS[0], ARMS[1]


class Whisker(NamedTuple):
    """A difference with its interval: of which outcome and which arm it is, and how it is written."""

    group: str
    name: str
    text: str
    value: float
    interval: Interval | None


def whiskers(points: Sequence[Whisker], measure: str) -> "Iterator[Drawing]":
    """A row each on one axis, below a row for each group, in pieces that fit on a page."""
    from reportlab.graphics import shapes

    axis = axis_for([end for one in points for end in (*(one.interval or ()), one.value)], reference=0.0)
    lines = [line for group, found in groupby(points, key=attrgetter("group")) for line in (group, *found)]
    for start in range(0, len(lines), 30):
        rows = lines[start : start + 30]
        height = ROW * (len(rows) + 1)
        drawing = shapes.Drawing(ROOM, height)
        zero = _across(axis, 0.0)
        drawing.add(shapes.Line(zero, ROW, zero, height, strokeColor=hexadecimal(QUIET), strokeWidth=0.6))
        for index, one in enumerate(rows):
            y = height - ROW * (index + 0.5)
            if isinstance(one, str):
                _write(drawing, 0, y - 3, one, most=90)
                continue
            _write(drawing, 10, y - 3, one.name)
            if one.interval is not None:
                low, high = (_across(axis, end) for end in one.interval)
                drawing.add(shapes.Line(low, y, high, y, strokeColor=hexadecimal(FILL), strokeWidth=1.4))
            drawing.add(shapes.Circle(_across(axis, one.value), y, 3, fillColor=hexadecimal(FILL), strokeColor=None))
            _write(drawing, ROOM, y - 3, one.text, anchor="end")
        for mark in axis.ticks:
            label = wording.difference(measure, mark, unit=False)
            _write(drawing, _across(axis, mark), 4, label, anchor="middle")
        yield drawing


def bars(shares: Sequence[tuple[str, float]]) -> "Drawing":
    """A row each with its share of the whole width."""
    from reportlab.graphics import shapes

    height, width = 13.0 * len(shares), ROOM - NAME_WIDTH - 50
    drawing = shapes.Drawing(ROOM, height)
    for index, (label, share) in enumerate(shares):
        y = height - 13.0 * (index + 1)
        _write(drawing, 0, y + 3, label)
        drawing.add(shapes.Rect(NAME_WIDTH, y + 2, width, 8, fillColor=hexadecimal("#eeeef2"), strokeColor=None))
        drawing.add(shapes.Rect(NAME_WIDTH, y + 2, width * share, 8, fillColor=hexadecimal(FILL), strokeColor=None))
        _write(drawing, ROOM, y + 3, wording.percent(share), anchor="end")
    return drawing


def gaps(plot: StageContrasts) -> "Iterator[Drawing]":
    """Differences along the funnel, of all and of those who reached the stage."""
    among = {"all": "of all", "reached": "of reached"}
    points = [
        Whisker(
            titled(gap.stage),
            f"{in_words(gap.arm)}, {among[gap.among]}",
            wording.difference("proportion", gap.value),
            gap.value,
            (gap.low, gap.high),
        )
        for gap in plot.gaps
    ]
    yield from whiskers(points, "proportion")


def series(findings: Findings, plot: TimeSeries) -> "Drawing":
    """Lines through the values of each arm, with their intervals."""
    from reportlab.graphics import shapes

    ends = [end for one in plot.lines for end in (*one.values, *one.low, *one.high) if end is not None]
    axis = scale_axis(0.0, 1.0) if plot.measure == "proportion" else axis_for(ends)
    texts = [wording.percent(mark, 0) if plot.measure == "proportion" else f"{mark:g}" for mark in axis.ticks]
    last = max(len(plot.x) - 1, 1)
    drawing = _framed(axis, texts, plot.x, last)
    for place, one in enumerate(plot.lines):
        colour, aside = arm_colour(findings, one.arm), (place - (len(plot.lines) - 1) / 2) * 4
        dots = [(_along(x, last) + aside, _up(axis, value)) for x, value in zip(one.x, one.values, strict=True)]
        for (x, y), (x2, y2) in pairwise(dots):
            drawing.add(shapes.Line(x, y, x2, y2, strokeColor=colour, strokeWidth=1.2))
        for (x, y), low, high in zip(dots, one.low, one.high, strict=True):
            if low is not None and high is not None:
                drawing.add(shapes.Line(x, _up(axis, low), x, _up(axis, high), strokeColor=colour, strokeWidth=0.5))
            drawing.add(shapes.Circle(x, y, 2.2, fillColor=colour, strokeColor=None))
    return drawing


def survival(findings: Findings, plot: Survival) -> "Drawing":
    """Steps that last until the next event, with a band for their intervals."""
    axis, last = scale_axis(0.0, 1.0), 1 + max(x for one in plot.lines for x in one.x)
    texts = [wording.percent(mark, 0) for mark in axis.ticks]
    drawing = _framed(axis, texts, [f"round {place}" for place in range(last)], last)
    for one in plot.lines:
        _steps(drawing, axis, one, last, arm_colour(findings, one.arm))
    return drawing


def heat(plot: HeatMap) -> "Drawing":
    """Attributes by metrics: the stronger, the darker; framed where far stronger than by chance."""
    from reportlab.graphics import shapes

    rows, columns = plot.rows[:MOST_ROWS], plot.columns[:MOST_COLUMNS]
    cell, width = 12.0, (ROOM - NAME_WIDTH) / max(len(columns), 1)
    height = cell * (len(rows) + 1) + 11.0 * len(columns) + 6
    drawing = shapes.Drawing(ROOM, height)
    for j, name in enumerate(columns):
        _write(drawing, NAME_WIDTH + (j + 0.5) * width, height - 9, str(j + 1), anchor="middle")
        _write(drawing, 0, 2 + 11.0 * (len(columns) - 1 - j), f"{j + 1}  {name}")
    for i, name in enumerate(rows):
        y = height - cell * (i + 2)
        _write(drawing, 0, y + 3, in_words(name))
        for j in range(len(columns)):
            value, chance = plot.values[i][j], plot.by_chance[i][j]
            if value is not None and chance is not None:
                drawing.add(
                    shapes.Rect(
                        NAME_WIDTH + j * width,
                        y,
                        width * 0.96,
                        cell - 1.5,
                        fillColor=_faded(POSITIVE if value >= 0 else NEGATIVE, abs(value)),
                        strokeColor=hexadecimal(INK) if stands_out(value, chance) else None,
                        strokeWidth=0.6,
                    )
                )
    return drawing


def legend(findings: Findings, arms: Sequence[str]) -> "Drawing":
    """The arms and their colours."""
    from reportlab.graphics import shapes

    drawing, width = shapes.Drawing(ROOM, 12.0 * -(-len(arms) // 4)), ROOM / 4
    for place, arm in enumerate(arms):
        x, y = (place % 4) * width, drawing.height - 12.0 * (place // 4 + 1)
        drawing.add(shapes.Rect(x, y + 3, 6, 6, fillColor=arm_colour(findings, arm), strokeColor=None))
        _write(drawing, x + 10, y + 3, in_words(arm), most=24)
    return drawing


def _steps(drawing: "Drawing", axis: Axis, one: Line, last: int, colour: object) -> None:
    from reportlab.graphics import shapes

    ends = [*one.x[1:], last]
    for place, (x, end, value) in enumerate(zip(one.x, ends, one.values, strict=True)):
        left, right, y = _along(x, last), _along(end, last), _up(axis, value)
        low, high = one.low[place], one.high[place]
        if low is not None and high is not None:
            size = right - left, _up(axis, high) - _up(axis, low)
            drawing.add(shapes.Rect(left, _up(axis, low), *size, fillColor=colour, fillOpacity=0.14, strokeColor=None))
        drawing.add(shapes.Line(left, y, right, y, strokeColor=colour, strokeWidth=1.3))
        if place:
            drawing.add(
                shapes.Line(left, _up(axis, one.values[place - 1]), left, y, strokeColor=colour, strokeWidth=1.3)
            )


def _framed(axis: Axis, texts: Sequence[str], names: Sequence[str], last: int) -> "Drawing":
    from reportlab.graphics import shapes

    drawing = shapes.Drawing(ROOM, UPRIGHT + 26)
    for mark, text in zip(axis.ticks, texts, strict=True):
        y = _up(axis, mark)
        drawing.add(shapes.Line(LEFT, y, ROOM, y, strokeColor=hexadecimal(LINE), strokeWidth=0.4))
        _write(drawing, LEFT - 6, y - 3, text, anchor="end")
    every = -(-len(names) // MOST_NAMES) or 1
    for place, name in enumerate(names):
        if place % every == 0:
            _write(drawing, _along(place, last), 4, name, anchor="middle", most=24)
    return drawing


def _write(drawing: "Drawing", x: float, y: float, words: str, *, anchor: str = "start", most: int = 38) -> None:
    for piece in strings(x, y, words, SMALL, anchor=anchor, most=most, colour=hexadecimal(INK)):
        drawing.add(piece)


def _across(axis: Axis, value: float) -> float:
    return NAME_WIDTH + axis.place(value) / 100 * (ROOM - NAME_WIDTH - 70)


def _along(place: float, last: int) -> float:
    return LEFT + 16 + place / last * (ROOM - LEFT - 32)


def _up(axis: Axis, value: float) -> float:
    return 20 + axis.place(value) / 100 * UPRIGHT


def _faded(colour: str, strength: float) -> object:
    """The colour on white paper, without transparency."""
    share = 0.06 + 0.94 * min(strength, 1.0)
    mixed = (round(255 - (255 - int(colour[at : at + 2], 16)) * share) for at in (1, 3, 5))
    return hexadecimal("#" + "".join(f"{part:02x}" for part in mixed))
