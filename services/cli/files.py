"""Files and requests of the tools: read and checked before any platform is looked for, written when all is there."""

import csv
import sys
from collections.abc import AsyncIterator, Sequence
from io import StringIO
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import ValidationError

from libs.contracts.base import Body, JsonObject
from services.cli.exits import Exit, StopError, say

MOST_YAML_BYTES = 1_000_000
# A spreadsheet takes a text that starts like this for a formula (OWASP, "CSV injection"); full-width forms too.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
B = TypeVar("B", bound=Body)


def given(spec: JsonObject) -> JsonObject:
    """A body without what was not said."""
    return {name: value for name, value in spec.items() if value not in (None, "", [], {})}


def checked(kind: type[B], spec: JsonObject, file: Path | None = None) -> B:
    """The body as its contract has it, checked before any platform is looked for."""
    try:
        return kind.model_validate(given(spec))
    except ValidationError as error:
        where = f"{file}: " if file else ""
        faults = [f"  {where}{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise StopError(Exit.INVALID, "\n".join(["This cannot be asked:", *faults])) from None


def text_of(file: str) -> str:
    """The text of a file, or of standard input for `-`."""
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StopError(Exit.INVALID, f"{file}: {getattr(error, 'strerror', None) or error}") from None


def read_yaml(path: Path) -> object:
    """What a YAML file says."""
    try:
        content = path.read_bytes()
        if len(content) > MOST_YAML_BYTES:
            raise StopError(Exit.INVALID, f"{path}: is larger than {MOST_YAML_BYTES:,} bytes")
        return yaml.safe_load(content)
    except OSError as error:
        raise StopError(Exit.INVALID, f"{path}: {error.strerror or error}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        raise StopError(Exit.INVALID, f"{path}: is not YAML: {error}") from None


def body_of(file: Path) -> JsonObject:
    """The body of a request that a YAML file holds."""
    read = read_yaml(file)
    if not isinstance(read, dict):
        raise StopError(Exit.INVALID, f"{file}: is not the body of a request")
    return {str(name): value for name, value in read.items()}


async def write(pieces: AsyncIterator[bytes], out: Path | None) -> None:
    """Pieces to a file, which is there when all of it is, or to standard output."""
    if out is None:
        async for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    partial = out.with_name(out.name + ".part")
    with partial.open("wb") as file:
        async for piece in pieces:
            file.write(piece)
    partial.replace(out)
    say(f"Wrote {out}")


def save(file: Path, content: bytes) -> None:
    """Write a file and say so."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    say(f"Wrote {file}")


def csv_of(rows: Sequence[tuple[str, str]]) -> bytes:
    """Rows as CSV; a text that would be a formula starts with an apostrophe."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in rows:
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in row])
    return buffer.getvalue().encode()
