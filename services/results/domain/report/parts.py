"""What the sections of the report share: the section frame with its stamp, chips and legends."""

from libs.contracts.names import in_words
from libs.pages.charts import COLOURS
from libs.pages.elements import said
from libs.pages.markup import EMPTY, Child, Html, tag
from services.results.domain import wording
from services.results.domain.findings import Findings

LABEL = "Simulated respondents"


def section(findings: Findings, anchor: str, title: str, lead: Child, *body: Child) -> Html:
    """A section with its heading, one sentence on how to read it, and the stamp no section may be without."""
    return tag(
        "section",
        tag("header", tag("h2", title, id=f"{anchor}-title"), tag("p", lead, class_="lead")),
        *body,
        stamp(findings),
        id=anchor,
        aria_labelledby=f"{anchor}-title",
    )


def stamp(findings: Findings) -> Html:
    """Who answered and what that is worth."""
    evidence = findings.evidence
    worth = f"evidence grade {evidence.grade}, effective n {wording.whole(evidence.effective_n)}"
    return tag("p", tag("b", LABEL), f" · {worth} · {evidence.caveat}", class_="stamp")


def colour_of(findings: Findings, arm: str) -> int:
    """The place of an arm in the plan, as on the pages: it has one colour wherever it is looked at."""
    return findings.arms.index(arm) % COLOURS if arm in findings.arms else 0


def chip(findings: Findings, arm: str) -> Html:
    """An arm's name with its colour."""
    return tag("span", tag("i", class_="swatch"), said(in_words(arm)), class_=f"chip arm-{colour_of(findings, arm)}")


def legend(findings: Findings) -> Html:
    """The arms and their colours."""
    chips = [chip(findings, arm) for arm in findings.arms]
    baseline = findings.study.baseline(findings.arms)
    note = tag("span", f"baseline: {in_words(baseline)}", class_="quiet") if len(findings.arms) > 1 else EMPTY
    return tag("p", *chips, note, class_="legend")


def role_of(findings: Findings, role: str) -> str:
    """The role of a metric, where it is not the usual one: where nothing was planned, nothing is primary."""
    return "" if role == "secondary" or (role == "primary" and findings.study.plan is None) else role


def role_tag(findings: Findings, role: str) -> Html:
    """The same, as it is shown."""
    name = role_of(findings, role)
    return tag("span", name, class_="role") if name else EMPTY
