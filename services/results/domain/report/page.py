"""The report as one HTML file: no script, no font, no request. Its own content policy forbids them as well."""

from importlib.resources import files

from services.results.domain.findings import Findings
from services.results.domain.report.answers import distributions, funnel
from services.results.domain.report.conduct import health, plan, provenance
from services.results.domain.report.effects import comparisons, forest
from services.results.domain.report.estimates import estimates, segments
from services.results.domain.report.headline import headline
from services.results.domain.report.markup import EMPTY, Html, stylesheet, tag
from services.results.domain.report.parts import stamp
from services.results.domain.report.voices import voices

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def to_html(findings: Findings) -> bytes:
    """The report. Sections whose numbers do not exist yet, or do not apply, are left out."""
    name = findings.study.plan.name if findings.study.plan else findings.study.name
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="robots", content="noindex"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{name} — simulated respondents — Rehearsal"),
        stylesheet(files(__package__).joinpath("style.css").read_text(encoding="utf-8")),
    )
    footer = tag("footer", stamp(findings), tag("p", f"Rehearsal {findings.version}", class_="quiet"))
    body = tag("body", tag("main", headline(findings), *_sections(findings), footer))
    return ("<!doctype html>\n" + tag("html", head, body, lang="en").source + "\n").encode()


def _sections(findings: Findings) -> list[Html]:
    analysis, description = findings.analysis, findings.description
    found: list[Html] = []
    if analysis is not None and analysis.comparisons:
        found.append(forest(findings, analysis))
    if analysis is not None and analysis.estimates:
        found.append(estimates(findings, analysis))
    if analysis is not None and analysis.comparisons:
        found.append(comparisons(findings, analysis))
    if description is not None:
        found.append(distributions(findings, description) if findings.study.instruments else EMPTY)
        found.append(funnel(findings, description) if description.funnel else EMPTY)
        found.append(segments(findings, description) if description.segments else EMPTY)
    found.append(health(findings))
    found.append(voices(findings) if any(turn.response for turn in findings.turns) else EMPTY)
    return [*found, plan(findings), provenance(findings)]
