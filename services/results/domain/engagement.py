"""How much an agent engaged in a turn.

The mean of what can be told of these, each from 0 to 1: that the turn was answered (1), how far its funnel went (share
of the yes/no metrics answered that were true), how strongly the agent felt (|sentiment|), how sure it was (confidence),
and how much it said (words / 40, 1 at most). A failed turn is 0. It is a description on a scale of our own: it compares
turns of one simulation and nothing else.
"""

from services.results.domain.records import Turn

ENGAGED_WORDS = 40


def engagement(turn: Turn) -> float:
    """From 0 to 1."""
    if not turn.is_answered:
        return 0.0
    parts = [1.0]
    asked = [answer for answer in turn.answers.values() if isinstance(answer, bool)]
    if asked:
        parts.append(sum(asked) / len(asked))
    if turn.sentiment is not None:
        parts.append(abs(turn.sentiment))
    if turn.confidence is not None:
        parts.append(turn.confidence)
    if turn.response is not None:
        parts.append(min(1.0, len(turn.response.split()) / ENGAGED_WORDS))
    return sum(parts) / len(parts)
