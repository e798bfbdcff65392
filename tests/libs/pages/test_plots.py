"""Charts with two scales: what stands where, and that each says in words what it shows."""

import re

from libs.pages.charts import scale_axis
from libs.pages.plots import Curve, Dot, Ruled, curves, matrix, steps

SHARES = Ruled(scale_axis(0.0, 1.0), ["0%", "25%", "50%", "75%", "100%"])
NAMES = [(0.0, "round 1"), (1.0, "round 2")]


def test_a_line_goes_from_dot_to_dot_and_each_dot_has_its_interval() -> None:
    drawn = curves([Curve(1, [Dot(0, 0.2, 0.1, 0.3), Dot(1, 0.6, None, None)])], SHARES, NAMES, "rising <b>").source
    assert drawn.count('class="dot"') == 2
    assert drawn.count('class="faint"') == 1
    heights = [float(y) for y in re.findall(r'cy="([\d.]+)"', drawn)]
    assert heights[1] < heights[0], "a larger value stands higher"
    assert 'aria-label="rising &lt;b&gt;"' in drawn


def test_a_step_lasts_until_the_next_one_and_the_last_one_to_the_end() -> None:
    drawn = steps([Curve(2, [Dot(0, 1.0, None, None), Dot(0.5, 0.4, 0.2, 0.6)])], SHARES, NAMES, "steps").source
    lines = re.findall(r'x1="([\d.]+)%" y1="([\d.]+)" x2="([\d.]+)%" y2="([\d.]+)" class="span"', drawn)
    (first, second, fall) = [tuple(map(float, one)) for one in (lines[0], lines[1], lines[2])]
    assert first[2] == second[0] == fall[0]
    assert (fall[1], fall[3]) == (first[1], second[1])
    assert drawn.count('fill-opacity="0.14"') == 1


def test_a_matrix_frames_what_stands_out_and_numbers_columns_whose_names_would_touch() -> None:
    cells = {(0, 0): 0.9, (0, 1): -0.1}
    few = matrix(["age"], ["liked", "bought"], cells, frozenset({(0, 0)}), "matrix").source
    assert few.count("framed") == 1
    assert "age and bought: -0.10" in few
    assert ">liked<" in few
    many = matrix(["age"], [f"metric {n}" for n in range(9)], cells, frozenset(), "matrix").source
    assert ">9  metric 8<" in many
    long = matrix(["age"], ["perceived_fairness", "perceived_burden"], cells, frozenset(), "matrix").source
    assert ">2  perceived_burden<" in long
