"""Sentences of a persona, chosen by how well they fit a person's traits, so words and numbers say the same thing."""

import json
from collections.abc import Mapping
from functools import lru_cache
from heapq import nlargest
from pathlib import Path
from random import Random

from pydantic import Field, RootModel

from libs.contracts.base import Body

FILE = Path(__file__).parent.parent / "data" / "phrases.json"
CHANCE = 0.6


class Phrase(Body):
    """A sentence, the traits that make it fit, and the attributes it needs."""

    text: str
    traits: dict[str, float] = Field(default={})
    only: dict[str, tuple[str, ...]] = Field(default={})


class _File(RootModel[dict[str, tuple[Phrase, ...] | str]]):
    """Sentences by part of the persona, and a note."""


class Phrases:
    """Sentences by part of the persona."""

    def __init__(self, parts: Mapping[str, tuple[Phrase, ...]]) -> None:
        self._parts = {
            part: [(phrase.text, tuple(phrase.traits.items()), tuple(phrase.only.items())) for phrase in phrases]
            for part, phrases in parts.items()
        }

    def choose(
        self, part: str, count: int, traits: Mapping[str, float], profile: Mapping[str, str], random: Random
    ) -> list[str]:
        """The `count` sentences that fit best, with some chance; opposite sentences cannot both fit."""
        scored = []
        for text, weights, only in self._parts[part]:
            chance = random.random()
            if only and any(profile.get(name) not in values for name, values in only):
                continue
            fit = 0.0
            for name, weight in weights:
                fit += weight * traits[name]
            if fit > -0.15 or not weights:
                scored.append((fit + CHANCE * chance, text))
        return [text for _, text in nlargest(count, scored)]


@lru_cache(maxsize=1)
def load_phrases(file: Path = FILE) -> Phrases:
    """The sentences that come with the service."""
    parts = _File.model_validate(json.loads(file.read_text("utf-8"))).root
    return Phrases({part: phrases for part, phrases in parts.items() if not isinstance(phrases, str)})
