"""Fields that rules find in what an agent said and thought. English only; the lexicon is lexicon.json beside this.

A sentence (or a part of it between semicolons) that holds a word *against* is a concern, one that holds a word *for*
and none against a benefit; after "speaks against it:" or "speaks for it:" every part is. Its theme is the one with
most of its words. Rules know words and not meaning: they count irony as praise.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from services.results.domain.extraction.model import Value
from services.results.domain.records import Turn

OTHER = "other"
MOST_THEMES = 8
MOST_QUOTES = 5
LONGEST_QUOTE = 240
MOST_KEYWORDS = 5
LONGEST_SPEECH = 20_000
SHORTEST_KEYWORD = 3
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+|;\s+")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_HEADING = re.compile(r"speaks (for|against) it:\s*", re.IGNORECASE)


class Found(NamedTuple):
    """A value and the sentences it was found in."""

    value: Value
    quotes: list[str]


class _Part(NamedTuple):
    text: str
    is_against: bool
    is_for: bool


def concerns(turns: Sequence[Turn]) -> Found:
    """Themes of what was said and thought against it."""
    return _themes(part.text for part in _parts(turns) if part.is_against)


def benefits(turns: Sequence[Turn]) -> Found:
    """Themes of what was said and thought for it."""
    return _themes(part.text for part in _parts(turns) if part.is_for and not part.is_against)


def keywords(turns: Sequence[Turn]) -> Found:
    """The words used most, the earliest of equals first."""
    stop = _lexicon().stop
    words = [word for text in _speech(turns) for word in _words(text)]
    counts = Counter(word for word in words if len(word) >= SHORTEST_KEYWORD and word not in stop)
    return Found([word for word, _ in counts.most_common(MOST_KEYWORDS)], [])


def questions(turns: Sequence[Turn]) -> Found:
    """The questions that were asked aloud."""
    said = (turn.response for turn in turns if turn.response)
    asked = [part.strip() for text in said for part in _SENTENCE.split(text) if part.strip().endswith("?")]
    shown = [_shortened(question) for question in dict.fromkeys(asked)][:MOST_QUOTES]
    return Found(list(shown), shown)


Rule = Callable[[Sequence[Turn]], Found]
RULES: dict[str, Rule] = {
    "concerns": concerns,
    "objections": concerns,
    "barriers": concerns,
    "benefits": benefits,
    "motivations": benefits,
    "keywords": keywords,
    "questions": questions,
}


def stop_words() -> frozenset[str]:
    """Words that say nothing about what a text is about."""
    return _lexicon().stop


def _parts(turns: Sequence[Turn]) -> Iterator[_Part]:
    """Everything said and thought, in parts that are for it, against it, both or neither."""
    lexicon = _lexicon()
    for text in _speech(turns):
        heading: str | None = None
        for sentence in filter(None, (part.strip() for part in _SENTENCE.split(text))):
            begins = _HEADING.search(sentence)
            if begins:
                heading, sentence = begins[1].lower(), sentence[begins.end() :]
            words = _words(sentence)
            is_against = heading == "against" or (heading is None and lexicon.against.count(words) > 0)
            is_for = heading == "for" or (heading is None and lexicon.for_.count(words) > 0)
            yield _Part(sentence, is_against, is_for)
            if sentence.endswith((".", "!", "?", "…")):
                heading = None


def _themes(parts: Iterable[str]) -> Found:
    themes: dict[str, None] = {}
    quotes: list[str] = []
    for part in parts:
        themes.setdefault(_theme(_words(part)))
        quotes.append(_shortened(part))
    kept = [theme for theme in themes if theme != OTHER] or list(themes)
    return Found(kept[:MOST_THEMES], list(dict.fromkeys(quotes))[:MOST_QUOTES])


def _theme(words: Sequence[str]) -> str:
    counts = {theme: cues.count(words) for theme, cues in _lexicon().themes.items()}
    best = max(counts, key=lambda theme: counts[theme])
    return best if counts[best] else OTHER


def _speech(turns: Sequence[Turn]) -> list[str]:
    texts = [text for turn in turns for text in (turn.reasoning, turn.response) if text]
    return [text[:LONGEST_SPEECH] for text in texts]


def _words(text: str) -> list[str]:
    return [word.replace("’", "'") for word in _WORD.findall(text.casefold())]


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1].rstrip() + "…"


class _Cues:
    """Words, and beginnings of words where a star ends them."""

    def __init__(self, cues: Iterable[str]) -> None:
        given = list(cues)
        self._whole = {cue for cue in given if not cue.endswith("*")}
        self._beginnings = tuple(cue[:-1] for cue in given if cue.endswith("*"))

    def count(self, words: Iterable[str]) -> int:
        return sum(word in self._whole or word.startswith(self._beginnings) for word in words)


class _Lexicon(NamedTuple):
    against: _Cues
    for_: _Cues
    themes: dict[str, _Cues]
    stop: frozenset[str]


@cache
def _lexicon() -> _Lexicon:
    raw = json.loads(files(__package__).joinpath("lexicon.json").read_text("utf-8"))
    themes = {theme: _Cues(cues) for theme, cues in raw["themes"].items()}
    return _Lexicon(_Cues(raw["against"]), _Cues(raw["for"]), themes, frozenset(raw["stop"]))
