"""A transcript: who said what in a conversation, group by group and in the order in which they heard it, as Markdown.

What was said is text of others: none of it becomes markup. Thoughts and answers to metrics were not said.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from libs.contracts.protocol import StimulusKind
from services.communication.domain.history import HistoryKind

NOTICE = "Simulated respondents: everything here was said by a model, none of it by a person."
SPECIAL = re.compile(r"[\\`*{}\[\]<>#|~&!]|(?<!\w)_|_(?!\w)")
HEARD = frozenset({HistoryKind.STIMULUS, HistoryKind.TALK, HistoryKind.FAILURE})
PUT = "Put to them"


@dataclass(frozen=True, slots=True)
class Utterance:
    """An item of a conversation; those that nobody else heard only tell who had their turn."""

    kind: HistoryKind
    step_id: str
    round: int
    agent_id: str
    name: str
    content: str
    target: str | None
    source: str | None
    """Who put it to them; None where it is no stimulus, or nobody in particular."""
    is_guide: bool = False
    """Whether it was put to the one who asks alone, as a goal."""


def beginning(simulation_id: str) -> str:
    """What stands before the first group."""
    return f"# Transcript of {plain(simulation_id)}\n\n> {NOTICE}\n"


def by_group(items: Iterable[Utterance], members: Mapping[str, Sequence[str]]) -> dict[str, list[Utterance]]:
    """What belongs to each group, in their order. `items` are those of one conversation, in the order of its moments.

    Who is in several groups asks one after the other: what they say belongs to whoever has the next turn. Talk that has
    no groups is one, without a name.
    """
    groups = sorted(members, key=lambda name: (len(name), name))
    of: dict[str, list[str]] = {}
    for group in groups:
        for agent_id in members[group]:
            of.setdefault(agent_id, []).append(group)
    found: dict[str, list[Utterance]] = {group: [] for group in groups}
    waiting: list[Utterance] = []
    for one in items:
        waiting.append(one)
        if len(of.get(one.agent_id, ())) < 2:
            found.setdefault(of.get(one.agent_id, [""])[0], []).extend(waiting)
            waiting = []
    found.setdefault(next(reversed(found), ""), []).extend(waiting)
    return {group: said for group, said in found.items() if said}


def transcript(title: str, said: Iterable[Utterance]) -> Iterator[str]:
    """One group. What was put to all of them stands there once."""
    yield f"\n## {plain(title)}\n"
    rounds: dict[int, int] = {}
    put: set[tuple[str, str]] = set()
    for one in said:
        if one.kind not in HEARD:
            continue
        if one.round not in rounds:
            rounds[one.round] = len(rounds) + 1
            yield f"\n### Round {rounds[one.round]}\n"
        if one.kind is HistoryKind.STIMULUS:
            if (one.step_id, one.content) in put:
                continue
            put.add((one.step_id, one.content))
        yield f"\n{_line(one)}\n"


def _line(one: Utterance) -> str:
    who = f"**{plain(one.name)}** ({plain(one.agent_id)})"
    if one.kind is HistoryKind.FAILURE:
        return f"{who} gave no answer: {plain(one.content)}"
    if one.kind is HistoryKind.TALK:
        return f"{who}{f' to {plain(one.target)}' if one.target else ''}: {plain(one.content)}"
    if one.is_guide:
        return f"*For {plain(one.name)} alone:* {plain(one.content)}"
    return f"**{plain(one.source or PUT)}**: {plain(one.content)}"


def plain(text: str) -> str:
    """A text on one line that is no markup; something stands before it on its line."""
    return SPECIAL.sub(r"\\\g<0>", " ".join(text.split()))


def is_goal(kind: str | None) -> bool:
    """Whether a stimulus of this kind is a goal of who meets it."""
    return kind == StimulusKind.GOAL.value
