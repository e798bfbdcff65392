"""People as Parquet, written row group by row group and read within limits; needs pyarrow, which is optional."""

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from libs.contracts.errors import InvalidError, NotAvailableError
from services.population.domain.records import Cell, Column, Kind, check_columns

if TYPE_CHECKING:
    import pyarrow

MAX_UNPACKED = 64 * 1024 * 1024
"""Bytes that a file may unpack to, as it says and as it turns out."""
AT_ONCE = 50
"""People unpacked at a time: a dictionary makes a small file of large values."""


class Writer:
    """Writes records; each call gives the bytes that are ready."""

    def __init__(self, columns: Sequence[Column]) -> None:
        """Raises `NotAvailableError` without pyarrow."""
        arrow = _arrow()
        from pyarrow import parquet

        types = {Kind.TEXT: arrow.string(), Kind.INTEGER: arrow.int64(), Kind.NUMBER: arrow.float64()}
        self._arrow, self._columns = arrow, columns
        self._schema = arrow.schema([(column.name, types[column.kind]) for column in columns])
        self._sink = _Sink()
        self._writer = parquet.ParquetWriter(self._sink, self._schema, compression="zstd")

    def write(self, records: Sequence[Sequence[Cell]]) -> bytes:
        """A row group."""
        values = zip(*records, strict=True)
        arrays = [self._arrow.array(cells, type=field.type) for cells, field in zip(values, self._schema, strict=True)]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))
        return self._sink.take()

    def close(self) -> bytes:
        """The end of the file."""
        self._writer.close()
        return self._sink.take()


class _Sink(io.RawIOBase):
    """Takes what is written until it is taken."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        return True

    def write(self, part: Any) -> int:
        self._parts.append(bytes(part))
        self._written += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        return self._written

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


def read(body: bytes, most: int) -> Iterator[dict[str, Cell]]:
    """The records of a file of at most so many. Raises `InvalidError` naming the column, `NotAvailableError`."""
    arrow = _arrow()
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(io.BytesIO(body))
        _check(file, most)
        unpacked = 0
        for batch in file.iter_batches(batch_size=AT_ONCE):
            unpacked += batch.nbytes
            _check_size(unpacked)
            yield from batch.to_pylist()
    except (arrow.ArrowException, OSError) as error:
        raise InvalidError("body", f"is not Parquet: {str(error)[:200]}") from None


def _check(file: Any, most: int) -> None:
    """Before anything is unpacked: columns, their types, and what the file says about its size."""
    from pyarrow import types

    if file.metadata.num_rows > most:
        raise InvalidError("body", f"has {file.metadata.num_rows} people; at most {most} can be imported at once")
    groups = (file.metadata.row_group(place) for place in range(file.metadata.num_row_groups))
    _check_size(sum(group.total_byte_size for group in groups))
    check_columns(file.schema_arrow.names)
    simple = (types.is_string, types.is_large_string, types.is_integer, types.is_floating, types.is_null)
    for field in file.schema_arrow:
        if not any(is_it(field.type) for is_it in simple):
            raise InvalidError(field.name, f"is of type {field.type}", ("string", "integer", "floating point"))


def _check_size(unpacked: int) -> None:
    if unpacked > MAX_UNPACKED:
        raise InvalidError("body", f"unpacks to more than {MAX_UNPACKED:,} bytes")


def _arrow() -> "pyarrow":
    try:
        import pyarrow
    except ImportError:
        raise NotAvailableError("Parquet without pyarrow (pip install 'rehearsal[parquet]')") from None
    return pyarrow
