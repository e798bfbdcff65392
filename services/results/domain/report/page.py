"""The report as one HTML file."""

from libs.pages.document import document
from libs.pages.markup import EMPTY, Html, tag
from services.results.domain.findings import Findings
from services.results.domain.report.answers import distributions, funnel
from services.results.domain.report.conduct import health, plan, provenance
from services.results.domain.report.decision import decision
from services.results.domain.report.design import design, doubts
from services.results.domain.report.effects import changes, comparisons, forest
from services.results.domain.report.estimates import estimates, segments
from services.results.domain.report.headline import headline
from services.results.domain.report.moods import moods
from services.results.domain.report.parts import stamp
from services.results.domain.report.people import population
from services.results.domain.report.plots import over_time, parting, surviving
from services.results.domain.report.shown import stimuli
from services.results.domain.report.themes import themes
from services.results.domain.report.voices import voices


def to_html(findings: Findings) -> bytes:
    """The report. Sections whose numbers do not exist yet, or do not apply, are left out."""
    footer = tag("footer", stamp(findings), tag("p", f"Rehearsal {findings.version}", class_="quiet"))
    return document(
        f"{findings.study.name} — simulated respondents — Rehearsal", headline(findings), *_sections(findings), footer
    )


def _sections(findings: Findings) -> list[Html]:
    analysis, description = findings.analysis, findings.description
    found: list[Html] = [decision(findings), EMPTY if analysis is None else doubts(findings, analysis)]
    found.append(stimuli(findings))
    if analysis is not None and analysis.comparisons:
        found.append(forest(findings, analysis))
    if analysis is not None and analysis.estimates:
        found.append(estimates(findings, analysis))
        found.append(changes(findings, analysis) if analysis.changes else EMPTY)
    if analysis is not None and analysis.comparisons:
        found += [comparisons(findings, analysis), design(findings, analysis)]
    if description is not None:
        found.append(distributions(findings, description) if findings.study.instruments else EMPTY)
        found.append(funnel(findings, description) if description.funnel else EMPTY)
        found += [parting(findings), surviving(findings), over_time(findings)]
        found.append(segments(findings, description) if description.segments else EMPTY)
        found += [moods(findings, description), themes(findings)]
    found += [health(findings), population(findings)]
    found.append(voices(findings) if findings.gathered.voices else EMPTY)
    return [*found, plan(findings), provenance(findings)]
