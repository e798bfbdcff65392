"""What an agent remembers, and how much of it a prompt shows.

Episodes are plain JSON, oldest first: one for each turn, with what was met, heard, thought, said, answered and felt.
The first few and the last ones stay episodes; what leaves this window lasts as recollections (`libs.minds.semantic`).
Nothing here calls a model, and the same episodes give the same memory, however often they were consolidated on the way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

from libs.contracts.base import JsonObject
from libs.contracts.protocol import Stimulus
from libs.minds.blocks import canonical
from libs.minds.retrieval import Vector, relevant
from libs.minds.semantic import Recollection, merged, recollections
from libs.minds.text import plain
from libs.minds.turn import Turn

MAX_REMEMBERED = 200
MAX_MEMORY, MAX_CONVERSATION = 800, 4_000
"""Characters of episodes in a prompt; more where others were heard, whose words are part of what happened."""
MAX_KNOWN, MAX_RECALLED = 400, 600
MAX_HEARD, MAX_UTTERANCE = 6_000, 600
MAX_STATE = 120
FIRST_EPISODES, LAST_EPISODES = 2, 10
LASTING = ("round", "answers", "sentiment")
STATE = ("goals", "attention", "emotions")
UNSEEN = (*STATE, "recall")
"""Fields of an episode that the next prompt has elsewhere."""

Heard = TypedDict("Heard", {"from": str, "to": str, "text": str, "kind": str, "round": int})
"""What somebody said since the agent's last turn; `to` is "" when it was said to everybody."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What an agent has in mind at the beginning of a turn: the `memory` block, and the `heard` block beside it."""

    episodes: Sequence[JsonObject] = ()
    semantic: Sequence[Recollection] = ()
    recalled: Sequence[Recollection] = ()
    state: Mapping[str, str] | None = None
    heard: Sequence[Heard] = ()

    def block(self) -> JsonObject:
        """The value of the `memory` block; empty when nothing is remembered."""
        parts: JsonObject = {
            "episodes": [{name: whole[name] for name in whole if name not in UNSEEN} for whole in self.episodes],
            "known": [_shown(memory) for memory in self.semantic],
            "recalled": [_shown(memory) for memory in self.recalled],
            "state": dict(self.state or {}),
        }
        return {name: part for name, part in parts.items() if part}


NO_MEMORY = Memory()


def episode(
    round_number: int, stimulus: Stimulus | None, turn: Turn | None, heard: Sequence[Heard] = (), at: str | None = None
) -> JsonObject:
    """What was met, heard, thought, said, answered and felt in one turn; long texts are remembered by their beginning.

    `at` dates it within the simulated time, where there is one. Without a turn it was only taken in.
    """
    met = stimulus and stimulus.model_dump(mode="json", exclude_none=True)
    if met:
        met["content"] = plain(met["content"], MAX_REMEMBERED)
    remembered: JsonObject = {
        "round": round_number,
        "at": at,
        "stimulus": met,
        "heard": [{**item, "text": plain(item["text"], MAX_REMEMBERED)} for item in newest(heard)],
        **({} if turn is None else _done(turn)),
    }
    return {name: value for name, value in remembered.items() if value not in (None, "", {}, [])}


def _done(turn: Turn) -> JsonObject:
    return {
        "thought": plain(turn.reasoning, MAX_REMEMBERED),
        "said": plain(turn.response, MAX_REMEMBERED),
        "answers": turn.answers,
        "goals": turn.mental_state.goals,
        "attention": turn.mental_state.attention,
        "emotions": turn.mental_state.emotions,
        "sentiment": turn.sentiment,
        "recall": [plain(what, MAX_REMEMBERED) for what in turn.contents("RECALL")],
    }


def consolidate(
    episodes: Sequence[JsonObject], semantic: Sequence[Recollection]
) -> tuple[list[JsonObject], list[Recollection]]:
    """The first and the last episodes, and the recollections with those of the episodes in between.

    In one go or after every turn, the outcome is the same.
    """
    known = list(semantic)
    leaving = episodes[FIRST_EPISODES : max(FIRST_EPISODES, len(episodes) - LAST_EPISODES)]
    for one in leaving:
        known = merged(known, recollections(one))
    kept = [*episodes[:FIRST_EPISODES], *episodes[FIRST_EPISODES + len(leaving) :]]
    return kept, known


