"""Charts and markup, which every page is made of."""

import math
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from libs.pages.charts import COLOURS, axis_for, bar, bars, columns, heatmap, scale_axis, whisker
from libs.pages.document import drawing
from libs.pages.markup import tag
from services.results.service.files.pdf.layout import ARMS


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([-0.095, 0.387], (-0.2, 0.0, 0.2, 0.4)),
        ([0.0], (-0.5, -0.25, 0.0, 0.25, 0.5)),
        ([-0.435, -0.025], (-0.6, -0.4, -0.2, 0.0, 0.2)),
        ([1e-9, 2e-9], (-5e-10, 0.0, 5e-10, 1e-9, 1.5e-9, 2e-9)),
        ([-950.0, 4.0], (-1000.0, -750.0, -500.0, -250.0, 0.0, 250.0)),
    ],
)
def test_an_axis_has_round_ticks_that_span_its_values(values: list[float], ticks: tuple[float, ...]) -> None:
    axis = axis_for(values, reference=0.0)
    assert axis.ticks == pytest.approx(ticks)
    assert axis.low <= min(values) <= max(values) <= axis.high


@pytest.mark.parametrize("reference", [None, 0.0])
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=4))
@example([1e300])
@example([-1.7e308, 1.7e308])
@example([1e-300, -1e-300])
@example([1e-11, 5e-11])
@example([1e16, 1e16 + 2])
def test_every_finite_number_has_a_place_between_few_different_ticks(
    reference: float | None, values: list[float]
) -> None:
    axis = axis_for(values, reference=reference)
    assert 2 <= len(set(axis.ticks)) == len(axis.ticks) <= 9
    assert all(map(math.isfinite, axis.ticks))
    places = [axis.place(value) for value in sorted(values)]
    assert places[0] >= 0
    assert places == sorted(places)
    assert places[-1] <= 100
    assert "nan" not in whisker(axis, values[0], (min(values), max(values)), 1, "x").source


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(1, 10, (1, 4, 7, 10)), (1, 7, (1, 3, 5, 7)), (0, 10, (0, 2, 4, 6, 8, 10)), (0, 1, (0, 0.25, 0.5, 0.75, 1))],
)
def test_a_scale_is_drawn_from_end_to_end(low: float, high: float, ticks: tuple[float, ...]) -> None:
    assert scale_axis(low, high).ticks == pytest.approx(ticks)


def test_a_chart_says_in_words_what_it_shows() -> None:
    chart = whisker(scale_axis(0, 1), 0.5, (0.25, 0.75), 1, "half <of> it")
    assert 'aria-label="half &lt;of&gt; it"' in chart.source
    assert 'cx="50.0%"' in chart.source
    assert 'width="100%"' in bar(2.0, 0, "too much").source


def test_markup_escapes_everything_that_is_not_markup() -> None:
    inner = tag("b", "<&>")
    assert (
        tag("p", "<i>", inner, None, 3, title='"<').source == '<p title="&quot;&lt;">&lt;i&gt;<b>&lt;&amp;&gt;</b>3</p>'
    )


def test_a_full_bar_is_all_of_them_and_each_series_has_its_colour() -> None:
    chart = bars(["yes", "no <b>"], [[0.25, 0.5], [0.1, 0.0]], [1, 2], "two arms")
    widths = re.findall(r'width="([0-9.]+%)" height="7" rx="2" class="fill arm-([12])"', chart.source)
    assert widths == [("25.00%", "1"), ("10.00%", "2"), ("50.00%", "1"), ("0.00%", "2")]
    assert "no &lt;b&gt;" in chart.source
    assert "25.0% · 10.0%" in chart.source
    beyond = bars(["slope"], [[2.0], [0.5]], [1, 2], "more than all")
    assert re.findall(r'width="([0-9.]+%)" height="7" rx="2" class="fill', beyond.source) == ["100.00%", "25.00%"]


@pytest.mark.parametrize(
    ("highest", "end", "height"), [(0.12, "25%", "40.3"), (0.5, "50%", "20.2"), (0.8, "100%", "10.1")]
)
def test_columns_say_where_their_scale_ends(highest: float, end: str, height: str) -> None:
    chart = columns([0.12, 0.0], ["1", "2"], highest, 1, "answers")
    assert f">{end} of the answers<" in chart.source
    assert re.findall(r'height="([0-9.]+)" rx="2" class="fill"', chart.source) == [height, "0.0"]
    assert ">12%<" in chart.source


def test_names_of_columns_are_left_out_where_they_would_touch() -> None:
    def named(names: list[str]) -> list[str]:
        chart = columns([0.1] * len(names), names, 0.1, 1, "answers")
        return [name for name in names if f">{name}<" in chart.source]

    assert named([str(step) for step in range(1, 11)]) == [str(step) for step in range(1, 11)]
    classes = [f"{step * 2.5:g}–{step * 2.5 + 2.5:g}" for step in range(10)]
    assert named(classes) == classes[::2]


def test_a_heat_map_is_darker_where_the_value_is_larger_and_coloured_by_its_sign() -> None:
    chart = heatmap(["a", "b", "c"], {(0, 1): 0.5, (2, 1): -1.0}, "pairs")
    cells = re.findall(r'fill-opacity="([0-9.]+)" class="fill arm-([01])"><title>([^<]+)', chart.source)
    assert cells == [("0.53", "0", "b and a: +0.50"), ("1.0", "1", "c and b: -1.00")]


def test_a_drawing_is_an_svg_file_as_high_as_its_chart_needs() -> None:
    chart = bars(["yes"], [[1.0]], [1], "all")
    root = ElementTree.fromstring(drawing("All <of> it", chart))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert int(root.attrib["height"]) > chart.height
    assert "All <of> it" in "".join(root.itertext())


def test_arms_have_the_colours_of_the_pages_in_both_schemes() -> None:
    def colours(sheet: str) -> list[tuple[str, str]]:
        return re.findall(r"--arm-(\d): (#[0-9a-f]{6});", Path(sheet).read_text())

    of_the_pages = colours("services/gateway/ui/src/app/app.css")
    assert colours("libs/pages/charts.css") == of_the_pages
    assert len(of_the_pages) == 2 * COLOURS
    assert colours("libs/pages/style.css") == of_the_pages[:COLOURS], "on paper it is light"
    assert [colour for _, colour in of_the_pages[:COLOURS]] == list(ARMS), "in a PDF too"
