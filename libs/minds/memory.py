"""What an agent remembers of a turn, and how much of it a prompt shows. Episodes are plain JSON, oldest first."""

from collections.abc import Sequence

from libs.contracts.base import JsonObject
from libs.contracts.protocol import Stimulus
from libs.minds.blocks import canonical
from libs.minds.text import plain
from libs.minds.turn import Turn

MAX_REMEMBERED = 200
MAX_MEMORY = 800
LASTING = ("round", "answers", "sentiment")


def episode(round_number: int, stimulus: Stimulus | None, turn: Turn) -> JsonObject:
    """What was met, thought, said, answered and felt in one turn; long texts are remembered by their beginning."""
    met = stimulus and {**stimulus.model_dump(), "content": plain(stimulus.content, MAX_REMEMBERED)}
    remembered: JsonObject = {
        "round": round_number,
        "stimulus": met,
        "thought": plain(turn.reasoning, MAX_REMEMBERED),
        "said": plain(turn.response, MAX_REMEMBERED),
        "answers": turn.answers,
        "goals": turn.mental_state.goals,
        "emotions": turn.mental_state.emotions,
        "sentiment": turn.sentiment,
    }
    return {name: value for name, value in remembered.items() if value not in (None, "", {})}


def recent(episodes: Sequence[JsonObject], longest: int = MAX_MEMORY) -> list[JsonObject]:
    """The newest episodes that fit into `longest` characters of JSON, oldest first; the newest one always.

    The further back, the less is remembered: where an episode does not fit whole, what lasts of it is kept.
    """
    kept: list[JsonObject] = []
    left = longest
    for whole in reversed(episodes):
        lasting = {name: whole[name] for name in LASTING if name in whole}
        fitting = (item for item in (whole, lasting) if len(canonical(item)) <= left)
        item = next(fitting, None if kept else whole)
        if item is None:
            break
        kept.append(item)
        left -= len(canonical(item))
    return kept[::-1]
