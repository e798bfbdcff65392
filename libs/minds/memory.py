"""What an agent remembers of a turn, and how much of it a prompt shows. Episodes are plain JSON, oldest first."""

from collections.abc import Sequence

from libs.contracts.base import JsonObject
from libs.contracts.protocol import Stimulus
from libs.minds.blocks import canonical
from libs.minds.text import plain
from libs.minds.turn import Turn

MAX_REMEMBERED = 400
MAX_MEMORY = 1_600


def episode(round_number: int, stimulus: Stimulus | None, turn: Turn) -> JsonObject:
    """What was met, thought, said, answered and felt in one turn; long texts are remembered by their beginning."""
    met = None if stimulus is None else {**stimulus.model_dump(), "content": plain(stimulus.content, MAX_REMEMBERED)}
    return {
        "round": round_number,
        "stimulus": met,
        "thought": plain(turn.reasoning, MAX_REMEMBERED),
        "said": plain(turn.response, MAX_REMEMBERED),
        "answers": turn.answers,
        "goals": turn.mental_state.goals,
        "emotions": turn.mental_state.emotions,
        "sentiment": turn.sentiment,
    }


def recent(episodes: Sequence[JsonObject], longest: int = MAX_MEMORY) -> list[JsonObject]:
    """The newest episodes that fit into `longest` characters of JSON, oldest first; the newest one always."""
    kept: list[JsonObject] = []
    length = 0
    for item in reversed(episodes):
        length += len(canonical(item))
        if kept and length > longest:
            break
        kept.append(item)
    return kept[::-1]
