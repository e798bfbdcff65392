"""The history of a simulation: one item for each thing an agent met, did or answered."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from libs.contracts.instruments import Answer
from libs.contracts.protocol import Stimulus
from libs.minds.tools import Used
from libs.minds.turn import Action
from services.communication.domain.turns import TurnRecord

Content = str | dict[str, Answer] | None


class HistoryKind(StrEnum):
    """What an item is about."""

    STIMULUS = "stimulus"
    THINK = "think"
    TALK = "talk"
    REACH_OUT = "reach_out"
    RECALL = "recall"
    TOOL = "tool"
    ANSWER = "answer"
    FAILURE = "failure"


class HistoryItem(NamedTuple):
    """One item. A stimulus has no content here: it is stored once for its step and arm."""

    kind: HistoryKind
    content: Content
    channel: str | None = None
    target: str | None = None
    heard_by: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """An item as it was recorded. `sequence` grows in the order of recording."""

    id: str
    sequence: int
    timeline_id: str
    agent_id: str
    name: str
    arm: str
    round: int
    step_id: str
    kind: HistoryKind
    content: Content
    channel: str | None
    conversation_id: str | None
    target: str | None
    heard_by: tuple[str, ...] | None
    simulated_at: datetime | None
    at: datetime
    cluster_id: str


def items_of(record: TurnRecord, stimulus: Stimulus | None) -> Iterator[HistoryItem]:
    """The items of one turn, in the order in which they happened; who skipped a step met nothing."""
    finished = record.finished
    if stimulus is not None and finished.untaken != "skipped":
        yield HistoryItem(HistoryKind.STIMULUS, None, stimulus.channel)
    if finished.failure is not None:
        yield HistoryItem(HistoryKind.FAILURE, finished.failure)
    if finished.turn is None:
        return
    uses = {used.action: used for used in record.uses}
    for place, action in enumerate(finished.turn.actions):
        if place in uses:
            yield HistoryItem(HistoryKind.TOOL, _use(action, uses[place]), target=action.target or None)
        elif action.type != "DONE" and (action.content or action.type == "REACH_OUT"):
            heard_by = record.said.heard_by(place) if action.type == "TALK" else None
            kind = HistoryKind(action.type.lower())
            yield HistoryItem(kind, action.content, target=action.target or None, heard_by=heard_by or None)
    if finished.turn.answers:
        yield HistoryItem(HistoryKind.ANSWER, finished.turn.answers)


def _use(action: Action, used: Used) -> dict[str, Answer]:
    """What is shown of the use of a tool; what was made with it has its own resource."""
    return {
        "action": action.type,
        "tool": used.tool,
        "feedback": used.feedback,
        "artefacts": tuple(artefact.artefact_id for artefact in used.artefacts),
    }
