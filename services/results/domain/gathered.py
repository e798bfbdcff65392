"""What a report needs of the turns themselves, gathered a few at a time: what they cost, who answered, why turns
failed, and some voices. However many turns there are, what is kept of them stays small.

Voices are evenly spread over the turns of an arm in their canonical order, so those who are quoted do not depend on how
many turns were read at once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from libs.contracts.protocol import NO_USAGE, Usage, total_usage
from services.results.domain.records import Turn

MOST_VOICES = 64
"""Turns with words that are kept of an arm, at most."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Of all turns."""

    usage: Usage
    models: tuple[str, ...]
    failures: dict[str, int]
    """Failed turns by reason."""
    voices: tuple[Turn, ...]


class Gathering:
    """Takes turns in, in canonical order."""

    def __init__(self) -> None:
        self._usage = NO_USAGE
        self._models: set[str] = set()
        self._failures: Counter[str] = Counter()
        self._voices: dict[str, _Spread] = defaultdict(_Spread)

    def add(self, turns: Iterable[Turn]) -> None:
        """Some more."""
        for turn in turns:
            self._usage = total_usage([self._usage, turn.usage])
            self._models.add(turn.model)
            if not turn.is_answered:
                self._failures[turn.failure or "no reason given"] += 1
            elif turn.response:
                self._voices[turn.arm].add(turn)

    def gathered(self) -> Gathered:
        """What is there by now."""
        voices = [turn for spread in self._voices.values() for turn in spread.kept]
        return Gathered(
            usage=self._usage,
            models=tuple(sorted(self._models)),
            failures=dict(self._failures),
            voices=tuple(sorted(voices, key=lambda turn: turn.place)),
        )


class _Spread:
    """Every turn, then every second one, every fourth, …: as few as there is room for, evenly spread."""

    def __init__(self) -> None:
        self.kept: list[Turn] = []
        self._seen, self._stride = 0, 1

    def add(self, turn: Turn) -> None:
        if self._seen % self._stride == 0:
            self.kept.append(turn)
        self._seen += 1
        if len(self.kept) > MOST_VOICES:
            self.kept, self._stride = self.kept[::2], 2 * self._stride
