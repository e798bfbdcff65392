"""Findings with the turns that they are of, and the files that are made of both."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from libs.contracts.clusters import clusters_of
from libs.contracts.evidence import Analysis
from services.results.domain import analysis, description
from services.results.domain.description import Description
from services.results.domain.evidence import evidences
from services.results.domain.export import Document
from services.results.domain.findings import Findings, State
from services.results.domain.gathered import Gathering
from services.results.domain.records import Study, Turn, in_order
from services.results.domain.replies import Replies
from services.results.domain.rows import Outline
from services.results.domain.samples import count_heads
from services.results.domain.themes import Written, choose, fields_of, read
from services.results.service.files.contents import Contents, RowWriter
from tests.services.results import build


@dataclass(frozen=True)
class Told(Findings):
    """Findings as the service makes them, and all turns in their order."""

    turns: tuple[Turn, ...]

    @property
    def clusters(self) -> dict[str, str]:
        """The cluster of each agent that heard another one."""
        return clusters_of((turn.agent_id, turn.cluster_id) for turn in self.turns)


def replies(study: Study, turns: Sequence[Turn]) -> Replies:
    """What the analysis needs of these turns."""
    return Replies.of(study.instruments, turns, study.chosen)


def written(study: Study, turns: Sequence[Turn]) -> dict[str, Written]:
    """The texts that are coded."""
    every = replies(study, turns).all
    chosen = {field: choose(field, every) for field in fields_of(study)}
    return {field: Written(read(field, one, in_order(turns)), one.of) for field, one in chosen.items()}


def analyse(study: Study, turns: Sequence[Turn], *, looks: int = 1) -> Analysis:
    """The analysis of these turns."""
    return analysis.analyse(study, replies(study, turns), looks=looks)


def describe(study: Study, turns: Sequence[Turn]) -> Description:
    """The description of these turns."""
    return description.describe(study, replies(study, turns), written(study, turns))


def findings(study: Study, turns: Sequence[Turn], state: State = "completed") -> Told:
    """What there is to say of a simulation in this state."""
    ordered, gathering = in_order(turns), Gathering()
    gathering.add(ordered)
    heads = count_heads(study, study.arms_among({turn.arm for turn in turns}), replies(study, turns).all)
    is_made = state == "completed"
    described = describe(study, turns) if is_made else None
    values: dict[str, Any] = {
        "study": study,
        "state": state,
        "heads": heads,
        "evidence": described.evidence if described else evidences(study, heads, 0).overall(heads),
        "gathered": gathering.gathered(),
        "analysis": analyse(study, turns) if is_made else None,
        "description": described,
        "analysed_at": build.START if is_made else None,
        "version": "0.1.0",
    }
    return Told(**values, turns=tuple(ordered))


def file_of(make: Callable[[Contents], RowWriter], found: Told, *, at_once: int = 1_000) -> bytes:
    """The file that a writer of rows makes, from so many turns at a time."""
    outline = Outline(found.study, found.clusters)
    outline.add(found.turns)
    table = outline.table(found.evidence)
    with closing(make(Contents(found.study, found.state, found.analysis, table))) as writer:
        parts = [writer.begin()]
        for start in range(0, len(found.turns), at_once):
            parts.append(writer.add(table.rows(found.turns[start : start + at_once])))
        return b"".join([*parts, *writer.end()])


def to_json(found: Told, *, at_once: int = 1_000) -> bytes:
    """The JSON document, from so many turns at a time."""
    document = Document(found, found.clusters)
    parts = [document.begin()]
    for start in range(0, len(found.turns), at_once):
        parts.append(document.add(found.turns[start : start + at_once]))
    return b"".join([*parts, document.end()])
