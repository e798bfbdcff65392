"""Responses as Parquet: columns with types, for data frames.

A column is boolean or of numbers where all its values are, of texts otherwise. Rows are written in groups, to a file
that is sent when it is finished. Needs the optional dependency `parquet`.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from libs.contracts.errors import NotAvailableError
from services.results.domain.tabular import Cell, Kind, as_text
from services.results.service.files.contents import Contents
from services.results.service.files.spool import Spool

GROUP = 1_000
"""Rows that are in memory at once."""


class ParquetRows:
    """A file with a column of one type for each column of the table; grade and caveat also in its metadata."""

    def __init__(self, contents: Contents) -> None:
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError as error:
            raise NotAvailableError("The export format parquet, without the optional dependency `parquet`,") from error
        table = contents.table
        types = {"truth": pyarrow.bool_(), "number": pyarrow.float64(), "text": pyarrow.string()}
        columns = [(name, types[kind]) for name, kind in zip(table.header, table.kinds, strict=True)]
        worth = table.evidence
        metadata = {"evidence_grade": worth.grade, "effective_n": str(worth.effective_n), "caveat": worth.caveat}
        if (people := contents.study.people) is not None:
            metadata["population"] = people.model_dump_json()
        self._kinds, self._schema = table.kinds, pyarrow.schema(columns, metadata=metadata)
        self._batch: Any = pyarrow.RecordBatch
        self._spool = Spool()
        self._writer = pyarrow.parquet.ParquetWriter(self._spool.file, self._schema, compression="zstd")
        self._waiting: list[Sequence[Cell]] = []

    def begin(self) -> bytes:
        """Nothing is sent before the file is finished."""
        return b""

    def add(self, rows: Iterable[Sequence[Cell]]) -> bytes:
        """Some rows; those of a whole group are written."""
        self._waiting += rows
        while len(self._waiting) >= GROUP:
            self._write(self._waiting[:GROUP])
            self._waiting = self._waiting[GROUP:]
        return b""

    def end(self) -> Iterator[bytes]:
        """The finished file."""
        if self._waiting:
            self._write(self._waiting)
        self._writer.close()
        yield from self._spool.portions()

    def close(self) -> None:
        """Have the file gone."""
        self._spool.close()

    def _write(self, rows: Sequence[Sequence[Cell]]) -> None:
        columns = zip(self._schema.names, self._kinds, zip(*rows, strict=True), strict=True)
        values = {name: typed(kind, column) for name, kind, column in columns}
        self._writer.write_batch(self._batch.from_pydict(values, self._schema))


def typed(kind: Kind, column: Sequence[Cell]) -> list[bool | float | str | None]:
    """The values of a column as one type; one that came since the kind was told and does not fit is left out."""
    if kind == "truth":
        return [value if isinstance(value, bool) else None for value in column]
    if kind == "number":
        return [float(v) if isinstance(v, int | float) and not isinstance(v, bool) else None for v in column]
    return [None if value is None else as_text(value) for value in column]
