"""How often somebody may ask: the generic cell rate algorithm (ITU-T I.371), a leaky bucket that is one number; and how
much may be open at once, of which nobody alone may have everything.

`burst` requests at once, then as many a minute as the rate says. The counts are in memory: each gateway process has
its own, so several of them allow as many times as much.
"""

import math
from collections import Counter
from typing import NamedTuple

MOST_KEYS = 10_000


class Allowance(NamedTuple):
    """Whether a request may go on, and the numbers that stand on its answer."""

    is_allowed: bool
    limit: int
    remaining: int
    reset_s: int
    retry_after_s: int

    @property
    def headers(self) -> dict[str, str]:
        """As headers of an answer."""
        shown = {
            "ratelimit-limit": str(self.limit),
            "ratelimit-remaining": str(self.remaining),
            "ratelimit-reset": str(self.reset_s),
        }
        return shown if self.is_allowed else shown | {"retry-after": str(self.retry_after_s)}


class Limiter:
    """Counts by key. `now` is a monotonic time in seconds."""

    def __init__(self, per_minute: int, burst: int) -> None:
        self._burst = burst
        self._interval = 60.0 / per_minute
        self._full_at: dict[str, float] = {}

    def take(self, key: str, now: float) -> Allowance:
        """Count one request."""
        due = max(self._full_at.get(key, now), now) + self._interval
        if due - now > self._burst * self._interval + 1e-9:
            return self._allowance(key, now, is_allowed=False)
        if key not in self._full_at and len(self._full_at) >= MOST_KEYS:
            self._forget(now)
        self._full_at[key] = due
        return self._allowance(key, now, is_allowed=True)

    def look(self, key: str, now: float) -> Allowance:
        """What `take` would answer, without counting."""
        due = max(self._full_at.get(key, now), now) + self._interval
        return self._allowance(key, now, is_allowed=due - now <= self._burst * self._interval + 1e-9)

    def _allowance(self, key: str, now: float, *, is_allowed: bool) -> Allowance:
        used_s = max(self._full_at.get(key, now) - now, 0.0)
        wait_s = used_s + self._interval - self._burst * self._interval
        remaining = max(math.floor(self._burst - used_s / self._interval + 1e-9), 0)
        return Allowance(is_allowed, self._burst, remaining, math.ceil(used_s), max(math.ceil(wait_s), 1))

    def _forget(self, now: float) -> None:
        """Drop whoever has been quiet long enough to start anew; under an attack, everybody."""
        self._full_at = {key: due for key, due in self._full_at.items() if due > now}
        if len(self._full_at) >= MOST_KEYS:
            self._full_at.clear()


class Places:
    """What may be open at once, in all and of one person."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._taken: Counter[str] = Counter()

    def take(self, who: str) -> bool:
        """Whether there was a place."""
        if self._taken.total() >= self._most or self._taken[who] >= self._most_of_one:
            return False
        self._taken[who] += 1
        return True

    def give_back(self, who: str) -> None:
        """Free one of somebody's places."""
        self._taken[who] -= 1
        if not self._taken[who]:
            del self._taken[who]
