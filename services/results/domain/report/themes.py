"""Themes of free texts: how well two codings agree comes first, then how many texts have each."""

from libs.contracts.names import in_words, titled
from libs.pages.elements import said, table
from libs.pages.markup import EMPTY, Html, join, tag
from services.results.domain import wording
from services.results.domain.findings import Findings
from services.results.domain.report.parts import section
from services.results.domain.themes import Agreement, Theme, Themes

LEAD = (
    "What simulated people wrote, coded twice. Agreement (Cohen's kappa, 1 is perfect, 0 is chance) says that a coding "
    "can be repeated, never that it is right; below 0.667 it is too low to use."
)
WORDS = {"usable": "usable", "tentative": "tentative only", "too_low": "too low to use", "unknown": "cannot be told"}


def themes(findings: Findings) -> Html:
    """A panel for each field."""
    found = findings.description.themes if findings.description else ()
    if not found:
        return EMPTY
    return section(findings, "themes", "Themes", LEAD, *(_panel(findings, one) for one in found))


def agreement(one: Agreement) -> str:
    """Kappa with its interval."""
    interval = wording.span(
        (wording.number(one.interval[0]), wording.number(one.interval[1])) if one.interval else None
    )
    return f"{wording.number(one.value)} ({interval})" if one.interval else wording.number(one.value)


def _panel(findings: Findings, one: Themes) -> Html:
    of = f"{one.n:,} of {wording.plural(one.of, 'text')}, coded by {one.coder}"
    kind = None if one.agreement.standing == "usable" else "alarm"
    note = tag("p", tag("b", f"Agreement {agreement(one.agreement)}. "), one.note, class_=kind)
    return tag(
        "div",
        tag("h3", said(titled(one.field))),
        tag("p", said(of), class_="quiet"),
        note,
        _table(findings, one),
        class_="panel",
    )


def _table(findings: Findings, one: Themes) -> Html:
    arms = findings.arms if len(findings.arms) > 1 else ()
    head = ("Theme", "Texts", "Share", *map(in_words, arms), "Again", "Both", "Agreement")
    return table(f"Themes of {titled(one.field)}", head, [_row(theme, arms) for theme in one.themes], numbers_from=1)


def _row(theme: Theme, arms: tuple[str, ...]) -> tuple[Html | str | int, ...]:
    standing = tag("span", WORDS[theme.agreement.standing], class_="quiet below")
    return (
        said(theme.label),
        theme.n,
        wording.percent(theme.share, 0),
        *(theme.by_arm.get(arm, 0) for arm in arms),
        theme.n_again,
        theme.n_both,
        join(agreement(theme.agreement), standing),
    )
