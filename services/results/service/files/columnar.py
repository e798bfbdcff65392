"""Responses as Parquet and as records: columns with types, for data frames.

A column is boolean or of numbers where all its values are, of texts otherwise. Parquet needs the optional dependency
`parquet`.
"""

import json
from collections.abc import Sequence

from libs.contracts.errors import NotAvailableError
from services.results.domain.canonical import canonical
from services.results.domain.findings import Findings
from services.results.domain.rows import Table
from services.results.domain.tabular import Cell, as_text


def to_records(findings: Findings) -> bytes:
    """A JSON array with an object for each response: what `pandas.DataFrame` takes."""
    table = Table.of(findings)
    records = [dict(zip(table.header, map(canonical, row), strict=True)) for row in table.rows()]
    return json.dumps(records, ensure_ascii=False).encode() + b"\n"


def to_parquet(findings: Findings) -> bytes:
    """A file with a column of one type for each column of the table; grade and caveat also in its metadata."""
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise NotAvailableError("The export format parquet, without the optional dependency `parquet`,") from error
    table = Table.of(findings)
    columns = list(zip(*table.rows(), strict=True)) or [()] * len(table.header)
    arrays = [pyarrow.array(one_type(column)) for column in columns]
    evidence = findings.evidence
    metadata = {"evidence_grade": evidence.grade, "effective_n": str(evidence.effective_n), "caveat": evidence.caveat}
    whole = pyarrow.Table.from_arrays(arrays, names=list(table.header)).replace_schema_metadata(metadata)
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(whole, sink, compression="zstd")
    return bytes(sink.getvalue())


def one_type(column: Sequence[Cell]) -> list[bool | float | str | None]:
    """The values of a column as one type."""
    given = [value for value in column if value is not None]
    if given and all(isinstance(value, bool) for value in given):
        return [None if value is None else bool(value) for value in column]
    if given and all(isinstance(value, int | float) and not isinstance(value, bool) for value in given):
        return [float(value) if isinstance(value, int | float) else None for value in column]
    return [None if value is None else as_text(value) for value in column]
