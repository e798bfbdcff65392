"""Plots: the data of what is drawn, the drawings in the report, and the evidence beside all of them."""

import json

from services.results.domain.export import to_plots
from services.results.domain.plots import HeatMap, StageContrasts, Survival, TimeSeries, plots_of
from services.results.domain.records import Study, Turn
from services.results.domain.report.page import to_html
from tests.services.results import build
from tests.services.results.told import describe, findings

OPENED = build.instrument("opened", role="primary")
CLICKED = build.instrument("clicked", requires="opened")
LIKED = build.instrument("liked", "ordinal", minimum=1, maximum=10)
ARMS = ("control", "treatment")


def repeated() -> tuple[Study, list[Turn]]:
    """Forty people asked three times; the older, the better they like it, and the treatment has more of them open."""
    study = build.study(build.plan(ARMS, (OPENED, CLICKED, LIKED), dict.fromkeys(ARMS, 20)))
    turns = []
    for number in range(40):
        arm, age = ARMS[number % 2], 20 + number
        for wave in (1, 2, 3):
            opened = (number + wave) % 4 < 1 + number % 2 + wave // 2
            answers = {
                "opened": opened,
                "clicked": (number + wave) % 3 == 0 if opened else None,
                "liked": float(1 + number // 5),
            }
            place = {"step_id": f"wave-{wave}", "round": wave}
            turns.append(build.turn(number, arm, answers, demographic_profile={"age": age, "id": str(number)}, **place))
    return study, turns


def test_there_is_a_plot_for_each_thing_that_can_be_drawn() -> None:
    study, turns = repeated()
    found = plots_of(study, describe(study, turns))
    series = [plot for plot in found if isinstance(plot, TimeSeries)]
    assert [plot.title for plot in series] == ["opened", "clicked", "liked", "engagement", "sentiment"]
    assert series[0].x == ("round 1", "round 2", "round 3")
    assert [line.arm for line in series[0].lines] == list(ARMS)
    assert [plot.title for plot in found if isinstance(plot, Survival)] == ["opened", "clicked"]
    (stages,) = [plot for plot in found if isinstance(plot, StageContrasts)]
    assert {(gap.stage, gap.among) for gap in stages.gaps} == {("clicked", "all"), ("clicked", "reached")}
    (heat,) = [plot for plot in found if isinstance(plot, HeatMap)]
    assert heat.rows == ("age",), "an identifier goes with nothing"
    strength = heat.values[0][heat.columns.index("liked")]
    assert strength is not None
    assert strength > 0.9


def test_a_curve_of_survival_begins_with_everybody_and_never_rises() -> None:
    study, turns = repeated()
    for plot in plots_of(study, describe(study, turns)):
        if isinstance(plot, Survival):
            for line in plot.lines:
                assert (line.x[0], line.values[0]) == (0, 1.0)
                assert list(line.values) == sorted(line.values, reverse=True)


def test_what_was_asked_once_has_no_time_to_draw() -> None:
    study, turns = build.campaign()
    kinds = {type(plot) for plot in plots_of(study, describe(study, turns))}
    assert kinds == {StageContrasts, HeatMap}


def test_every_plot_stands_in_a_section_with_grade_and_caveat() -> None:
    found = findings(*repeated())
    body = to_html(found).decode()
    for anchor in ("time", "survival", "parting", "moods"):
        section = body.split(f'<section id="{anchor}"')[1].split("</section>")[0]
        assert "<svg" in section
        assert f"evidence grade {found.evidence.grade}" in section
        assert found.evidence.caveat in section


def test_the_data_of_the_plots_are_an_export_with_its_evidence() -> None:
    found = findings(*repeated())
    document = json.loads(to_plots(found))
    assert [plot["kind"] for plot in document["plots"]] == [
        *["time_series"] * 5,
        *["survival"] * 2,
        "stage_contrasts",
        "heat_map",
    ]
    assert document["evidence"]["grade"] == "C"
    assert document["evidence"]["caveat"] == found.evidence.caveat
    assert to_plots(found) == to_plots(findings(*repeated()))
