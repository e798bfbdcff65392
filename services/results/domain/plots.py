"""The description as plots, ready to be drawn: what the report, the PDF and the export `plots` all show.

A plot holds every number that is drawn and nothing else. None of them tests anything: they are of simulated agents, and
whoever draws one puts the evidence beside it.
"""

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from libs.contracts.base import Data
from libs.contracts.names import titled
from services.results.domain.description import Description
from services.results.domain.journeys import StageContrast, TimeToEvent
from services.results.domain.moods import Association, Point
from services.results.domain.outcomes import Measure, outcomes_of
from services.results.domain.records import Study


class HeatMap(Data):
    """How strongly attributes of people (rows) and metrics (columns) go together."""

    kind: Literal["heat_map"] = "heat_map"
    title: str = "What goes with who people are"
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...] = Field(description="By row; -1 to 1, null where nothing is measured.")
    by_chance: tuple[tuple[float | None, ...], ...] = Field(description="What pairings at random would show.")


class Line(Data):
    """One arm over time; null where nobody has a value."""

    arm: str
    x: tuple[int, ...] = Field(description="Places in `x` of the plot, or rounds.")
    values: tuple[float, ...]
    low: tuple[float | None, ...]
    high: tuple[float | None, ...]
    n: tuple[int, ...] = Field(description="Who has a value; of a curve of survival, who is still watched.")


class TimeSeries(Data):
    """One outcome by step and round."""

    kind: Literal["time_series"] = "time_series"
    title: str
    measure: Measure
    x: tuple[str, ...] = Field(description="Rounds and steps, in their order.")
    lines: tuple[Line, ...]


class Survival(Data):
    """The share of people to whom it has not happened yet, by round: steps that begin at 1 in round 0."""

    kind: Literal["survival"] = "survival"
    title: str
    lines: tuple[Line, ...]
    median_rounds: dict[str, float | None] = Field(description="By arm; null when it happened to fewer than half.")


class Gap(Data):
    """A difference from the baseline at one stage."""

    stage: str
    arm: str
    among: Literal["all", "reached"] = Field(description="`reached` describes: who got there selected themselves.")
    value: float
    low: float
    high: float


class StageContrasts(Data):
    """Where arms part along a funnel."""

    kind: Literal["stage_contrasts"] = "stage_contrasts"
    title: str = "Where arms part along the funnel"
    baseline: str
    gaps: tuple[Gap, ...]


Plot = HeatMap | TimeSeries | StageContrasts | Survival


def plots_of(study: Study, description: Description) -> tuple[Plot, ...]:
    """Every plot that there is something to draw in."""
    found: list[Plot] = [*time_series(study, description.series), *survival(description.times_to_event)]
    for plot in (stage_contrasts(description.stage_contrasts), heat_map(description.associations)):
        found += [plot] if plot is not None else []
    return tuple(found)


def heat_map(associations: Sequence[Association]) -> HeatMap | None:
    """Attributes that stand out most come first."""
    if not associations:
        return None
    above: dict[str, float] = {}
    for one in associations:
        above[one.attribute] = max(above.get(one.attribute, -1.0), abs(one.value) - one.by_chance)
    rows = sorted(above, key=lambda name: (-above[name], name))
    columns = list(dict.fromkeys(titled(one.metric, one.option) for one in associations))
    cells = {(one.attribute, titled(one.metric, one.option)): one for one in associations}
    found = [[cells.get((row, column)) for column in columns] for row in rows]
    return HeatMap(
        rows=tuple(rows),
        columns=tuple(columns),
        values=tuple(tuple(cell and cell.value for cell in row) for row in found),
        by_chance=tuple(tuple(cell and cell.by_chance for cell in row) for row in found),
    )


def time_series(study: Study, points: Sequence[Point]) -> list[TimeSeries]:
    """A plot for each outcome; metrics before engagement and sentiment."""
    measures: dict[tuple[str, str | None], Measure] = {
        (o.metric, o.option): o.measure for o in outcomes_of(study.instruments)
    }
    places = list(dict.fromkeys((point.round, point.step_id) for point in sorted(points, key=lambda one: one.round)))
    rounds = [number for number, _ in places]
    names = [f"round {r}" if rounds.count(r) == 1 else f"round {r}, {step}" for r, step in places]
    by_outcome: dict[tuple[str, str | None], dict[str, list[Point]]] = {}
    for point in points:
        by_outcome.setdefault((point.metric, point.option), {}).setdefault(point.arm, []).append(point)
    return [
        TimeSeries(
            title=titled(metric, option),
            measure=measures.get((metric, option), "mean"),
            x=tuple(names),
            lines=tuple(_line(arm, places, own) for arm, own in arms.items()),
        )
        for (metric, option), arms in by_outcome.items()
    ]


def survival(found: Sequence[TimeToEvent]) -> list[Survival]:
    """A plot for each metric that was asked in several rounds."""
    by_metric: dict[str, list[TimeToEvent]] = {}
    for one in found:
        by_metric.setdefault(one.metric, []).append(one)
    return [
        Survival(
            title=titled(metric),
            lines=tuple(_curve(one) for one in arms),
            median_rounds={one.arm: one.median_rounds for one in arms},
        )
        for metric, arms in by_metric.items()
    ]


def stage_contrasts(contrasts: Sequence[StageContrast]) -> StageContrasts | None:
    """Both differences of every stage and arm, as far as they can be estimated."""
    gaps = []
    for one in contrasts:
        for among, value, interval in (
            ("all", one.of_all, one.of_all_interval),
            ("reached", one.of_reached, one.of_reached_interval),
        ):
            if value is not None and interval is not None:
                low, high = interval
                gaps.append(Gap(stage=one.metric, arm=one.arm, among=among, value=value, low=low, high=high))
    return StageContrasts(baseline=contrasts[0].baseline, gaps=tuple(gaps)) if gaps else None


def _line(arm: str, places: Sequence[tuple[int, str]], points: Sequence[Point]) -> Line:
    return Line(
        arm=arm,
        x=tuple(places.index((point.round, point.step_id)) for point in points),
        values=tuple(point.value for point in points),
        low=tuple(point.interval and point.interval[0] for point in points),
        high=tuple(point.interval and point.interval[1] for point in points),
        n=tuple(point.n for point in points),
    )


def _curve(one: TimeToEvent) -> Line:
    return Line(
        arm=one.arm,
        x=(0, *(point.round for point in one.curve)),
        values=(1.0, *(point.survival for point in one.curve)),
        low=(None, *(point.interval and point.interval[0] for point in one.curve)),
        high=(None, *(point.interval and point.interval[1] for point in one.curve)),
        n=(one.n, *(point.at_risk for point in one.curve)),
    )
