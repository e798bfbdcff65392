"""The top of the report: what it is, the verdict, and what that is worth before anything else is seen."""

from libs.contracts.names import in_words
from libs.pages.elements import said
from libs.pages.markup import EMPTY, Html, join, tag
from services.results.domain import wording
from services.results.domain.findings import SIMULATED, Findings, why_no_analysis
from services.results.domain.people import unread
from services.results.domain.report.parts import LABEL

MOST_UNREAD = 3
GRADES = {
    "A": "Rectified with human answers",
    "B": "Calibrated on past comparisons",
    "C": "Uncalibrated: direction only",
}


def headline(findings: Findings) -> Html:
    """Title, verdict, evidence."""
    study = findings.study
    kind = in_words(study.plan.type) if study.plan else "simulation without an intervention"
    when = f" · analysed {findings.analysed_at:%-d %B %Y, %H:%M} UTC" if findings.analysed_at else ""
    about = (*study.titles[1:], kind, wording.plural(len(findings.arms), "arm"))
    return tag(
        "header",
        tag("p", tag("span", "Rehearsal", class_="brand"), tag("span", LABEL, class_="pill"), class_="masthead"),
        tag("h1", said(study.name)),
        tag("p", said(" · ".join(about) + when), class_="quiet meta"),
        _verdict(findings),
        _evidence(findings),
        class_="top",
    )


def _verdict(findings: Findings) -> Html:
    if findings.analysis is not None:
        sentence, _, worth = findings.analysis.verdict.rpartition(" — ")
        return tag(
            "div",
            tag("p", "Verdict", class_="eyebrow"),
            tag("p", said(sentence), tag("span", " — ", said(worth), class_="worth"), class_="verdict"),
        )
    answered, assigned = sum(findings.heads.answered.values()), sum(findings.heads.assigned.values())
    return tag(
        "div",
        tag("p", "Not analysed", class_="eyebrow"),
        tag("p", f"{answered:,} of {assigned:,} simulated respondents have answered so far.", class_="verdict"),
        tag("p", why_no_analysis(findings.state), class_="lead"),
    )


def _evidence(findings: Findings) -> Html:
    evidence, heads = findings.evidence, findings.heads
    answered, assigned = sum(heads.answered.values()), sum(heads.assigned.values())
    models = findings.gathered.models or (findings.study.model,)
    tiles = (
        _tile("Evidence grade", evidence.grade, GRADES[evidence.grade], "grade"),
        _tile("Effective n", wording.whole(evidence.effective_n), "real people it is worth, at most"),
        _tile("Respondents", f"{answered:,}", f"of {assigned:,} assigned simulated agents answered"),
        _tile("Model", ", ".join(models), f"seed {findings.study.seed}", "model"),
    )
    return join(
        tag("div", *tiles, class_="tiles"),
        tag(
            "aside",
            tag("p", tag("b", "Read this first. "), f"{SIMULATED} This study is {evidence.caveat}."),
            tag("p", f"Where the effective n comes from: {evidence.effective_n_basis}.", class_="quiet"),
            _unequal(findings),
            _unread(findings),
            class_="caveat",
        ),
    )


def _unequal(findings: Findings) -> Html:
    if not findings.evidence.sample_ratio.is_flagged:
        return EMPTY
    return tag("p", tag("b", "The arms lost people unequally. "), "A difference may come from who is missing.")


def _unread(findings: Findings) -> Html:
    parts = unread(findings.study.people) if findings.study.people else []
    if not parts:
        return EMPTY
    listed = [child for segment, words in parts[:MOST_UNREAD] for child in (said(words), " (", said(segment), "), ")]
    more = f"{len(parts) - MOST_UNREAD} more, " if len(parts) > MOST_UNREAD else ""
    return tag("p", tag("b", "Nobody was drawn by words that were not understood: "), *listed, more, "see People.")


def _tile(name: str, value: str, note: str, kind: str = "") -> Html:
    big = tag("p", said(value), class_=f"big {kind}".strip())
    return tag("div", tag("p", name, class_="eyebrow"), big, tag("p", note, class_="quiet"), class_="tile")
