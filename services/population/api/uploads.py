"""Files that somebody uploads: templates as JSON or YAML, margins as JSON, YAML or CSV, read into plain documents.

A CSV has a header and a line for each value: dimension, value, share or count, source, year, and if wanted licence and
note, which stand on a dimension's first line. Counts become shares; what a share may be is the contract's to say.
"""

import csv
import io
from typing import Any

import yaml

from libs.contracts.base import JsonObject
from libs.contracts.demographics import MAX_DIMENSIONS, MAX_VALUES
from libs.contracts.errors import InvalidError
from libs.minds.json_documents import DocumentError, parse
from libs.studies import composed, constructed

JSON, CSV, YAML = "application/json", "text/csv", "application/yaml"
MEDIA = {JSON: JSON, CSV: CSV, YAML: YAML, "application/x-yaml": YAML, "text/yaml": YAML}
COLUMNS = ("dimension", "value", "share", "count", "source", "year", "licence", "note")
SAID_ONCE = ("source", "year", "licence", "note")
MOST_ROWS = MAX_DIMENSIONS * MAX_VALUES
LONGEST = 2_000


def read_upload(body: bytes, content_type: str, most_bytes: int) -> JsonObject:
    """The document in a file. Raises `InvalidError` naming the line or field that is wrong."""
    media = MEDIA.get(content_type.partition(";")[0].strip().lower())
    if media is None:
        raise InvalidError("content-type", f"{content_type!r} is no kind of file that is read", sorted(MEDIA))
    if media == JSON:
        try:
            found = parse(body, most_bytes)
        except DocumentError as error:
            raise InvalidError(error.path or "body", error.reason) from None
    else:
        text = _text(body)
        found = _from_csv(text) if media == CSV else _from_yaml(text)
    if not isinstance(found, dict):
        raise InvalidError("body", "it is no object with fields")
    return found


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidError("body", f"it is not UTF-8: byte {error.start} cannot be read") from None


def _from_yaml(text: str) -> object:
    try:
        return constructed(composed(text))
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InvalidError("body", f"it is no YAML: {' '.join(str(error).split())[:300]}") from None


def _from_csv(text: str) -> JsonObject:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip().lower() for name in reader.fieldnames or ()]
        reader.fieldnames = header
        _check_header(header)
        margins: dict[str, Any] = {}
        counted: set[str] = set()
        for row in reader:
            if reader.line_num > MOST_ROWS + 1:
                raise InvalidError("body", f"it has more than {MOST_ROWS} lines")
            _add(margins, counted, row, f"line {reader.line_num}")
    except csv.Error as error:
        raise InvalidError(f"line {reader.line_num}", f"it is no CSV: {error}") from None
    for name in counted:
        margins[name]["shares"] = _shares(name, margins[name]["shares"])
    return margins


def _check_header(header: list[str]) -> None:
    if unknown := [name for name in header if name not in COLUMNS]:
        raise InvalidError("line 1", f"there is no column {unknown[0]!r}", COLUMNS)
    if missing := [name for name in ("dimension", "value", "source", "year") if name not in header]:
        raise InvalidError("line 1", f"the column {missing[0]!r} is missing", COLUMNS)
    if len(set(header)) != len(header) or ("share" in header) == ("count" in header):
        raise InvalidError("line 1", "every column stands once, and either share or count", COLUMNS)


def _add(margins: dict[str, Any], counted: set[str], row: dict[str, Any], line: str) -> None:
    if None in row or None in row.values():
        raise InvalidError(line, "it has more or fewer cells than the header")
    cells = {name: text.strip() for name, text in row.items()}
    if too_long := [name for name, text in cells.items() if len(text) > LONGEST]:
        raise InvalidError(f"{line}.{too_long[0]}", f"it is longer than {LONGEST} characters")
    if empty := [name for name in ("dimension", "value") if not cells[name]]:
        raise InvalidError(f"{line}.{empty[0]}", "it is empty")
    margin = margins.setdefault(cells["dimension"], {"shares": {}})
    column = "count" if "count" in cells else "share"
    try:
        number = float(cells[column])
    except ValueError:
        raise InvalidError(f"{line}.{column}", f"{cells[column]!r} is no number") from None
    if cells["value"] in margin["shares"]:
        raise InvalidError(f"{line}.value", f"{cells['value']!r} of {cells['dimension']} stands twice")
    margin["shares"][cells["value"]] = number
    if column == "count":
        counted.add(cells["dimension"])
    for name in SAID_ONCE:
        if cells.get(name):
            margin.setdefault(name, cells[name])


def _shares(name: str, counts: dict[str, float]) -> dict[str, float]:
    total = sum(counts.values())
    if not 0 < total < float("inf") or any(not 0 <= count < float("inf") for count in counts.values()):
        raise InvalidError(f"{name}.count", "counts are finite, not negative, and not all 0")
    return {value: count / total for value, count in counts.items()}
