"""What others hear of a turn: the talk of an agent, carried to each hearer, and the relations it made."""

from collections.abc import Mapping
from typing import NamedTuple

from libs.contracts.protocol import Conversation
from libs.minds.relationships import Members, Pair, Relations, hearers, reach_out
from libs.minds.tools import Used
from libs.minds.turn import Turn

SOCIAL = "social"
TALK = "talk"
TOOL = "tool"


class Utterance(NamedTuple):
    """Something one agent hears. `action` is the place in the turn of whoever said it."""

    hearer_id: str
    action: int
    speaker_id: str
    speaker: str
    target: str
    kind: str
    text: str


class Said(NamedTuple):
    """All that came of a turn for others: who heard each action, by its place, and new relations."""

    utterances: tuple[Utterance, ...]
    relations: frozenset[Pair]

    def heard_by(self, action: int) -> tuple[str, ...]:
        """Ids of those who heard an action."""
        return tuple(item.hearer_id for item in self.utterances if item.action == action and item.kind == TALK)


NOTHING_SAID = Said((), frozenset())


def said_in(speaker_id: str, turn: Turn, members: Members, relations: Relations, rules: Conversation) -> Said:
    """Carry the talk of a turn to those who hear it. A relation made by reaching out counts from then on."""
    speaker = members.names[speaker_id]
    utterances: list[Utterance] = []
    made = relations
    for place, action in enumerate(turn.actions):
        if action.type == "TALK" and action.content:
            heard_by = hearers(
                speaker_id,
                action.target,
                members,
                made,
                broadcast_if_no_target=rules.broadcast_if_no_target,
                network=rules.network,
            )
            target = _named(members, action.target)
            utterances += [
                Utterance(hearer, place, speaker_id, speaker, target, TALK, action.content) for hearer in heard_by
            ]
        elif action.type == "REACH_OUT":
            reached = reach_out(speaker_id, action.target, members, made, network=rules.network)
            made = reached.relations
            utterances += [
                Utterance(notice.agent_id, place, speaker_id, speaker, "", SOCIAL, notice.text)
                for notice in reached.notices
            ]
    return Said(tuple(utterances), frozenset(made - relations))


def message_said(speaker_id: str, hearer_id: str, names: Mapping[str, str], content: str) -> Utterance:
    """A message of one agent to another, as the one who sent it remembers it; the other is shown it as a stimulus."""
    return Utterance(speaker_id, -1, speaker_id, names[speaker_id], names[hearer_id], TALK, content)


def tool_said(agent_id: str, used: Used) -> Utterance:
    """What a tool answers whoever used it."""
    return Utterance(agent_id, used.action, used.tool, used.tool, "", TOOL, used.feedback)


def _named(members: Members, target: str) -> str:
    found = members.find(target)
    return "" if found is None else members.names[found]
