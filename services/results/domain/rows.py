"""Responses as one table: a row each, in every row the evidence, so that no row travels without it.

Columns: who and where, then each metric by its name (true/false, a number, an option, options joined by ` > `, nothing
where it was not reached), then what was said, `profile.*`, and the evidence. CSV, records, XLSX and Parquet are this
table.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from libs.contracts.instruments import Answer
from services.results.domain.findings import Findings
from services.results.domain.records import Turn
from services.results.domain.tabular import Cell

BEFORE = ("agent_id", "name", "segment", "arm", "timeline_id", "round", "step_id", "status", "failure")
AFTER = ("response", "reasoning", "confidence", "sentiment")
EVIDENCE = ("model", "simulated", "evidence_grade", "effective_n", "caveat")


@dataclass(frozen=True, slots=True)
class Table:
    """A heading and a row for each response."""

    header: tuple[str, ...]
    findings: Findings
    metrics: tuple[str, ...]
    attributes: tuple[str, ...]

    @classmethod
    def of(cls, findings: Findings) -> "Table":
        """The table of a simulation's responses."""
        metrics = tuple(instrument.name for instrument in findings.study.instruments)
        attributes = tuple(sorted({key for turn in findings.turns for key in turn.demographic_profile}))
        profile = (f"profile.{key}" for key in attributes)
        header = (*BEFORE, *map(_column, metrics), *AFTER, *profile, *EVIDENCE)
        return cls(header, findings, metrics, attributes)

    def rows(self) -> Iterator[list[Cell]]:
        """The rows in canonical order."""
        evidence = self.findings.evidence
        stamp: list[Cell] = [True, evidence.grade, evidence.effective_n, evidence.caveat]
        for turn in self.findings.turns:
            yield [*_row(turn, self.metrics, self.attributes), turn.model, *stamp]


def _row(turn: Turn, metrics: Sequence[str], attributes: Sequence[str]) -> list[Cell]:
    before: list[Cell] = [getattr(turn, name) for name in BEFORE]
    answers = [_answer(turn.answers.get(metric)) for metric in metrics]
    after: list[Cell] = [getattr(turn, name) for name in AFTER]
    return [*before, *answers, *after, *(turn.demographic_profile.get(key) for key in attributes)]


def _column(metric: str) -> str:
    """The metric's own name, unless there is such a column already."""
    is_taken = metric in {*BEFORE, *AFTER, *EVIDENCE} or metric.startswith(("profile.", "metric."))
    return f"metric.{metric}" if is_taken else metric


def _answer(answer: Answer) -> Cell:
    return " > ".join(answer) if isinstance(answer, list | tuple) else answer
