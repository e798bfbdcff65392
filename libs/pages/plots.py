"""Charts with two scales: lines over time, steps, and a matrix. Places and sizes as in `libs.pages.charts`."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from libs.pages.charts import CELL, COLOURS, FAINTEST, NEGATIVE, POSITIVE, Axis, Chart, apart, line, shortened, svg
from libs.pages.markup import Html, tag

LEFT, RIGHT = 9.0, 98.0
TOP, HEIGHT, FOOT = 8, 170, 24
LABELS = 30.0
NAME = 18


class Dot(NamedTuple):
    """A value at a place from 0 to 1, with its interval where there is one."""

    x: float
    value: float
    low: float | None
    high: float | None


class Curve(NamedTuple):
    """The values of one arm, from left to right."""

    colour: int
    dots: Sequence[Dot]


class Ruled(NamedTuple):
    """A scale with the text of each of its ticks."""

    axis: Axis
    texts: Sequence[str]


def curves(found: Sequence[Curve], upright: Ruled, names: Sequence[tuple[float, str]], label: str) -> Chart:
    """Lines through values with their intervals; `names` stand below their places."""
    parts = [_frame(upright, names)]
    for curve in found:
        drawn = [_stroke(one, two, upright.axis) for one, two in zip(curve.dots, curve.dots[1:], strict=False)]
        for dot in curve.dots:
            if dot.low is not None and dot.high is not None:
                x = _across(dot.x)
                drawn.append(line(x, _up(upright.axis, dot.low), x, _up(upright.axis, dot.high), "faint"))
            drawn.append(tag("circle", cx=f"{_across(dot.x)}%", cy=_up(upright.axis, dot.value), r=4, class_="dot"))
        parts.append(tag("g", *drawn, class_=f"arm-{curve.colour % COLOURS}"))
    return svg(TOP + HEIGHT + FOOT, label, 0, *parts)


def steps(found: Sequence[Curve], upright: Ruled, names: Sequence[tuple[float, str]], label: str) -> Chart:
    """Values that last until the next one, with a band for their intervals; the last one lasts to the end."""
    parts = [_frame(upright, names)]
    for curve in found:
        drawn: list[Html] = []
        ends = [dot.x for dot in curve.dots[1:]] + [1.0]
        for place, (dot, end) in enumerate(zip(curve.dots, ends, strict=True)):
            x, until, y = _across(dot.x), _across(end), _up(upright.axis, dot.value)
            if dot.low is not None and dot.high is not None:
                drawn.append(_band(x, until, _up(upright.axis, dot.high), _up(upright.axis, dot.low)))
            drawn.append(line(x, y, until, y, "span"))
            if place:
                drawn.append(line(x, _up(upright.axis, curve.dots[place - 1].value), x, y, "span"))
        parts.append(tag("g", *drawn, class_=f"arm-{curve.colour % COLOURS}"))
    return svg(TOP + HEIGHT + FOOT, label, 0, *parts)


def matrix(
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Mapping[tuple[int, int], float],
    above: frozenset[tuple[int, int]],
    label: str,
) -> Chart:
    """Signed shares of 1 by row and column: the stronger, the darker; those in `above` are framed.

    Where names would touch each column has a number, which is explained below.
    """
    width = (100 - LABELS) / max(len(columns), 1)
    is_numbered = apart([shortened(name) for name in columns], 1 - LABELS / 100) > 1
    parts: list[Html] = []
    for column, name in enumerate(columns):
        middle, head = f"{LABELS + (column + 0.5) * width:.2f}%", str(column + 1) if is_numbered else shortened(name)
        parts.append(tag("text", head, x=middle, y=11, text_anchor="middle", class_="tick"))
    for row, name in enumerate(rows):
        top = NAME + row * CELL
        parts.append(tag("text", shortened(name), x=0, y=top + 12, class_="tick"))
        for column, other in enumerate(columns):
            value = cells.get((row, column))
            if value is not None:
                opacity = round(FAINTEST + (1 - FAINTEST) * min(abs(value), 1.0), 2)
                shade = f"fill arm-{POSITIVE if value >= 0 else NEGATIVE}"
                frame = " framed" if (row, column) in above else ""
                title = tag("title", f"{name} and {other}: {value:+.2f}")
                parts.append(_cell(title, LABELS + column * width, top, width, opacity, shade + frame))
    foot, explained = NAME + CELL * len(rows) + 6, columns if is_numbered else ()
    for column, name in enumerate(explained):
        parts.append(tag("text", f"{column + 1}  {shortened(name)}", x=0, y=foot + 12 + NAME * column, class_="tick"))
    return svg(foot + NAME * len(explained), label, POSITIVE, *parts)


def _cell(title: Html, x: float, y: int, width: float, opacity: float, kind: str) -> Html:
    wide = f"{width * 0.96:.2f}%"
    return tag("rect", title, x=f"{x:.2f}%", y=y, width=wide, height=CELL - 1, fill_opacity=opacity, class_=kind)


def _frame(upright: Ruled, names: Sequence[tuple[float, str]]) -> Html:
    parts: list[Html] = []
    for mark, text in zip(upright.axis.ticks, upright.texts, strict=True):
        y = _up(upright.axis, mark)
        parts.append(line(LEFT, y, 100, y, "grid"))
        parts.append(tag("text", text, x=f"{LEFT - 1}%", y=y + 4, text_anchor="end", class_="tick"))
    every = apart([name for _, name in names], (RIGHT - LEFT) / 100) or 1
    for place, (x, name) in enumerate(names):
        if place % every == 0:
            middle = f"{_across(x):.2f}%"
            parts.append(
                tag("text", shortened(name), x=middle, y=TOP + HEIGHT + 16, text_anchor="middle", class_="tick")
            )
    return tag("g", *parts)


def _stroke(one: Dot, two: Dot, axis: Axis) -> Html:
    return line(_across(one.x), _up(axis, one.value), _across(two.x), _up(axis, two.value), "span")


def _band(x: float, until: float, top: float, bottom: float) -> Html:
    wide, high = f"{until - x:.2f}%", round(bottom - top, 1)
    return tag("rect", x=f"{x:.2f}%", y=top, width=wide, height=high, fill_opacity=0.14, class_="fill")


def _across(place: float) -> float:
    return round(LEFT + 2 + place * (RIGHT - LEFT - 4), 2)


def _up(axis: Axis, value: float) -> float:
    return round(TOP + HEIGHT * (1 - axis.place(value) / 100), 1)
