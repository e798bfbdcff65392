"""What lasts of an episode when it is no longer remembered as such: facts, opinions, commitments and feelings.

Extractive: a recollection is a sentence that was met, heard, said or thought, or an answer that was given, never a
summary, so no model is called and nothing is made up. Commitments are found by English words; in another language what
is said is an opinion.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Literal, TypedDict

from libs.contracts.base import JsonObject
from libs.minds.text import plain

RecollectionKind = Literal["fact", "opinion", "commitment", "feeling"]
MAX_RECOLLECTIONS = 200
LONGEST = 160
MOST_HEARD, MOST_SENTENCES = 6, 3
FADING = 0.95
"""What is left of the weight of a recollection after one round, when there are too many."""
_COMMITMENT = re.compile(
    r"\b(i|we)(['’]ll| will| won['’]t| shall| am going to|['’]m going to| are going to| plan to| intend to| promise"
    r"| have decided| decided to| want to| am about to)\b|\b(let['’]s|count me in|never again)\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?…。！？])\s+|\n+")


class Recollection(TypedDict):
    """A dated memory; `since` and `last` are the rounds in which it was first and last so."""

    kind: RecollectionKind
    text: str
    since: int
    last: int
    times: int
    salience: float


def recollections(episode: JsonObject) -> list[Recollection]:
    """What lasts of one episode."""
    round_number = int(episode.get("round", 0))
    found = [*_met(episode), *_heard(episode), *_answered(episode), *_expressed(episode), *_felt(episode)]
    return [
        Recollection(kind=kind, text=text, since=round_number, last=round_number, times=1, salience=round(salience, 3))
        for kind, text, salience in found
        if text
    ]


def merged(known: Iterable[Recollection], new: Iterable[Recollection]) -> list[Recollection]:
    """Known recollections with new ones; the same again is one that happened more often. At most 200 are kept."""
    by_text = {(memory["kind"], memory["text"].casefold()): memory for memory in known}
    for memory in new:
        key = (memory["kind"], memory["text"].casefold())
        if (before := by_text.pop(key, None)) is not None:
            memory = Recollection(
                kind=memory["kind"],
                text=memory["text"],
                since=before["since"],
                last=memory["last"],
                times=before["times"] + memory["times"],
                salience=max(before["salience"], memory["salience"]),
            )
        by_text[key] = memory
    kept = list(by_text.values())
    if len(kept) <= MAX_RECOLLECTIONS:
        return kept
    now = max(memory["last"] for memory in kept)
    weights = [memory["salience"] * FADING ** (now - memory["last"]) for memory in kept]
    best = sorted(range(len(kept)), key=lambda place: (-weights[place], -place))[:MAX_RECOLLECTIONS]
    return [kept[place] for place in sorted(best)]


_Found = Iterator[tuple[RecollectionKind, str, float]]


def _met(episode: JsonObject) -> _Found:
    stimulus = episode.get("stimulus")
    if not isinstance(stimulus, dict):
        return
    kind: RecollectionKind = "commitment" if stimulus.get("kind") == "goal" else "fact"
    way = stimulus.get("source") or stimulus.get("channel")
    content = plain(stimulus.get("content"), LONGEST)
    yield kind, f"{way}: {content}" if way and content else content, 0.8 if kind == "commitment" else 0.4


def _heard(episode: JsonObject) -> _Found:
    heard = episode.get("heard")
    for item in heard[-MOST_HEARD:] if isinstance(heard, list) else ():
        text = f"{item.get('from')}: {item.get('text')}" if item.get("from") else item.get("text")
        yield "fact", plain(text, LONGEST), 0.5 if item.get("to") else 0.4


def _answered(episode: JsonObject) -> _Found:
    answers = episode.get("answers")
    for name, answer in answers.items() if isinstance(answers, dict) else ():
        if answer is not None:
            yield "opinion", plain(f"{name}: {_shown(answer)}", LONGEST), 0.6


def _expressed(episode: JsonObject) -> _Found:
    """What was said and thought, sentence by sentence; what was said weighs more."""
    for field, salience in (("said", 0.5), ("thought", 0.4)):
        for sentence in _SENTENCE.split(plain(episode.get(field), 10 * LONGEST))[:MOST_SENTENCES]:
            is_commitment = _COMMITMENT.search(sentence) is not None
            yield (
                ("commitment", plain(sentence, LONGEST), 0.9)
                if is_commitment
                else (
                    "opinion",
                    plain(sentence, LONGEST),
                    salience,
                )
            )


def _felt(episode: JsonObject) -> _Found:
    sentiment = episode.get("sentiment")
    strength = abs(float(sentiment)) if isinstance(sentiment, int | float) else 0.0
    yield "feeling", plain(episode.get("emotions"), LONGEST), 0.2 + 0.6 * strength


def _shown(answer: object) -> str:
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    if isinstance(answer, list | tuple):
        return ", ".join(map(str, answer))
    return f"{answer:g}" if isinstance(answer, float) else str(answer)
