"""When a call is made again: full jitter, what the server asked for, and a budget for all calls together."""

import random
from dataclasses import dataclass

BASE_S = 0.5
LONGEST_S = 20.0
LONGEST_ASKED_S = 60.0
MAX_ATTEMPTS = 4


@dataclass(slots=True)
class RetryBudget:
    """Allows one retry for every five calls, beyond a reserve for the first: an outage is not multiplied.

    Attempts ≤ 1.2 · calls + `reserve`, whatever happens: with the reserve a single call may be tried again too.
    """

    calls_per_retry: int = 5
    reserve: int = 10
    _credit: int = 0

    def __post_init__(self) -> None:
        self._credit = self.reserve * self.calls_per_retry

    def deposit(self) -> None:
        """A call is made for the first time."""
        self._credit += 1

    def withdraw(self) -> bool:
        """Take one retry; False when there is none left."""
        if self._credit < self.calls_per_retry:
            return False
        self._credit -= self.calls_per_retry
        return True


def delay_s(attempt: int, asked_s: float | None) -> float | None:
    """Seconds to wait after the attempt of this number (from 1): what the server asked for, or full jitter.

    Full jitter is uniform in [0, min(20, base · 2^(attempt − 1))]. Null: the server asks for more than a minute, which
    is too long to hold a turn; it fails and can be asked for again.
    """
    if asked_s is not None:
        return asked_s if asked_s <= LONGEST_ASKED_S else None
    return random.uniform(0.0, min(LONGEST_S, BASE_S * 2.0 ** (attempt - 1)))  # noqa: S311 - not a secret
