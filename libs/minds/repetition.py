"""Actions that repeat the one before: TinyTroupe stops an agent there, and so do we.

TinyTroupe compares bags of letters, in which two long texts about anything are alike; here it is bags of words. What
is repeated is left out, which comes to the same as its DONE. Tools are no subject of it: doing two like things with
one is ordinary.
"""

import re
from collections import Counter
from dataclasses import replace

from libs.minds.schema import ACTION_TYPES
from libs.minds.turn import Action, Turn

TOO_SIMILAR = 0.85
_WORD = re.compile(r"\w+")


def without_repeats(turn: Turn) -> Turn:
    """The turn without actions that say again what the last one of their type, to the same target, has said."""
    kept: list[Action] = []
    last: dict[tuple[str, str], Action] = {}
    for action in turn.actions:
        key = (action.type, action.target.casefold())
        before = last.get(key)
        if before is None or action.type not in ACTION_TYPES or likeness(before.content, action.content) <= TOO_SIMILAR:
            kept.append(action)
            last[key] = action
    return turn if len(kept) == len(turn.actions) else replace(turn, actions=tuple(kept))


def likeness(one: str, other: str) -> float:
    """Jaccard similarity of the words as multisets, in [0, 1]; of texts without words only equal ones are alike."""
    first, second = (Counter(_WORD.findall(text.casefold())) for text in (one, other))
    union = (first | second).total()
    return (first & second).total() / union if union else float(one == other)