def wanted(episodes: Sequence[JsonObject], semantic: Sequence[Recollection], query: str) -> tuple[str, ...]:
    """The texts whose embeddings make `remember` search by meaning; none when there is nothing to search."""
    asked = _asked(episodes)
    if not (asked or (query and semantic)):
        return ()
    memories = _everything(episodes, semantic) if asked else semantic
    texts = dict.fromkeys([query, *asked, *(memory["text"] for memory in memories)])
    return tuple(text for text in texts if text)


def remember(
    episodes: Sequence[JsonObject],
    semantic: Sequence[Recollection] = (),
    *,
    query: str = "",
    heard: Sequence[Heard] = (),
    embeddings: Mapping[str, Vector] | None = None,
) -> Memory:
    """What an agent has in mind for its next turn, of consolidated episodes and recollections.

    `query` is what the turn is about. What the last turn asked for by RECALL is looked up in everything remembered.
    """
    is_talking = bool(heard) or any("heard" in one for one in episodes)
    longest = MAX_CONVERSATION if is_talking else MAX_MEMORY
    recalled: dict[str, Recollection] = {}
    asked_for = _asked(episodes)
    everything = _everything(episodes, semantic) if asked_for else []
    for asked in asked_for:
        for memory in relevant(asked, everything, embeddings, only_matching=True):
            recalled.setdefault(memory["text"], memory)
    known = [memory for memory in relevant(query, semantic, embeddings) if memory["text"] not in recalled]
    return Memory(
        episodes=window(episodes, longest),
        semantic=_fitting(known, MAX_KNOWN),
        recalled=_fitting(list(recalled.values()), MAX_RECALLED),
        state=_state(episodes),
        heard=newest(heard),
    )


def window(episodes: Sequence[JsonObject], longest: int = MAX_MEMORY) -> list[JsonObject]:
    """The episodes that fit into `longest` characters of JSON, oldest first; something of the newest one always.

    What fits whole is shown whole. Else the first ones give way to what lasts of them, and the further back the less is
    remembered of the others.
    """
    if sum(len(canonical(whole)) for whole in episodes) <= longest:
        return list(episodes)
    newest_place = len(episodes) - 1
    first = range(min(FIRST_EPISODES, newest_place))
    kept: dict[int, JsonObject] = {}
    left = longest
    for place in (newest_place, *first, *range(newest_place - 1, len(first) - 1, -1)):
        forms = _forms(episodes[place])
        fitting = (form for form in (forms[2:] if place in first else forms) if len(canonical(form)) <= left)
        form = next(fitting, None if kept else forms[1])
        if form is None:
            break
        kept[place] = form
        left -= len(canonical(form))
    return [kept[place] for place in sorted(kept)]


def newest(heard: Sequence[Heard], longest: int = MAX_HEARD) -> list[Heard]:
    """The newest of what was said that fits into `longest` characters of JSON, oldest first; one always."""
    kept: list[Heard] = []
    for said in reversed(heard):
        item: Heard = {**said, "text": plain(said["text"], MAX_UTTERANCE)}
        longest -= len(canonical(item))
        if longest < 0 and kept:
            break
        kept.append(item)
    return kept[::-1]


def _forms(whole: JsonObject) -> tuple[JsonObject, JsonObject, JsonObject]:
    """An episode whole, without what others said, and what lasts of it."""
    own = {name: whole[name] for name in whole if name != "heard"}
    return whole, own, {name: whole[name] for name in LASTING if name in whole}


def _state(episodes: Sequence[JsonObject]) -> dict[str, str] | None:
    """The mental state at the end of the last turn."""
    last = episodes[-1] if episodes else {}
    return {name: plain(last[name], MAX_STATE) for name in STATE if name in last} or None


def _asked(episodes: Sequence[JsonObject]) -> list[str]:
    """What the last turn wanted to recall."""
    return list(episodes[-1].get("recall", ())) if episodes else []


def _everything(episodes: Sequence[JsonObject], semantic: Sequence[Recollection]) -> list[Recollection]:
    found = list(semantic)
    for one in episodes:
        found = merged(found, recollections(one))
    return found


def _fitting(memories: Sequence[Recollection], longest: int) -> list[Recollection]:
    """The best that fit, in the order of their dates."""
    kept: list[Recollection] = []
    for memory in memories:
        longest -= len(canonical(_shown(memory)))
        if longest < 0:
            break
        kept.append(memory)
    return sorted(kept, key=lambda memory: memory["last"])


def _shown(memory: Recollection) -> JsonObject:
    return {"kind": memory["kind"], "round": memory["last"], "text": memory["text"]}
