"""What is known of simulators, drawn: a page with everything, or one plot as an SVG file of its own."""

from collections.abc import Sequence

from libs.contracts.errors import NotFoundError
from libs.pages.charts import Chart, bars, intervals
from libs.pages.document import document, drawing
from libs.pages.elements import said, table
from libs.pages.markup import EMPTY, Child, Html, join, tag
from services.validation.domain.ledger.entries import Entry
from services.validation.domain.ledger.model import CalibrationView

MOST_ENTRIES = 200
PEOPLE, AGENTS = 2, 0  # colours, as on the pages
TITLES = {"bias": "Bias in human standard deviations", "coverage": "Human means held", "effects": "Slope of effects"}
LEAD = (
    "Each row is a simulator. The dot is how far its means are from those of people on average, in standard deviations "
    "of the human answers; the line is where the next outcome, of a study not seen before, is expected in 95 cases of "
    "100. An interval that wide is the message: so much is not known, however many agents answer."
)


def to_html(source: str, views: Sequence[CalibrationView], entries: Sequence[Entry]) -> bytes:
    """The page."""
    head = tag(
        "header",
        tag(
            "div",
            tag("span", "Rehearsal", class_="brand"),
            tag("span", "Calibration", class_="pill"),
            class_="masthead",
        ),
        tag("h1", "What simulated answers are worth"),
        tag("p", "Shipped calibrations: ", said(source), class_="quiet meta"),
    )
    parts = [_biases(views), _coverage(views), _effects(views), _entries(entries) if entries else EMPTY]
    return document("Calibration — Rehearsal", head, *parts)


def to_svg(name: str, views: Sequence[CalibrationView]) -> bytes:
    """One plot. Raises `NotFoundError` for a name that is none."""
    plots = {"bias": _bias_chart, "coverage": _coverage_chart, "effects": _slope_chart}
    if name not in plots:
        raise NotFoundError("plot", name)
    titles = {
        "bias": "Bias in human standard deviations",
        "coverage": "Human means held",
        "effects": "Slope of effects",
    }
    return drawing(titles[name], plots[name](views))


def _biases(views: Sequence[CalibrationView]) -> Html:
    head = ("simulator", "from", "bias", "between studies", "within", "studies", "outcomes", "worth people")
    cells = [
        (
            said(view.simulator),
            view.source if view.variant in {None, view.simulator} else f"{view.source} ({view.variant})",
            f"{view.bias.centre:+.2f}",
            f"{view.bias.between_sd:.2f}",
            f"{view.bias.within_sd:.2f}",
            f"{view.bias.studies}",
            f"{view.bias.outcomes}",
            f"{view.worth_people:.1f}",
        )
        for view in views
    ]
    listed = table("Bias in human standard deviations", head, cells, numbers_from=2)
    return _section("bias", "Means", LEAD, _bias_chart(views), listed)


def _coverage(views: Sequence[CalibrationView]) -> Html:
    lead = (
        "Every study predicted from the others: how often the human mean lies in the calibrated interval, and, below, "
        "in the usual 95 % interval of the simulated mean."
    )
    shown = [view for view in views if view.left_out is not None]
    if not shown:
        return EMPTY
    head = ("simulator", "calibrated", "half-width in human SD", "usual interval")
    cells = [
        (said(view.simulator), f"{left.held:.0%}", f"{left.half_width:.2f}", f"{left.naive:.0%}")
        for view in shown
        if (left := view.left_out) is not None
    ]
    return _section("coverage", "Checked", lead, _coverage_chart(views), table("Left out", head, cells, numbers_from=1))


def _effects(views: Sequence[CalibrationView]) -> Html:
    lead = (
        "How much of a simulated effect people show: the slope of human on simulated effects. A slope of 0.4 says that "
        "a simulated effect of 1 is to be taken for 0.4."
    )
    shown = [view for view in views if view.effects is not None]
    if not shown:
        return _section("effects", "Effects", lead, tag("p", "No comparison so far had arms in two studies."))
    head = ("simulator", "slope", "± 1 SE", "left between", "left within", "studies", "outcomes", "enough")
    cells = [
        (
            said(view.simulator),
            f"{found.slope:.2f}",
            f"{found.slope_standard_error:.2f}",
            f"{found.residual.between_sd:.2f}",
            f"{found.residual.within_sd:.2f}",
            f"{found.residual.studies}",
            f"{found.residual.outcomes}",
            "yes" if found.is_enough else "no",
        )
        for view in shown
        if (found := view.effects) is not None
    ]
    return _section("effects", "Effects", lead, _slope_chart(views), table("Slopes", head, cells, numbers_from=1))


def _entries(entries: Sequence[Entry]) -> Html:
    lead = "What was compared: the mean of people, the simulated one, and the difference in human standard deviations."
    head = ("study", "outcome", "people", "simulated", "bias")
    cells: list[list[Child]] = [
        [said(one.study), said(one.outcome), *map(_number, (one.human_mean, one.simulated_mean, one.bias))]
        for one in entries[:MOST_ENTRIES]
    ]
    return _section("entries", "Past comparisons", lead, table("The ledger", head, cells, numbers_from=2))


def _bias_chart(views: Sequence[CalibrationView]) -> Chart:
    points = [(view.simulator, view.bias.centre, view.interval) for view in views]
    return intervals(points, AGENTS, "Bias of each simulator, and where that of the next outcome is expected")


def _coverage_chart(views: Sequence[CalibrationView]) -> Chart:
    shown = [(view.simulator, view.left_out) for view in views if view.left_out is not None]
    series = [[left.held for _, left in shown], [left.naive for _, left in shown]]
    return bars([name for name, _ in shown], series, [PEOPLE, AGENTS], "Human means held: calibrated, and usual")


def _slope_chart(views: Sequence[CalibrationView]) -> Chart:
    shown = [(view.simulator, view.effects) for view in views if view.effects is not None]
    slopes = [[effects.slope for _, effects in shown]]
    return bars([name for name, _ in shown], slopes, [PEOPLE], "How much of a simulated effect people show")


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"


def _section(anchor: str, title: str, lead: Child, *body: Child) -> Html:
    header = tag("header", tag("h2", title), tag("p", lead, class_="lead"))
    return tag("section", header, join(*body), id=anchor)
