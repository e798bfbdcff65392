"""What every part of the PDF is built of: the page, texts, tables, and the colours of the arms."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from services.results.domain import wording
from services.results.domain.findings import Findings
from services.results.domain.report.parts import colour_of
from services.results.service.files.pdf.letters import BOLD, FONT, markup, plain

if TYPE_CHECKING:
    from reportlab.platypus import Flowable

MARGIN, FOOT = 48.0, 40.0
WIDTH, HEIGHT = 595.28, 841.89  # A4
ROOM = WIDTH - 2 * MARGIN
MOST_ROOM = 600.0
NAMES = 1.6  # widths of the first two columns, which hold names
INK, QUIET, LINE, FILL = "#1b1b1f", "#5f6068", "#c9cad1", "#3557a8"
ARMS = ("#4338ca", "#c2410c", "#0f766e", "#a21caf", "#1d6fa5", "#7a6a00")


def text(
    words: str, size: float, *, bold: bool = False, colour: str = INK, before: float = 0, after: float = 0
) -> "Flowable":
    """A paragraph."""
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph

    set_in = markup(words, bold=bold)  # makes the typefaces known that the style names
    style = ParagraphStyle(
        "text",
        fontName=BOLD if bold else FONT,
        fontSize=size,
        leading=size * 1.35,
        textColor=hexadecimal(colour),
        spaceBefore=before,
        spaceAfter=after,
        splitLongWords=1,
    )
    return Paragraph(set_in, style)


def heading(words: str, *, room: float = 90.0) -> "Iterator[Flowable]":
    """The heading of a part, on a page that has this much room for it and what follows, if any page has."""
    from reportlab.platypus import CondPageBreak

    yield CondPageBreak(min(room, MOST_ROOM))
    yield text(words, 13, bold=True, before=12, after=4)


def table(head: Sequence[str], rows: Sequence[Sequence[str]], parts: Sequence[float] = ()) -> "Flowable":
    """A table whose head is repeated on every page; `parts` are of its width, by column. Long rows go on."""
    from reportlab.platypus import Table

    cells = [[text(cell, 7.5, bold=True) for cell in head], *([text(cell, 7.5) for cell in row] for row in rows)]
    parts = parts or [NAMES if column < 2 else 1.0 for column in range(len(head))]
    widths = [ROOM * part / sum(parts) for part in parts]
    style = [("LINEBELOW", (0, 0), (-1, -1), 0.4, hexadecimal(LINE)), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    return Table(cells, colWidths=widths, repeatRows=1, splitInRow=1, style=style)


def foot(canvas: Any, findings: Findings) -> None:
    """Grade and caveat, at the foot of every page."""
    from reportlab.lib.utils import simpleSplit

    evidence = findings.evidence
    worth = f"evidence grade {evidence.grade}, effective n {wording.whole(evidence.effective_n)}"
    said = plain(f"Simulated respondents · {worth} · {evidence.caveat}")
    canvas.saveState()
    canvas.setFont(FONT, 7)
    canvas.setFillColor(hexadecimal(QUIET))
    for index, line in enumerate(simpleSplit(said, FONT, 7, ROOM - 40)[:4]):
        canvas.drawString(MARGIN, MARGIN + 18 - 9 * index, line)
    canvas.drawRightString(WIDTH - MARGIN, MARGIN + 18, str(canvas.getPageNumber()))
    canvas.restoreState()


def arm_colour(findings: Findings, arm: str) -> Any:
    """The colour of an arm, as in the report in HTML."""
    return hexadecimal(ARMS[colour_of(findings, arm)])


def hexadecimal(value: str) -> Any:
    """A colour of reportlab's."""
    from reportlab.lib.colors import HexColor

    return HexColor(value)
