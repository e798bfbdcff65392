"""When a call is made again: full jitter, what the server asked for, and a budget for all calls together."""

import random
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from math import isnan
from time import time

BASE_S = 0.5
LONGEST_S = 20.0
LONGEST_ASKED_S = 60.0
MAX_ATTEMPTS = 4
LARGEST_RESERVE = 100
"""Retries saved up in good times."""


@dataclass(slots=True)
class RetryBudget:
    """Allows one retry for every five calls made, beyond a reserve for the first: an outage is not multiplied."""

    calls_per_retry: int = 5
    reserve: int = 10
    _credit: int = 0

    def __post_init__(self) -> None:
        self._credit = self.reserve * self.calls_per_retry

    def deposit(self) -> None:
        """A call is made for the first time."""
        self._credit = min(self._credit + 1, LARGEST_RESERVE * self.calls_per_retry)

    def withdraw(self) -> bool:
        """Take one retry; False when there is none left."""
        if self._credit < self.calls_per_retry:
            return False
        self._credit -= self.calls_per_retry
        return True


def delay_s(attempt: int, retry_after: str | None) -> float | None:
    """Seconds to wait after the attempt of this number (from 1): what the server asked for, or full jitter.

    Full jitter is uniform in [0, min(20, base · 2^(attempt − 1))]. Null: the server asks for more than a minute, which
    is too long to hold a turn; it fails and can be asked for again.
    """
    asked = _seconds(retry_after)
    if asked is not None:
        return asked if asked <= LONGEST_ASKED_S else None
    return random.uniform(0.0, min(LONGEST_S, BASE_S * 2.0 ** (attempt - 1)))  # noqa: S311 - not a secret


def _seconds(retry_after: str | None) -> float | None:
    """`Retry-After` in seconds or as an HTTP date; None when it is neither."""
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(retry_after).timestamp() - time()
        except (TypeError, ValueError, OverflowError):
            return None
    return None if isnan(seconds) else max(0.0, seconds)
