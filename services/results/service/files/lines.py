"""Responses as CSV, as JSON lines and as records: each row is written when it comes, and nothing is kept."""

import json
from collections.abc import Iterable, Iterator, Sequence

from services.results.domain.canonical import canonical
from services.results.domain.tabular import Cell, csv_of
from services.results.service.files.contents import Contents

Rows = Iterable[Sequence[Cell]]


class CsvRows:
    """RFC 4180 in UTF-8. Texts that would be formulas start with an apostrophe; numbers are plain numbers."""

    def __init__(self, contents: Contents) -> None:
        self._header = contents.table.header

    def begin(self) -> bytes:
        """The heading."""
        return csv_of([self._header])

    def add(self, rows: Rows) -> bytes:
        """Some rows."""
        return csv_of(rows)

    def end(self) -> Iterator[bytes]:
        """Nothing more."""
        return iter(())

    def close(self) -> None:
        """Nothing is held."""


class JsonLines:
    """One JSON object a line."""

    def __init__(self, contents: Contents) -> None:
        self._header = contents.table.header

    def begin(self) -> bytes:
        """Nothing comes before the first row."""
        return b""

    def add(self, rows: Rows) -> bytes:
        """Some rows."""
        return b"".join(self._object(row) + b"\n" for row in rows)

    def end(self) -> Iterator[bytes]:
        """Nothing more."""
        return iter(())

    def close(self) -> None:
        """Nothing is held."""

    def _object(self, row: Sequence[Cell]) -> bytes:
        record = dict(zip(self._header, map(canonical, row), strict=True))
        return json.dumps(record, ensure_ascii=False).encode()


class Records(JsonLines):
    """The same objects as one array: what `pandas.DataFrame` takes."""

    def __init__(self, contents: Contents) -> None:
        super().__init__(contents)
        self._separator = b""

    def begin(self) -> bytes:
        """The array begins."""
        return b"["

    def add(self, rows: Rows) -> bytes:
        """Some rows."""
        parts = []
        for row in rows:
            parts += [self._separator, self._object(row)]
            self._separator = b", "
        return b"".join(parts)

    def end(self) -> Iterator[bytes]:
        """The array ends."""
        yield b"]\n"
