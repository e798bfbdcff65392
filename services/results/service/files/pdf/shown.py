"""What people met and what they were asked, on the first page of the PDF. A long text is cut, which is said."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from libs.contracts.names import in_words, titled
from services.results.domain import shown, wording
from services.results.domain.findings import Findings
from services.results.domain.report.parts import role_of
from services.results.domain.report.shown import MOST, roles, values
from services.results.service.files.pdf.layout import QUIET, heading, table, text

if TYPE_CHECKING:
    from reportlab.platypus import Flowable


def stimuli(findings: Findings) -> "Iterator[Flowable]":
    """Arm by arm, then the questions."""
    met = [(arm, found) for arm, found in shown.shown(findings.study).items() if found]
    if met:
        yield from heading("What was shown")
    for arm, found in met:
        beside = roles(findings, arm)
        yield text(f"{in_words(arm)}{f' ({beside})' if beside else ''}", 9, bold=True, before=4, after=1)
        for one in found[:MOST]:
            yield from _one(one)
        if len(found) > MOST:
            yield text(f"{wording.plural(len(found) - MOST, 'thing')} more; the history has them.", 8, colour=QUIET)
    yield from _asked(findings)


def _one(one: shown.Shown) -> "Iterator[Flowable]":
    start = shown.beginning(one.content)
    cut = f" [cut here; the report in HTML has all {len(one.content):,} letters]" if start != one.content else ""
    where = " · ".join(filter(None, (one.name, one.where, one.whom)))
    yield text(where, 8, colour=QUIET, after=1)
    for line in filter(str.strip, f"{start}{cut}".splitlines()):
        yield text(line, 9, after=2)


def _asked(findings: Findings) -> "Iterator[Flowable]":
    rows = [
        (
            titled(i.name),
            i.question,
            role_of(findings, "control" if i.is_control else i.role) or wording.NOTHING,
            values(i.minimum, i.maximum, i.options),
        )
        for i in findings.study.instruments
    ]
    if rows:
        yield from heading("What was asked")
        yield table(("Metric", "Question", "Role", "Values"), rows, parts=(1.3, 3.4, 0.8, 1.4))
