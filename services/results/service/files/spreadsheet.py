"""Results as a workbook: evidence, estimates, comparisons, responses. Texts are texts and never formulas or links."""

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from libs.contracts.evidence import Analysis
from services.results.domain.canonical import canonical_number
from services.results.domain.findings import SIMULATED, Findings, why_no_analysis
from services.results.domain.rows import Table
from services.results.domain.tabular import Cell, as_text

if TYPE_CHECKING:
    from xlsxwriter import Workbook

MOST_ROWS = 1_048_576
LONGEST_CELL = 32_767
# Nothing in a text is taken for a formula, a number or a link, and the time of writing is no part of the file.
OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
ESTIMATES = ("metric", "option", "arm", "measure", "n", "value", "low", "high", "method", "people", "people_low")
COMPARISONS = ("metric", "option", "role", "arm", "baseline", "difference", "low", "high", "relative_lift")


def to_xlsx(findings: Findings) -> bytes:
    """The workbook; every sheet has grade, effective n and caveat in each row or, of the first one, as its content."""
    from xlsxwriter import Workbook

    buffer = io.BytesIO()
    book = Workbook(buffer, OPTIONS)
    book.set_properties({"title": findings.study.name, "created": findings.study.created_at.replace(tzinfo=None)})
    _sheet(book, "evidence", ("name", "value"), _evidence(findings))
    if findings.analysis is not None:
        _sheet(book, "estimates", *_estimates(findings.analysis))
        _sheet(book, "comparisons", *_comparisons(findings.analysis))
    table = Table.of(findings)
    _sheet(book, "responses", table.header, table.rows())
    book.close()
    return buffer.getvalue()


def _sheet(book: "Workbook", name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for column, title in enumerate(header):
        sheet.write_string(0, column, title)
    for number, row in enumerate(rows, start=1):
        if number >= MOST_ROWS:
            break
        for column, cell in enumerate(row):
            value = as_text(cell) if isinstance(cell, list) else cell
            if isinstance(value, bool):
                sheet.write_boolean(number, column, value)
            elif isinstance(value, str):
                sheet.write_string(number, column, value[:LONGEST_CELL])
            elif value is not None and (plain := canonical_number(float(value))) is not None:
                sheet.write_number(number, column, plain)


def _evidence(findings: Findings) -> list[Sequence[Cell]]:
    evidence, study = findings.evidence, findings.study
    return [
        ("notice", SIMULATED),
        ("study", study.plan.name if study.plan else study.name),
        ("verdict", findings.analysis.verdict if findings.analysis else why_no_analysis(findings.state)),
        ("evidence_grade", evidence.grade),
        ("effective_n", evidence.effective_n),
        ("effective_n_basis", evidence.effective_n_basis),
        ("caveat", evidence.caveat),
        ("plan_hash", study.plan_hash),
        ("model", study.model),
        ("seed", study.seed),
        ("looks", evidence.looks),
        ("correction", evidence.correction),
    ]


def _estimates(analysis: Analysis) -> tuple[Sequence[str], list[Sequence[Cell]]]:
    header = (*ESTIMATES, "people_high", "evidence_grade", "effective_n", "caveat")
    rows: list[Sequence[Cell]] = []
    for e in analysis.estimates:
        low, high = e.interval or (None, None)
        about = e.about_people
        people = (about.value, *about.interval) if about else (None, None, None)
        worth = e.evidence.grade, e.evidence.effective_n, e.evidence.caveat
        rows.append((e.metric, e.option, e.arm, e.measure, e.n, e.value, low, high, e.method, *people, *worth))
    return header, rows


def _comparisons(analysis: Analysis) -> tuple[Sequence[str], list[Sequence[Cell]]]:
    header = (*COMPARISONS, "effect_size", "effect_size_name", "p_value", "p_adjusted", "finding", "method")
    rows: list[Sequence[Cell]] = []
    for c in analysis.comparisons:
        low, high = c.interval or (None, None)
        what = c.metric, c.option, c.role, c.arm, c.baseline, c.difference, low, high, c.relative_lift
        how = c.effect_size, c.effect_size_name, c.p_value, c.p_adjusted, c.finding, c.method
        rows.append((*what, *how, c.evidence.grade, c.evidence.effective_n, c.evidence.caveat))
    return (*header, "evidence_grade", "effective_n", "caveat"), rows
