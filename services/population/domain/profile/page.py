"""The profile drawn: a page with everything, or one plot as an SVG file of its own."""

from collections.abc import Sequence

from libs.contracts.errors import NotFoundError
from libs.pages.charts import Chart, bars, columns, heatmap
from libs.pages.document import document, drawing
from libs.pages.elements import said, table
from libs.pages.markup import EMPTY, Child, Html, join, tag
from services.population.domain.profile.model import (
    NOTICE,
    AttributeProfile,
    CategoricalDifference,
    CategoricalProfile,
    Comparison,
    Difference,
    NumberBin,
    Pair,
    Profile,
    ValueCount,
)

ASSOCIATIONS = "associations"
HERE, THERE = 1, 2  # colours
MOST_DRAWN = 25  # values of a classification
MOST_PAIRS = 25
MEASURES = {"cramers_v": "Cramér's V", "correlation_ratio": "correlation ratio η", "spearman": "Spearman's ρ"}


def to_html(name: str, profile: Profile, comparison: Comparison | None) -> bytes:
    """The page."""
    head = tag(
        "header",
        tag(
            "div",
            tag("span", "Rehearsal", class_="brand"),
            tag("span", "Simulated people", class_="pill"),
            class_="masthead",
        ),
        tag("h1", said(name)),
        tag("p", f"{profile.size:,} people. {NOTICE}", class_="quiet meta"),
    )
    parts = [_spread(profile), _together(profile), _beside(comparison) if comparison else EMPTY]
    return document(f"{name} — profile — Rehearsal", head, *parts)


def plot_names(profile: Profile) -> list[str]:
    """The plots of a profile."""
    return [*(attribute.name for attribute in profile.attributes), ASSOCIATIONS]


def to_svg(name: str, profile: Profile) -> bytes:
    """One plot. Raises `NotFoundError` for a name that is none."""
    if name == ASSOCIATIONS:
        return drawing("Attributes that go together", _heat(profile))
    for attribute in profile.attributes:
        if attribute.name == name:
            return drawing(f"{name}, n = {attribute.n:,}", _chart(attribute))
    raise NotFoundError("plot", name)


def _spread(profile: Profile) -> Html:
    lead = "Each attribute by itself. Evenness is 1 when all values are equally frequent."
    panels = [_panel(one.name, _figures(one), _chart(one)) for one in profile.attributes]
    return _section("attributes", "Attributes", lead, tag("div", *panels, class_="columns"))


def _together(profile: Profile) -> Html:
    lead = (
        "How strongly two attributes go together, from 0 to 1. None of these measures is 0 when nothing is there: "
        "compare the value with what chance gives."
    )
    if not profile.associations:
        return _section("associations", "What goes together", lead, tag("p", "There are no two attributes that vary."))
    head = ("attributes", "measure", "value", "by chance", "n")
    rows = [_pair(pair) for pair in profile.associations[:MOST_PAIRS]]
    strongest = table("The pairs furthest above chance", head, rows, numbers_from=2)
    note = f"Without pairs: {', '.join(profile.not_associated)}." if profile.not_associated else None
    body = (_panel("All pairs", None, _heat(profile)), strongest, tag("p", note, class_="quiet") if note else EMPTY)
    return _section("associations", "What goes together", lead, *body)


def _beside(comparison: Comparison) -> Html:
    lead = join(
        "Attributes in which these people differ most from ",
        said(comparison.name),
        f" ({comparison.size:,} people). Distances run from 0 (alike) to 1; they are descriptions, not tests.",
    )
    panels = [_panel(one.name, _distance(one), _both(one)) for one in comparison.differences]
    alone = [("Only here", comparison.only_here), ("Only there", comparison.only_there)]
    notes = [tag("p", f"{title}: {', '.join(names)}.", class_="quiet") for title, names in alone if names]
    return _section("comparison", "Beside another population", lead, tag("div", *panels, class_="columns"), *notes)


def _section(anchor: str, title: str, lead: Child, *body: Child) -> Html:
    header = tag("header", tag("h2", title), tag("p", lead, class_="lead"))
    return tag("section", header, *body, id=anchor)


def _panel(title: str, figures: str | None, *body: Html) -> Html:
    words = tag("p", figures, class_="quiet") if figures else EMPTY
    return tag("div", tag("h3", said(title)), words, *body, class_="panel")


def _figures(one: AttributeProfile) -> str:
    missing = [f"{one.missing:,} missing"] if one.missing else []
    if isinstance(one, CategoricalProfile):
        evenness = [] if one.evenness is None else [f"evenness {one.evenness:.2f}"]
        found = [f"{one.distinct:,} values, worth {one.effective_values:.1f} equally frequent ones", *evenness]
    else:
        spread = "" if one.standard_deviation is None else f" ± {one.standard_deviation:.3g}"
        quartiles = f"quartiles {one.lower_quartile:.3g}, {one.median:.3g}, {one.upper_quartile:.3g}"
        found = [f"mean {one.mean:.3g}{spread}", quartiles]
    return " · ".join([f"n = {one.n:,}", *found, *missing])


def _chart(one: AttributeProfile) -> Chart:
    label = f"{one.name}: how {one.n:,} people are spread"
    if isinstance(one, CategoricalProfile):
        names, shares = _drawn(one.values)
        return bars(names, [shares], [HERE], label)
    return _histogram(one.bins, max(b.share for b in one.bins), HERE, label)


def _both(one: Difference) -> Html:
    """The same attribute in both populations, on one scale."""
    label = f"{one.name}: here and there"
    if isinstance(one, CategoricalDifference):
        (names, shares), (_, others) = _drawn(one.values), _drawn(one.other_values)
        return bars(names, [shares, others], [HERE, THERE], label)
    highest = max(b.share for b in (*one.bins, *one.other_bins))
    charts = [
        tag("figure", tag("figcaption", title), _histogram(found, highest, colour, f"{one.name} {title}"))
        for title, found, colour in (("here", one.bins, HERE), ("there", one.other_bins, THERE))
    ]
    return join(*charts)


def _distance(one: Difference) -> str:
    if isinstance(one, CategoricalDifference):
        return f"total variation {one.total_variation:.2f} · Jensen–Shannon distance {one.jensen_shannon:.2f}"
    effect = "" if one.hedges_g is None else f" · Hedges' g {one.hedges_g:+.2f}"
    return f"difference of the means {one.difference:+.3g}{effect} · largest gap {one.kolmogorov_smirnov:.2f}"


def _drawn(values: Sequence[ValueCount]) -> tuple[list[str], list[float]]:
    shown = values[:MOST_DRAWN]
    return [one.value for one in shown], [one.share for one in shown]


def _histogram(bins: Sequence[NumberBin], highest: float, colour: int, label: str) -> Chart:
    return columns([b.share for b in bins], [f"{b.low:g}" for b in bins], highest, colour, label)


def _heat(profile: Profile) -> Chart:
    names = list(dict.fromkeys(name for pair in profile.associations for name in (pair.a, pair.b)))
    place = {name: index for index, name in enumerate(names)}
    cells = {(place[pair.a], place[pair.b]): pair.value for pair in profile.associations}
    return heatmap(names, cells, "How strongly each pair of attributes goes together")


def _pair(pair: Pair) -> tuple[Child, ...]:
    names = join(said(pair.a), " and ", said(pair.b))
    return names, MEASURES[pair.measure], f"{pair.value:.2f}", f"{pair.by_chance:.2f}", f"{pair.n:,}"
