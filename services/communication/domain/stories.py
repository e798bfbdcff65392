"""A story of a simulation: a chain of parts, each with what it was asked to be."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from libs.contracts.base import JsonObject
from libs.contracts.instruments import Answer
from libs.contracts.protocol import Usage
from libs.contracts.tools import StorySpec
from services.communication.domain.history import HistoryEntry

LONGEST_ITEM = 800
MOST_PARTS = 200


@dataclass(frozen=True, slots=True)
class Part:
    """A part as it was told; `through` is the sequence number of the last item of the history it knew."""

    simulation_id: str
    story_id: str
    number: int
    text: str
    kind: Literal["narrative", "chronicle"]
    spec: StorySpec
    notes: tuple[str, ...]
    through: int
    model: str
    usage: Usage
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StoryHead:
    """A story without its parts."""

    story_id: str
    parts: int
    begun_at: datetime
    told_at: datetime


def task_of(spec: StorySpec) -> JsonObject:
    """What a model is asked to tell."""
    stated = {
        "words": spec.words,
        "requirements": spec.requirements or ("Go on in an interesting way." if spec.story_id else "Begin the story."),
        "plot_twist": spec.include_plot_twist,
        "purpose": spec.purpose,
        "context": spec.context,
    }
    return {name: value for name, value in stated.items() if value not in ("", False)}


def item_of(entry: HistoryEntry) -> JsonObject:
    """An item of the history as a model is shown it."""
    shown = {
        "round": entry.round,
        "who": entry.name,
        "what": entry.kind.value,
        "to": entry.target,
        "channel": entry.channel,
        "when": entry.simulated_at.isoformat() if entry.simulated_at else None,
        "content": _content(entry.content),
    }
    return {name: value for name, value in shown.items() if value is not None}


def _content(content: str | dict[str, Answer] | None) -> object:
    if isinstance(content, str):
        return content if len(content) <= LONGEST_ITEM else content[: LONGEST_ITEM - 1] + "…"
    return content
