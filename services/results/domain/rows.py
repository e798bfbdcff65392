"""Responses as one table: a row each, in every row the evidence, so that no row travels without it.

Columns: who and where, then each metric by its name (true/false, a number, an option, options joined by ` > `, nothing
where it was not reached), then what was said, `profile.*`, and the evidence. CSV, JSON lines, records, XLSX and Parquet
are this table. What it is called and what kinds its columns have is known from an `Outline` of all turns, which holds
none of them, so that rows can be made of a few turns at a time.

`cluster_id` is that of the agent in the whole simulation, not of the turn: who hears others after a survey is no longer
independent of them in the survey either. So grouped by it rows give the units of the analysis.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from libs.contracts.evidence import Evidence
from libs.contracts.instruments import Answer
from services.results.domain.records import Study, Turn
from services.results.domain.tabular import Cell, Kind, kind_of

AGENT = ("agent_id", "name", "segment")
TURN = ("arm", "timeline_id", "round", "step_id", "status", "failure")
BEFORE = (*AGENT, "cluster_id", *TURN)
AFTER = ("response", "reasoning", "confidence", "sentiment")
EVIDENCE = ("model", "simulated", "evidence_grade", "effective_n", "caveat")


class Outline:
    """Which attributes turns have, and of which kinds the values of every column are."""

    def __init__(self, study: Study, clusters: Mapping[str, str]) -> None:
        """`clusters`: that of each agent that heard another one."""
        self._clusters = clusters
        self._metrics = tuple(instrument.name for instrument in study.instruments)
        self._kinds: dict[str, set[Kind]] = defaultdict(set)
        self._attributes: set[str] = set()

    def add(self, turns: Iterable[Turn]) -> None:
        """Take some turns in."""
        for turn in turns:
            self._attributes.update(turn.demographic_profile)
            attributes = tuple(turn.demographic_profile)
            names = (*BEFORE, *map(_column, self._metrics), *AFTER, *map(_profile, attributes), "model")
            cells = (*_row(turn, self._clusters, self._metrics, attributes), turn.model)
            for name, cell in zip(names, cells, strict=True):
                if cell is not None:
                    self._kinds[name].add(kind_of(cell))

    def table(self, evidence: Evidence) -> "Table":
        """The table of all turns that were taken in."""
        attributes = tuple(sorted(self._attributes))
        header = (*BEFORE, *map(_column, self._metrics), *AFTER, *map(_profile, attributes), *EVIDENCE)
        fixed: dict[str, set[Kind]] = {"simulated": {"truth"}, "effective_n": {"number"}}
        found = {**self._kinds, **fixed}
        kinds: list[Kind] = []
        for name in header:
            own = found.get(name, set())
            kinds.append(next(iter(own)) if len(own) == 1 else "text")
        return Table(header, tuple(kinds), evidence, self._clusters, self._metrics, attributes)


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, the kind of each column, and the rows of any turns."""

    header: tuple[str, ...]
    kinds: tuple[Kind, ...]
    evidence: Evidence
    clusters: Mapping[str, str]
    metrics: tuple[str, ...]
    attributes: tuple[str, ...]

    def rows(self, turns: Iterable[Turn]) -> Iterator[list[Cell]]:
        """Their rows, in their order."""
        stamp: list[Cell] = [True, self.evidence.grade, self.evidence.effective_n, self.evidence.caveat]
        for turn in turns:
            yield [*_row(turn, self.clusters, self.metrics, self.attributes), turn.model, *stamp]


def _row(turn: Turn, clusters: Mapping[str, str], metrics: Sequence[str], attributes: Sequence[str]) -> list[Cell]:
    agent, met = ([getattr(turn, name) for name in names] for names in (AGENT, TURN))
    before: list[Cell] = [*agent, clusters.get(turn.agent_id), *met]
    answers = [_answer(turn.answers.get(metric)) for metric in metrics]
    after: list[Cell] = [getattr(turn, name) for name in AFTER]
    return [*before, *answers, *after, *(turn.demographic_profile.get(key) for key in attributes)]


def _profile(attribute: str) -> str:
    return f"profile.{attribute}"


def _column(metric: str) -> str:
    """The metric's own name, unless there is such a column already."""
    is_taken = metric in {*BEFORE, *AFTER, *EVIDENCE} or metric.startswith(("profile.", "metric."))
    return f"metric.{metric}" if is_taken else metric


def _answer(answer: Answer) -> Cell:
    return " > ".join(answer) if isinstance(answer, list | tuple) else answer
