"""People as CSV (RFC 4180 in UTF-8), for spreadsheets and back without loss.

A text that a spreadsheet would take for a formula starts with an apostrophe, which reading takes off again. CSV does
not tell a number from a text, so the name of a column of numbers ends with `:number`, unless it can hold nothing else.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from libs.contracts.errors import InvalidError
from services.population.domain.records import NUMBERED, TRAITS, Cell, Column, Kind, check_columns

# A spreadsheet takes a text that starts like this for a formula (OWASP, "CSV injection"); full-width forms too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
QUOTED_STARTS = tuple(f"'{start}" for start in (*FORMULA_STARTS, "'"))
SUFFIX = ":number"


def header(columns: Sequence[Column]) -> bytes:
    """The first line."""
    return _line([_name(column) for column in columns])


def lines(records: Iterable[Sequence[Cell]]) -> bytes:
    """Records as lines; a value that is not there is an empty cell."""
    return b"".join(_line([_written(cell) for cell in record]) for record in records)


def read(body: bytes) -> Iterator[dict[str, Cell]]:
    """The records of a file. Raises `InvalidError` naming the line or the column."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError("body", f"is not UTF-8: byte {error.start} is 0x{body[error.start]:02x}") from None
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    names, numbered = _columns(rows)
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            raise InvalidError(f"line {rows.line_num}", f"is not CSV: {error}") from None
        if not row:
            continue
        if len(row) != len(names):
            reason = f"has {len(row)} cells; the first line has {len(names)}"
            raise InvalidError(f"line {rows.line_num}", reason)
        yield {
            name: _read(cell, f"line {rows.line_num}, {name}", is_number=name in numbered)
            for name, cell in zip(names, row, strict=True)
        }


def _columns(rows: Iterator[list[str]]) -> tuple[list[str], set[str]]:
    try:
        given = [name.strip() for name in next(rows, [])]
    except csv.Error as error:
        raise InvalidError("line 1", f"is not CSV: {error}") from None
    names = [name.removesuffix(SUFFIX) for name in given]
    check_columns(names)
    numbered = {name for name, said in zip(names, given, strict=True) if said.endswith(SUFFIX)}
    return names, numbered | {name for name in names if _is_number(name)}


def _name(column: Column) -> str:
    told = column.kind is Kind.TEXT or _is_number(column.name)
    return _written(column.name if told else f"{column.name}{SUFFIX}")


def _is_number(name: str) -> bool:
    """Whether a column of this name can hold nothing else."""
    return name in NUMBERED or name.startswith(TRAITS)


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith((*FORMULA_STARTS, *QUOTED_STARTS)) else cell
    return repr(cell)


def _read(cell: str, place: str, *, is_number: bool) -> Cell:
    if not cell:
        return None
    if not is_number:
        return cell[1:] if cell.startswith(QUOTED_STARTS) else cell
    try:
        return int(cell) if cell.strip("+-").isdecimal() else float(cell)
    except ValueError:
        raise InvalidError(place, f"is {cell[:50]!r}, not a number") from None


def _line(cells: Sequence[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue().encode()
