"""Token buckets: what an endpoint allows in a minute, of requests or of tokens.

A bucket holds the worth of a moment: limits of a minute are often enforced by the second. What is larger than that may
still pass, on credit, once the bucket is full.
"""

from dataclasses import dataclass
from math import inf

from services.models.domain.scheduling.headers import Allowance

MINUTE_S = 60.0
BURST_S = 0.1


@dataclass(slots=True)
class Bucket:
    """Refills evenly. Without a rate everything passes."""

    per_minute: float | None = None
    _level: float = inf
    _at: float = 0.0

    @property
    def _per_second(self) -> float:
        return inf if self.per_minute is None else self.per_minute / MINUTE_S

    @property
    def _size(self) -> float:
        return max(1.0, self._per_second * BURST_S)

    def wait_s(self, now: float, amount: float) -> float:
        """Seconds until this much may be taken."""
        if self.per_minute is None:
            return 0.0
        self._refill(now)
        return max(0.0, (min(amount, self._size) - self._level) / self._per_second)

    def take(self, now: float, amount: float) -> None:
        """Take it, also what is not there."""
        if self.per_minute is not None:
            self._refill(now)
            self._level -= amount

    def settle(self, now: float, taken: float, used: float) -> None:
        """Give back what was taken and not used, or take the rest."""
        self.take(now, used - taken)

    def adopt(self, now: float, allowance: Allowance, age_s: float) -> None:
        """Believe an endpoint that allows less than was known; its answer is about a moment `age_s` ago."""
        self.per_minute = min(allowance.per_minute, inf if self.per_minute is None else self.per_minute)
        self._refill(now)
        self._level = min(self._level, allowance.remaining + self._per_second * age_s)

    def _refill(self, now: float) -> None:
        if self._level < inf:
            self._level += (now - self._at) * self._per_second
        self._level, self._at = min(self._level, self._size), now
