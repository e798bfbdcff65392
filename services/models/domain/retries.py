"""When a call is made again: full jitter, what the server asked for, and a budget for all calls together."""

import random
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from time import time

BASE_S = 0.5
LONGEST_S = 20.0
LONGEST_ASKED_S = 60.0
MAX_ATTEMPTS = 4


@dataclass(slots=True)
class RetryBudget:
    """Allows 0.2 retries for each call made, beyond a reserve for the first ones: an outage is not multiplied."""

    ratio: float = 0.2
    reserve: float = 10.0
    largest: float = 100.0

    def deposit(self) -> None:
        """A call is made for the first time."""
        self.reserve = min(self.largest, self.reserve + self.ratio)

    def withdraw(self) -> bool:
        """Take one retry; False when there is none left."""
        if self.reserve < 1.0:
            return False
        self.reserve -= 1.0
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
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time())
    except (TypeError, ValueError):
        return None
