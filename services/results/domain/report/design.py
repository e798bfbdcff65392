"""What the plan asks beside its comparisons: doubts first, then all arms at once, factors, segments, guardrails."""

from collections.abc import Sequence

from libs.contracts.evidence import Analysis, FactorEffect, Flag, Interaction, View
from libs.contracts.findings import finding_in_words
from libs.contracts.names import in_words, titled
from libs.pages.elements import disclosure, said, table
from libs.pages.markup import EMPTY, Html, join, tag
from services.results.domain import wording
from services.results.domain.findings import Findings
from services.results.domain.report.parts import section

LEAD = (
    "Whether any arm differs is asked before which. Segments differ only where an interaction says so: a clear effect "
    "in one segment and none in another says nothing. Factors and interactions are corrected as families of their own."
)
UNTRUSTED = "Something differs that cannot differ, or the arms lost people unequally: nothing below is to be trusted."
MISSING = (
    "Whoever gave no answer may differ from whoever did. Up to 5% is usually of little concern; from 20% on a result "
    "may well be another than that of all (Schulz and Grimes, Lancet 2002)."
)
VIEWS = {
    "cliffs_delta": ("how much more often an answer is above one of the baseline than below", "Cliff's delta"),
    "top_2_box": ("difference in the share of the two highest answers", "top-2 box"),
    "wilcoxon": ("whether the same people moved one way more than by chance", "Wilcoxon signed-rank test"),
    "risk_ratio": ("how many times as many as in the baseline", "risk ratio"),
    "odds_ratio": ("how many times the odds of the baseline", "odds ratio"),
}
"""In plain words, and by the name of the method."""
Tested = FactorEffect | Interaction


def doubts(findings: Findings, analysis: Analysis) -> Html:
    """Why the whole may be wrong."""
    if not analysis.flags:
        return EMPTY
    items = [tag("li", tag("b", f"{name}: "), said(words)) for name, words in map(told, analysis.flags)]
    lead = UNTRUSTED if any(flag.severity is None for flag in analysis.flags) else MISSING
    return section(findings, "doubts", "Doubts", lead, tag("ul", *items))


def told(flag: Flag) -> tuple[str, str]:
    """What kind of doubt it is, and why."""
    if flag.severity is not None:
        return flag.severity, flag.message
    where = in_words(flag.arm or "") if flag.kind == "attrition" else flag.metric and titled(flag.metric)
    return in_words(flag.kind), " ".join(filter(None, (where, flag.message)))


def design(findings: Findings, analysis: Analysis) -> Html:
    """Tables of what there is; nothing where the plan has two arms, one segment and no guardrail with a margin."""
    parts = [_omnibus(analysis), _factors(analysis), _interactions(analysis), _guardrails(analysis), _views(analysis)]
    shown = [part for part in parts if part is not EMPTY]
    return section(findings, "design", "By the plan", LEAD, *shown) if shown else EMPTY


def _omnibus(analysis: Analysis) -> Html:
    rows = [(_name(o.metric, o.option), o.method, wording.p_value(o.p_value)) for o in analysis.omnibus or ()]
    if not rows:
        return EMPTY
    inner = table("Is any arm different?", ("Metric", "Method", "p"), rows, numbers_from=2)
    return disclosure("Simulation p-values of all arms at once", inner)


def _factors(analysis: Analysis) -> Html:
    rows = [
        (
            _name(f.metric, f.option),
            said(levels(f)),
            *_tested(analysis, f),
        )
        for f in analysis.factor_effects or ()
    ]
    return _table("Factors", "Contrast", rows)


def levels(effect: FactorEffect) -> str:
    """What is held against what."""
    return in_words(f"{effect.factor}: {effect.level} against {effect.reference}")


def _interactions(analysis: Analysis) -> Html:
    rows = [
        (_name(i.metric, i.option), said(in_words(f"{i.segment}, {i.arm}")), *_tested(analysis, i))
        for i in analysis.interactions or ()
    ]
    return _table("Effect in a segment less that in all others", "Segment, arm", rows)


def _guardrails(analysis: Analysis) -> Html:
    rows = [
        (
            _name(c.metric, c.option),
            said(in_words(c.arm)),
            f"{c.non_inferiority.margin:g}",
            "harm below the margin" if c.non_inferiority.is_non_inferior else "harm not ruled out",
        )
        for c in analysis.comparisons
        if c.non_inferiority is not None
    ]
    head = ("Guardrail", "Arm", "Margin", "Finding")
    return table("Guardrails", head, rows, numbers_from=2) if rows else EMPTY


def _views(analysis: Analysis) -> Html:
    rows = [
        (
            _name(c.metric, c.option),
            said(in_words(c.arm)),
            _seen(view),
            *_figures(view),
        )
        for c in analysis.comparisons
        for view in c.views or ()
    ]
    head = ("Metric", "Arm", "View", "Value", "Interval")
    return table("Further views of the same comparisons", head, rows, numbers_from=3) if rows else EMPTY


def _seen(view: View) -> Html:
    words, method = VIEWS.get(view.name, (in_words(view.name), ""))
    return join(words, tag("span", method, class_="quiet below"))


def _figures(view: View) -> tuple[str, str]:
    """Value and interval in the unit of the view; what a test of ranks adds up says nothing to a reader."""
    if view.name == "wilcoxon":
        return f"p {wording.p_value(view.p_value)}", wording.NOTHING
    if view.name == "top_2_box":
        interval = wording.difference_interval("proportion", view.interval)
        return wording.difference("proportion", view.value), interval
    return wording.number(view.value), wording.estimate_interval("mean", view.interval)


def _table(caption: str, what: str, rows: Sequence[tuple[Html | str, ...]]) -> Html:
    head = ("Metric", what, "Difference", "Interval", "Finding")
    return table(caption, head, rows, numbers_from=2) if rows else EMPTY


def measure_of(analysis: Analysis, one: Tested) -> str:
    """What the outcome of a contrast is measured in."""
    return next(e.measure for e in analysis.estimates if (e.metric, e.option) == (one.metric, one.option))


def _tested(analysis: Analysis, one: Tested) -> tuple[str, str, str]:
    measure = measure_of(analysis, one)
    return (
        wording.difference(measure, one.difference),
        wording.difference_interval(measure, one.interval),
        finding_in_words(measure, one.finding),
    )


def _name(metric: str, option: str | None) -> Html:
    return said(titled(metric, option))
