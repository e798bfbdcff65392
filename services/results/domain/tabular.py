"""Tables as CSV (RFC 4180 in UTF-8). A text that a spreadsheet would take for a formula starts with an apostrophe."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Literal

from services.results.domain.canonical import canonical_number

# A spreadsheet takes a text that starts like this for a formula (OWASP, "CSV injection"); full-width forms too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
Cell = str | int | float | list[str] | None
Kind = Literal["truth", "number", "text"]


def csv_of(rows: Iterable[Sequence[Cell]]) -> bytes:
    """The rows as lines; numbers are plain numbers, nothing is an empty cell."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return buffer.getvalue().encode()


def kind_of(value: Cell) -> Kind:
    """What a value in a cell is."""
    if isinstance(value, bool):
        return "truth"
    return "number" if isinstance(value, int | float) else "text"


def as_text(value: Cell) -> str:
    """A cell in a column of texts."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "; ".join(value)
    return value if isinstance(value, str) else repr(value)


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        value = "; ".join(value)
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA_STARTS) else value
    number = canonical_number(value) if isinstance(value, float) else value
    return "" if number is None else repr(number)
