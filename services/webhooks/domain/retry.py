"""When a notification that was not taken is tried again, and when no more."""

import random
from typing import NamedTuple

GROWTH = 5.0
LONGEST_S = 6 * 3600.0
JITTER = 0.2


class Told(NamedTuple):
    """What came of an attempt: the receiver's status, or what went wrong. `retry_after_s` is the receiver's wish."""

    status: int | None
    error: str | None
    took_ms: int
    retry_after_s: float | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_gone(self) -> bool:
        """Whether the receiver wants to hear nothing more."""
        return self.status == 410


def delay_s(tries_done: int, first_s: float, wish_s: float | None, chance: random.Random) -> float:
    """How long to wait after so many tries: five times as long each, spread, and never less than was asked for."""
    growing = min(first_s * GROWTH ** (tries_done - 1), LONGEST_S)
    spread = growing * chance.uniform(1 - JITTER, 1 + JITTER)
    return min(max(spread, wish_s or 0.0), LONGEST_S)
