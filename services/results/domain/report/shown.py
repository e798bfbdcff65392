"""What people met and what they were asked, before any number that came of it."""

from libs.contracts.names import in_words, titled
from libs.pages.elements import disclosure, said, table
from libs.pages.markup import EMPTY, Html, join, tag
from services.results.domain import shown, wording
from services.results.domain.findings import Findings
from services.results.domain.report.parts import chip, role_tag, section
from services.results.domain.shown import Shown

MOST = 40
"""Things shown in an arm, at most."""
LEAD = "What the simulated people met, as they read it, and what they were then asked."


def stimuli(findings: Findings) -> Html:
    """A card for each arm, and the questions."""
    met = [(arm, found) for arm, found in shown.shown(findings.study).items() if found]
    cards = tag("div", *(_arm(findings, arm, found) for arm, found in met), class_="cards") if met else EMPTY
    asked = _asked(findings)
    return section(findings, "shown", "Shown and asked", LEAD, cards, asked) if met or asked is not EMPTY else EMPTY


def roles(findings: Findings, arm: str) -> str:
    """What an arm is beside what it shows."""
    planned = next((one for one in findings.study.plan.arms if one.name == arm), None) if findings.study.plan else None
    if planned is None:
        return ""
    known = (
        "baseline" if arm == findings.study.baseline(findings.arms) else "",
        "placebo" if planned.is_placebo else "",
        f"the same as {in_words(planned.copy_of)}" if planned.copy_of else "",
    )
    return " · ".join(filter(None, known))


def values(minimum: float | None, maximum: float | None, options: tuple[str, ...]) -> str:
    """What can be answered."""
    if options:
        return in_words(", ".join(options))
    return wording.NOTHING if minimum is None or maximum is None else f"{minimum:g} to {maximum:g}"


def _arm(findings: Findings, arm: str, found: list[Shown]) -> Html:
    head = join(chip(findings, arm), tag("span", f" {roles(findings, arm)}", class_="quiet"))
    more = f"{wording.plural(len(found) - MOST, 'thing')} more; the history has them." if len(found) > MOST else None
    return tag(
        "div",
        tag("p", head),
        *map(_one, found[:MOST]),
        tag("p", more, class_="quiet") if more else EMPTY,
        class_="card",
    )


def _one(one: Shown) -> Html:
    heading = tag("p", tag("b", said(one.name)), " ", said(one.where), class_="quiet")
    whom = tag("p", said(one.whom), class_="quiet") if one.whom else EMPTY
    start = shown.beginning(one.content)
    text = tag("p", said(start), class_="stimulus")
    if start != one.content:
        whole = tag("p", said(one.content), class_="stimulus")
        text = join(text, disclosure(f"Cut here: show all {len(one.content):,} letters", whole))
    return tag("div", heading, whom, text, class_="group")


def _asked(findings: Findings) -> Html:
    rows = [
        (
            join(said(titled(i.name)), role_tag(findings, "control" if i.is_control else i.role)),
            i.type.value,
            said(i.question),
            said(values(i.minimum, i.maximum, i.options)),
            said(titled(i.requires or wording.NOTHING)),
        )
        for i in findings.study.instruments
    ]
    if not rows:
        return EMPTY
    plan = findings.study.plan
    after = plan.measured_after_s if plan else None
    when = f"Asked {wording.duration(after)} after the last contact." if after else None
    head = ("Metric", "Type", "Question", "Values", "Requires")
    body = table("Metrics", head, rows, numbers_from=len(head))
    return join(tag("h3", "What was asked"), tag("p", when, class_="quiet") if when else EMPTY, body)
