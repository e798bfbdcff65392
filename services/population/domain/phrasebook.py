"""Words for attributes and traits, loaded from data/particularities.json and compiled once."""

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from libs.contracts.base import Body

FILE = Path(__file__).parent.parent / "data" / "particularities.json"
Pattern = re.Pattern[str]


class AttributeWords(Body):
    """Words that restrict a dimension to some levels or values."""

    dimension: str
    values: tuple[str, ...]
    patterns: tuple[str, ...]


class TraitWords(Body):
    """Words that put a trait on its high (1) or low (-1) side."""

    trait: str
    side: int
    patterns: tuple[str, ...]


class Words(Body):
    """The file."""

    note: str
    attributes: tuple[AttributeWords, ...]
    traits: tuple[TraitWords, ...]
    reworded: dict[str, str]
    doubtful: tuple[str, ...]
    reversing: tuple[str, ...]
    fillers: tuple[str, ...]
    negations: tuple[str, ...]
    after_negation: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """Compiled words, special phrases before general ones."""

    attributes: tuple[tuple[Pattern, AttributeWords], ...]
    traits: tuple[tuple[Pattern, TraitWords], ...]
    reworded: tuple[tuple[Pattern, str], ...]
    doubtful: Pattern
    reversing: Pattern
    """Matches words that, unread, could turn the meaning of the words around them."""
    fillers: Pattern
    negation: Pattern
    """Matches a negation at the end of what stands before a phrase."""


def _words(*patterns: str) -> Pattern:
    return re.compile(rf"(?<![\w'])(?:{'|'.join(patterns)})(?![\w'])", re.IGNORECASE)


@lru_cache(maxsize=4_096)
def word_pattern(word: str) -> Pattern:
    """Matches a word or phrase as it stands."""
    return _words(re.escape(word))


@lru_cache(maxsize=1)
def load_phrasebook(file: Path = FILE) -> Phrasebook:
    """The phrasebook that comes with the service."""
    words = Words.model_validate(json.loads(file.read_text("utf-8")))
    after = "|".join(words.after_negation)
    return Phrasebook(
        attributes=tuple((_words(*entry.patterns), entry) for entry in words.attributes),
        traits=tuple((_words(*entry.patterns), entry) for entry in words.traits),
        reworded=tuple((_words(pattern), other) for pattern, other in words.reworded.items()),
        doubtful=_words(*words.doubtful, r"\d+\s?%"),
        reversing=_words(*words.negations, *words.reversing),
        fillers=_words(*words.fillers),
        negation=re.compile(rf"\b(?:{'|'.join(words.negations)})[\s-]+(?:(?:{after})\s+)?$", re.IGNORECASE),
    )
