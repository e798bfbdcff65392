"""Sentences of a persona, chosen by how well they fit a person's traits, so words and numbers say the same thing."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import NamedTuple, Self

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


class _Candidate(NamedTuple):
    """A phrase laid out for choosing: most name one trait, and a loop over one costs more than the sum."""

    text: str
    trait: str | None
    weight: float
    more: tuple[tuple[str, float], ...]
    only: tuple[tuple[str, tuple[str, ...]], ...]
    bonus: float

    @classmethod
    def of(cls, phrase: Phrase) -> Self:
        (trait, weight), *more = phrase.traits.items() or ((None, 0.0),)
        return cls(phrase.text, trait, weight, tuple(more), tuple(phrase.only.items()), phrase.bonus)


class Phrases:
    """Sentences by part of the persona."""

    def __init__(self, parts: Mapping[str, tuple[Phrase, ...]]) -> None:
        self._parts = {part: [_Candidate.of(phrase) for phrase in phrases] for part, phrases in parts.items()}

    def choose(
        self, part: str, count: int, traits: Mapping[str, float], profile: Mapping[str, str], random: Random
    ) -> list[str]:
        """Up to `count` sentences that fit best, with some chance; at least one.

        A sentence fits when its traits add up to more than 0, so of two opposite ones only one ever does.
        """
        fitting: list[tuple[float, str]] = []
        others: list[tuple[float, str]] = []
        draw = random.random
        for text, trait, weight, more, only, bonus in self._parts[part]:
            chance = draw()
            if only and any(profile.get(name) not in values for name, values in only):
                continue
            if trait is None:
                fitting.append((bonus + CHANCE * chance, text))
                continue
            fit = bonus + weight * traits[trait]
            for name, another in more:
                fit += another * traits[name]
            if fit > 0:
                fitting.append((fit + CHANCE * chance, text))
            else:
                others.append((fit + CHANCE * chance, text))
        if not fitting:
            return [max(others)[1]]
        if count == 1:
            return [max(fitting)[1]]
        return [text for _, text in sorted(fitting, reverse=True)[:count]]


@lru_cache(maxsize=1)
def load_phrases(file: Path = FILE) -> Phrases:
    """The sentences that come with the service."""
    parts = _File.model_validate(json.loads(file.read_text("utf-8"))).root
    return Phrases({part: phrases for part, phrases in parts.items() if not isinstance(phrases, str)})
