"""What a file of rows is made from, and how it is written: a beginning, rows a few at a time, an end."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from libs.contracts.evidence import Analysis
from services.results.domain.findings import State
from services.results.domain.records import Study
from services.results.domain.rows import Table
from services.results.domain.tabular import Cell


@dataclass(frozen=True, slots=True)
class Contents:
    """A simulation without its responses; the evidence of all of it stands in the table."""

    study: Study
    state: State
    analysis: Analysis | None
    table: Table


class RowWriter(Protocol):
    """Writes a file; what is finished of it can be sent at once."""

    def begin(self) -> bytes:
        """What comes before the first row."""

    def add(self, rows: Iterable[Sequence[Cell]]) -> bytes:
        """Some rows."""

    def end(self) -> Iterator[bytes]:
        """What comes after the last row."""

    def close(self) -> None:
        """Let go of what it holds, finished or not."""
