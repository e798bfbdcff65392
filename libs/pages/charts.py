"""Charts as inline SVG from numbers alone.

Horizontal places are percentages and heights are pixels, without a viewBox: a chart fills the width it is given, and
its text and strokes keep their size on a phone. Colours are classes, so light, dark and print share one drawing.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from libs.contracts.evidence import Interval
from libs.pages.markup import Html, tag

COLOURS = 6  # classes arm-0 … arm-5, as on the pages; a further arm starts again
ROW_HEIGHT = 30
AXIS_HEIGHT = 22
COLUMN_TOP, COLUMN_HEIGHT = 26, 84
ENDS = (0.1, 0.25, 0.5, 1.0)
"""Where the scale of columns may end."""
LETTER, NARROWEST = 6.4, 260
"""Pixels: a letter of a tick, and the least that columns have to stand in."""
BAR_TEXT, BAR = 16, 9
HEAD, CELL = 16, 17
LONGEST_NAME = 40
POSITIVE, NEGATIVE = 0, 1  # colours of a heat map
FAINTEST = 0.06
MOST_NUMBERS = 20
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
PARTS = (4, 3, 5, 7, 2)
FLATTEST = 1e-12
"""Numbers nearer to each other than this, or than this part of them, are drawn at one place."""
LARGEST = sys.float_info.max


@dataclass(frozen=True, slots=True)
class Chart(Html):
    """A drawing and its height in pixels; its width is that of its place."""

    height: int


@dataclass(frozen=True, slots=True)
class Axis:
    """A horizontal scale with its tick marks; `reference` is where nothing differs."""

    low: float
    high: float
    ticks: tuple[float, ...]
    reference: float | None = None

    def place(self, value: float) -> float:
        """Where a value stands, in percent of the width."""
        inside = min(max(value, self.low), self.high)
        return round((inside / 2 - self.low / 2) / (self.high / 2 - self.low / 2) * 100, 2)  # halves: no overflow


def axis_for(values: Sequence[float], *, reference: float | None = None, ticks: int = 4) -> Axis:
    """An axis with round ticks that spans the values, and the reference with a tick on either side of it."""
    span = [*values, *([] if reference is None else [reference])] or [0.0, 1.0]
    low, high = min(span), max(span)
    reach = max(1.0, abs(low), abs(high))
    if high - low < FLATTEST * reach:
        low, high = _finite(low - reach / 2), _finite(high + reach / 2)
    raw = high / ticks - low / ticks
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(size * power for size in STEPS if size * power >= raw * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if reference is not None:
        first, last = min(first, round(reference / step) - 1), max(last, round(reference / step) + 1)
    marks = tuple(_finite(float(f"{index * step:.15g}")) for index in range(first, last + 1))
    return Axis(marks[0], marks[-1], marks, reference)


def _finite(value: float) -> float:
    return min(max(value, -LARGEST), LARGEST)


def scale_axis(low: float, high: float) -> Axis:
    """An axis from one end of a scale to the other, in equal parts that are whole numbers where that is possible."""
    parts = next((parts for parts in PARTS if ((high - low) / parts).is_integer()), PARTS[0])
    return Axis(low, high, tuple(low + (high - low) * index / parts for index in range(parts + 1)))


def whisker(
    axis: Axis, value: float | None, interval: Interval | None, colour: int, label: str, *, is_solid: bool = True
) -> Chart:
    """A point with its interval on the axis."""
    middle = ROW_HEIGHT // 2
    parts = [_grid(axis, ROW_HEIGHT)]
    if interval is not None:
        low, high = (axis.place(end) for end in interval)
        parts.append(line(low, middle, high, middle, "span"))
        parts += [line(end, middle - 5, end, middle + 5, "span") for end in (low, high)]
    if value is not None:
        shape = "dot" if is_solid else "dot hollow"
        parts.append(tag("circle", cx=f"{axis.place(value)}%", cy=middle, r=6, class_=shape))
    return svg(ROW_HEIGHT, label, colour, *parts)


def axis_row(axis: Axis, texts: Sequence[str]) -> Html:
    """The tick labels under a column of rows."""
    parts = []
    for mark, text in zip(axis.ticks, texts, strict=True):
        place = axis.place(mark)
        anchor = "start" if place < 2 else "end" if place > 98 else "middle"
        parts.append(tag("text", text, x=f"{place}%", y=15, text_anchor=anchor, class_="tick"))
    return tag("svg", *parts, class_="chart", width="100%", height=AXIS_HEIGHT, aria_hidden="true")


def bar(share: float, colour: int, label: str, *, height: int = 20) -> Chart:
    """A share of the full width."""
    width = round(min(max(share, 0.0), 1.0) * 100, 2)
    track = tag("rect", x=0, y=0, width="100%", height=height, rx=3, class_="track")
    fill = tag("rect", x=0, y=0, width=f"{width}%", height=height, rx=3, class_="fill")
    return svg(height, label, colour, track, fill)


def columns(shares: Sequence[float], names: Sequence[str], highest: float, colour: int, label: str) -> Chart:
    """A column per bin on a scale that says where it ends, not below `highest`; names that would touch are left out."""
    end = next((end for end in ENDS if end >= highest), 1.0)
    width = 100 / len(shares)
    gap = 0.16 * width
    ground = COLUMN_TOP + COLUMN_HEIGHT
    parts = [
        tag("text", f"{end:.0%} of the answers", x=0, y=10, class_="tick"),
        line(0, COLUMN_TOP, 100, COLUMN_TOP, "grid"),
        line(0, ground, 100, ground, "ground"),
    ]
    every = apart(names)
    for index, (share, name) in enumerate(zip(shares, names, strict=True)):
        height = round(share / end * COLUMN_HEIGHT, 1)
        left, middle = f"{index * width + gap / 2:.2f}%", f"{(index + 0.5) * width:.2f}%"
        top = ground - height
        parts.append(tag("rect", x=left, y=top, width=f"{width - gap:.2f}%", height=height, rx=2, class_="fill"))
        if share > 0 and len(shares) <= 11:
            text = f"{share:.0%}"
            parts.append(tag("text", text, x=middle, y=top - 4, text_anchor="middle", class_="tick value"))
        if index % every == 0:
            parts.append(tag("text", name, x=middle, y=ground + 16, text_anchor="middle", class_="tick"))
    return svg(ground + 22, label, colour, *parts)


def bars(names: Sequence[str], series: Sequence[Sequence[float]], colours: Sequence[int], label: str) -> Chart:
    """A row per name with a bar for each series; as wide as there is room is all, or what is more than all."""
    end = max((share for shares in series for share in shares), default=0.0)
    step = BAR_TEXT + BAR * len(series) + BAR
    parts: list[Html] = []
    for row, name in enumerate(names):
        top = row * step
        values = " · ".join(f"{shares[row]:.1%}" for shares in series)
        parts.append(tag("text", shortened(name), x=0, y=top + 11, class_="tick value"))
        parts.append(tag("text", values, x="100%", y=top + 11, text_anchor="end", class_="tick"))
        for place, (shares, colour) in enumerate(zip(series, colours, strict=True)):
            y, width = top + BAR_TEXT + place * BAR, f"{shares[row] / max(end, 1.0) * 100:.2f}%"
            parts.append(tag("rect", x=0, y=y, width="100%", height=BAR - 2, rx=2, class_="track"))
            shade = f"fill arm-{colour % COLOURS}"
            parts.append(tag("rect", x=0, y=y, width=width, height=BAR - 2, rx=2, class_=shade))
    return svg(len(names) * step, label, colours[0], *parts)


def intervals(points: Sequence[tuple[str, float, Interval]], colour: int, label: str) -> Chart:
    """A row per name with its point and its interval, all on one axis with its zero, which is drawn below them."""
    axis = axis_for([end for _, _, interval in points for end in interval], reference=0.0)
    step, parts = BAR_TEXT + ROW_HEIGHT, [_grid(axis, (BAR_TEXT + ROW_HEIGHT) * len(points))]
    for index, (name, value, interval) in enumerate(points):
        top, middle = index * step, index * step + BAR_TEXT + ROW_HEIGHT // 2
        low, high = (axis.place(end) for end in interval)
        text = f"{value:+.2f} ({interval[0]:+.2f} to {interval[1]:+.2f})"
        parts.append(tag("text", shortened(name), x=0, y=top + 11, class_="tick value"))
        parts.append(tag("text", text, x="100%", y=top + 11, text_anchor="end", class_="tick"))
        parts.append(line(low, middle, high, middle, "span"))
        parts += [line(end, middle - 5, end, middle + 5, "span") for end in (low, high)]
        parts.append(tag("circle", cx=f"{axis.place(value)}%", cy=middle, r=6, class_="dot"))
    for mark in axis.ticks:
        place = axis.place(mark)
        anchor = "start" if place < 2 else "end" if place > 98 else "middle"
        bottom = step * len(points) + 15
        parts.append(tag("text", f"{mark:g}", x=f"{place}%", y=bottom, text_anchor=anchor, class_="tick"))
    return svg(step * len(points) + AXIS_HEIGHT, label, colour, *parts)


def heatmap(names: Sequence[str], cells: Mapping[tuple[int, int], float], label: str) -> Chart:
    """The lower half of a square of signed shares of 1: the stronger, the darker; below zero in another colour."""
    left, size = 34.0, 66.0 / max(len(names), 1)
    every = math.ceil(len(names) / MOST_NUMBERS)
    parts: list[Html] = []
    for row, name in enumerate(names):
        top, middle = HEAD + row * CELL, f"{left + (row + 0.5) * size:.2f}%"
        parts.append(tag("text", f"{row + 1}  {shortened(name)}", x=0, y=top + 12, class_="tick"))
        if row % every == 0:
            parts.append(tag("text", str(row + 1), x=middle, y=11, text_anchor="middle", class_="tick"))
        for column in range(row):
            value = cells.get((row, column), cells.get((column, row)))
            if value is not None:
                parts.append(
                    tag(
                        "rect",
                        tag("title", f"{name} and {names[column]}: {value:+.2f}"),
                        x=f"{left + column * size:.2f}%",
                        y=top,
                        width=f"{size * 0.94:.2f}%",
                        height=CELL - 1,
                        fill_opacity=round(FAINTEST + (1 - FAINTEST) * min(abs(value), 1.0), 2),
                        class_=f"fill arm-{POSITIVE if value >= 0 else NEGATIVE}",
                    )
                )
    return svg(HEAD + CELL * len(names), label, POSITIVE, *parts)


def shortened(name: str) -> str:
    """A name that fits beside a chart."""
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def apart(names: Sequence[str], share: float = 1.0) -> int:
    """Every how many-th of these names can stand without touching the next, in this share of the least room."""
    return math.ceil((max(map(len, names), default=0) + 1) * LETTER * len(names) / (NARROWEST * share))


def svg(height: int, label: str, colour: int, *parts: Html) -> Chart:
    """A drawing of these parts that says what it shows."""
    drawn = tag(
        "svg",
        tag("title", label),
        *parts,
        class_=f"chart arm-{colour % COLOURS}",
        width="100%",
        height=height,
        role="img",
        aria_label=label,
    )
    return Chart(drawn.source, height)


def _grid(axis: Axis, height: int) -> Html:
    marks = [line(axis.place(mark), 0, axis.place(mark), height, "grid") for mark in axis.ticks]
    if axis.reference is not None:
        place = axis.place(axis.reference)
        marks.append(line(place, 0, place, height, "zero"))
    return tag("g", *marks)


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> Html:
    """From place to place, in percent of the width and in pixels of the height."""
    return tag("line", x1=f"{x1}%", y1=y1, x2=f"{x2}%", y2=y2, class_=kind)
