"""What the sections of the report share: the section frame with its stamp, chart rows, tables, chips and legends."""

from collections.abc import Iterable, Sequence

from services.results.domain import wording
from services.results.domain.findings import Findings
from services.results.domain.report.charts import COLOURS
from services.results.domain.report.markup import EMPTY, Child, Html, join, tag

LABEL = "Simulated respondents"
BASELINE_COLOUR = 0


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
    """The baseline is neutral, the other arms are coloured in their order; a single arm is coloured."""
    if len(findings.arms) == 1:
        return 1
    baseline = findings.study.baseline(findings.arms)
    if arm == baseline or arm not in findings.arms:
        return BASELINE_COLOUR
    others = [name for name in findings.arms if name != baseline]
    return 1 + others.index(arm) % (COLOURS - 1)


def chip(findings: Findings, arm: str) -> Html:
    """An arm's name with its colour."""
    return tag("span", tag("i", class_="swatch"), said(arm), class_=f"chip arm-{colour_of(findings, arm)}")


def legend(findings: Findings) -> Html:
    """The arms and their colours."""
    chips = [chip(findings, arm) for arm in findings.arms]
    baseline = findings.study.baseline(findings.arms)
    note = tag("span", f"baseline: {baseline}", class_="quiet") if len(findings.arms) > 1 else EMPTY
    return tag("p", *chips, note, class_="legend")


def said(text: str) -> Html:
    """A text from outside, kept apart from ours in its writing direction."""
    return tag("bdi", text)


def role_tag(role: str) -> Html:
    """The role of a metric, where it is not the usual one."""
    return EMPTY if role == "secondary" else tag("span", role, class_="role")


def row(label: Html, chart: Html, figure: Html) -> Html:
    """A chart with its label and its number; on a phone the chart goes below them."""
    cells = (tag("div", label, class_="row-label"), tag("div", chart, class_="row-chart"))
    return tag("div", *cells, tag("div", figure, class_="row-figure"), class_="row")


def figure(strong: str, quiet: str) -> Html:
    """A number and, quieter, its interval or its base."""
    return join(tag("b", strong), " ", tag("span", quiet, class_="quiet"))


def table(caption: str, head: Sequence[Child], rows: Iterable[Sequence[Child]], *, numbers_from: int) -> Html:
    """A table; columns from `numbers_from` on hold numbers. Each cell carries its heading for narrow screens."""
    names = [cell if isinstance(cell, str) else "" for cell in head]
    kinds = ["number" if index >= numbers_from else None for index in range(len(head))]
    heading = tag("tr", *(tag("th", cell, scope="col", class_=kind) for cell, kind in zip(head, kinds, strict=True)))
    body = [
        tag(
            "tr",
            *(
                tag("td", tag("div", cell), class_=kind, data_name=name)
                for cell, kind, name in zip(cells, kinds, names, strict=True)
            ),
        )
        for cells in rows
    ]
    inner = join(tag("caption", caption), tag("thead", heading), tag("tbody", *body))
    return tag("div", tag("table", inner), class_="table", tabindex=0, role="group", aria_label=caption)


def facts(pairs: Iterable[tuple[str, Child]]) -> Html:
    """Names and values."""
    return tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in pairs), class_="facts")


def disclosure(summary: Child, *body: Child) -> Html:
    """Something behind a click; it is printed open."""
    return tag("details", tag("summary", summary), *body)
