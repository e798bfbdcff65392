"""Findings with the turns that they are of, and the files that are made of both."""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from services.results.domain.analysis import analyse
from services.results.domain.description import describe
from services.results.domain.evidence import evidences
from services.results.domain.export import Document
from services.results.domain.findings import Findings, State
from services.results.domain.gathered import Gathering
from services.results.domain.records import Study, Turn, in_order
from services.results.domain.rows import Outline
from services.results.domain.samples import count_heads
from services.results.service.files.contents import Contents, RowWriter
from tests.services.results import build


@dataclass(frozen=True)
class Told(Findings):
    """Findings as the service makes them, and all turns in their order."""

    turns: tuple[Turn, ...]


def findings(study: Study, turns: Sequence[Turn], state: State = "completed") -> Told:
    """What there is to say of a simulation in this state."""
    ordered, gathering = in_order(turns), Gathering()
    gathering.add(ordered)
    heads = count_heads(study, study.arms(ordered), ordered)
    is_made = state == "completed"
    description = describe(study, turns) if is_made else None
    values: dict[str, Any] = {
        "study": study,
        "state": state,
        "heads": heads,
        "evidence": description.evidence if description else evidences(study, ordered, heads, 0).overall(heads),
        "gathered": gathering.gathered(),
        "analysis": analyse(study, turns) if is_made else None,
        "description": description,
        "analysed_at": build.START if is_made else None,
        "version": "0.1.0",
    }
    return Told(**values, turns=tuple(ordered))


def file_of(make: Callable[[Contents], RowWriter], found: Told, *, at_once: int = 1_000) -> bytes:
    """The file that a writer of rows makes, from so many turns at a time."""
    outline = Outline(found.study)
    outline.add(found.turns)
    table = outline.table(found.evidence)
    with closing(make(Contents(found.study, found.state, found.analysis, table))) as writer:
        parts = [writer.begin()]
        for start in range(0, len(found.turns), at_once):
            parts.append(writer.add(table.rows(found.turns[start : start + at_once])))
        return b"".join([*parts, *writer.end()])


def to_json(found: Told, *, at_once: int = 1_000) -> bytes:
    """The JSON document, from so many turns at a time."""
    document = Document(found)
    parts = [document.begin()]
    for start in range(0, len(found.turns), at_once):
        parts.append(document.add(found.turns[start : start + at_once]))
    return b"".join([*parts, document.end()])
