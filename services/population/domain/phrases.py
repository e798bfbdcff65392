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
    """A sentence, the traits that make it fit, the attributes it needs, and what it gets for having them."""

    text: str
    traits: dict[str, float] = Field(default={})
    only: dict[str, tuple[str, ...]] = Field(default={})
    bonus: float = 0.0


class _File(RootModel[dict[str, tuple[Phrase, ...] | str]]):
    """Sentences by part of the persona, and a note."""


class Phrases:
    """Sentences by part of the persona."""

    def __init__(self, parts: Mapping[str, tuple[Phrase, ...]]) -> None:
        self._parts = {
            part: [
                (phrase.text, tuple(phrase.traits.items()), tuple(phrase.only.items()), phrase.bonus)
                for phrase in phrases
            ]
            for part, phrases in parts.items()
        }

    def choose(
        self, part: str, count: int, traits: Mapping[str, float], profile: Mapping[str, str], random: Random
    ) -> list[str]:
        """Up to `count` sentences that fit best, with some chance; at least one.

        A sentence fits when its traits add up to more than 0, so of two opposite ones only one ever does.
        """
        fitting: list[tuple[float, str]] = []
        others: list[tuple[float, str]] = []
        for text, weights, only, bonus in self._parts[part]:
            chance = random.random()
            if only and any(profile.get(name) not in values for name, values in only):
                continue
            fit = bonus
            for name, weight in weights:
                fit += weight * traits[name]
            (fitting if fit > 0 or not weights else others).append((fit + CHANCE * chance, text))
        return [text for _, text in nlargest(count, fitting)] or [max(others)[1]]


@lru_cache(maxsize=1)
def load_phrases(file: Path = FILE) -> Phrases:
    """The sentences that come with the service."""
    parts = _File.model_validate(json.loads(file.read_text("utf-8"))).root
    return Phrases({part: phrases for part, phrases in parts.items() if not isinstance(phrases, str)})
