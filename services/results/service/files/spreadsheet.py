"""Results as a workbook: evidence, estimates, comparisons, responses. Texts are texts and never formulas or links.

Rows go to disk as they come (`constant_memory`), so a sheet is written from its first row to its last one.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from libs.contracts.evidence import Analysis, FactorEffect
from services.results.domain.canonical import canonical_number
from services.results.domain.findings import SIMULATED, why_no_analysis
from services.results.domain.people import People, PeopleSegment, facts, unread
from services.results.domain.report.design import told
from services.results.domain.tabular import Cell, as_text
from services.results.service.files.contents import Contents
from services.results.service.files.spool import Spool

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS = 1_048_576
LONGEST_CELL = 32_767
# Nothing in a text is taken for a formula, a number or a link, and the time of writing is no part of the file.
OPTIONS = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
ESTIMATES = ("metric", "option", "arm", "measure", "n", "value", "low", "high", "method", "people", "people_low")
EFFECTS = (
    *("metric", "option", "factor", "level", "reference", "difference", "low", "high"),
    *("p_value", "p_adjusted", "finding", "method", "evidence_grade", "effective_n", "caveat"),
)
COMPARISONS = ("metric", "option", "role", "arm", "baseline", "difference", "low", "high", "relative_lift")


class XlsxRows:
    """The workbook; every sheet has grade, effective n and caveat in each row or, of the first one, as its content."""

    def __init__(self, contents: Contents) -> None:
        from xlsxwriter import Workbook

        self._spool, study = Spool(), contents.study
        self._book = Workbook(self._spool.file, OPTIONS)
        self._book.set_properties({"title": study.name, "created": study.created_at.replace(tzinfo=None)})
        _sheet(self._book, "evidence", ("name", "value"), _evidence(contents))
        if contents.analysis is not None:
            _sheet(self._book, "estimates", *_estimates(contents.analysis))
            _sheet(self._book, "comparisons", *_comparisons(contents.analysis))
            if contents.analysis.factor_effects:
                _sheet(self._book, "main_effects", *_main_effects(contents.analysis.factor_effects))
        self._responses, self._next = _begun(self._book, "responses", contents.table.header), 1

    def begin(self) -> bytes:
        """Nothing is sent before the file is finished."""
        return b""

    def add(self, rows: Iterable[Sequence[Cell]]) -> bytes:
        """Some rows, as far as a sheet has room for them."""
        for row in rows:
            if self._next < MOST_ROWS:
                _write(self._responses, self._next, row)
                self._next += 1
        return b""

    def end(self) -> Iterator[bytes]:
        """The finished file."""
        self._book.close()
        yield from self._spool.portions()

    def close(self) -> None:
        """Have the file gone."""
        self._spool.close()


def _sheet(book: "Workbook", name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    sheet = _begun(book, name, header)
    for number, row in enumerate(rows, start=1):
        _write(sheet, number, row)


def _begun(book: "Workbook", name: str, header: Sequence[str]) -> "Worksheet":
    sheet = book.add_worksheet(name)
    sheet.freeze_panes(1, 0)
    for column, title in enumerate(header):
        sheet.write_string(0, column, title)
    return sheet


def _write(sheet: "Worksheet", number: int, row: Sequence[Cell]) -> None:
    for column, cell in enumerate(row):
        value = as_text(cell) if isinstance(cell, list) else cell
        if isinstance(value, bool):
            sheet.write_boolean(number, column, value)
        elif isinstance(value, str):
            sheet.write_string(number, column, value[:LONGEST_CELL])
        elif value is not None and (plain := canonical_number(float(value))) is not None:
            sheet.write_number(number, column, plain)


def _evidence(contents: Contents) -> list[Sequence[Cell]]:
    evidence, study, analysis = contents.table.evidence, contents.study, contents.analysis
    return [
        ("notice", SIMULATED),
        ("study", ": ".join(study.titles)),
        ("verdict", analysis.verdict if analysis else why_no_analysis(contents.state)),
        *((f"doubt: {kind}", why) for kind, why in map(told, (analysis.flags if analysis else None) or ())),
        ("evidence_grade", evidence.grade),
        ("effective_n", evidence.effective_n),
        ("effective_n_basis", evidence.effective_n_basis),
        ("caveat", evidence.caveat),
        ("plan_hash", study.plan_hash),
        *_people(study.people),
        ("model", study.model),
        ("seed", study.seed),
        ("looks", evidence.looks),
        ("correction", evidence.correction),
    ]


def _people(people: People | None) -> list[Sequence[Cell]]:
    if people is None:
        return []
    segments = [(f"segment: {one.name}", _words(one)) for one in people.segments]
    not_understood = [(f"not understood: {name}", words) for name, words in unread(people)]
    return [*facts(people), *segments, *not_understood]


def _words(segment: PeopleSegment) -> str:
    return f"{segment.size:,} people" + (f": {segment.particularities}" if segment.particularities else "")


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


def _main_effects(effects: Sequence[FactorEffect]) -> tuple[Sequence[str], list[Sequence[Cell]]]:
    rows: list[Sequence[Cell]] = []
    for e in effects:
        what = e.metric, e.option, e.factor, e.level, e.reference, e.difference, *e.interval
        how = e.p_value, e.p_adjusted, e.finding, e.method
        rows.append((*what, *how, e.evidence.grade, e.evidence.effective_n, e.evidence.caveat))
    return EFFECTS, rows
