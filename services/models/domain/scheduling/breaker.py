"""A circuit breaker: an endpoint that fails call after call is left alone for a while, then tried with one call.

Refusals (429) open it like failures: that nothing is accepted is known, and every call would be one too many. A run is
told by when its calls began: answers to earlier ones still arrive while everything new fails, and a call that is waited
for while later ones are refused was accepted.
"""

from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from services.models.domain.scheduling.ends import End, Verdict

RUN = 8
RUN_SHARE = 0.25
"""A run is so many calls, and such a share of those that may be in flight: a burst that is refused is no outage."""
NEARLY_ALL = 0.9
SHORTEST_S, LONGEST_S = 1.0, 30.0
BAD = frozenset({Verdict.FAILED, Verdict.LATE, Verdict.REFUSED})
WELL = frozenset({Verdict.ANSWERED, Verdict.REJECTED})


class Start(NamedTuple):
    """The place of a call among all that started, and whether it is the probe."""

    number: int
    is_probe: bool


@dataclass(slots=True)
class Breaker:
    """Closed, open until a time, or half-open: one probe is on its way."""

    reason: str = ""
    """Why it is not closed."""
    opened_at: float | None = None
    """Since when it has not been closed."""
    _until: float = -inf
    _pause_s: float = SHORTEST_S
    _has_probe: bool = False
    _starts: int = 0
    _first: int | None = None
    """Number of the call with which a run began."""
    _last: int = 0
    """The highest number of a bad call in it."""
    _bad: int = 0

    @property
    def is_closed(self) -> bool:
        """True when calls flow."""
        return self.opened_at is None

    def wait_s(self, now: float) -> float:
        """Seconds until a call may start; infinite while a probe is on its way."""
        if self.is_closed:
            return 0.0
        return inf if self._has_probe else max(0.0, self._until - now)

    def started(self) -> Start:
        """A call started."""
        self._starts += 1
        self._has_probe = not self.is_closed
        return Start(self._starts, self._has_probe)

    def ended(self, now: float, start: Start, end: End, limit: float = 0.0) -> None:
        """A call ended, of at most `limit` at once. While open only the probe counts, and later no call from before."""
        if start.is_probe:
            self._ended_probe(now, end)
        elif not self.is_closed:
            return
        elif end.verdict in BAD:
            self._first = start.number if self._first is None else self._first
            self._last = max(self._last, start.number)
            self._bad += start.number >= self._first
            if self._bad >= max(RUN, RUN_SHARE * limit, NEARLY_ALL * (self._last - self._first + 1)):
                self._open(now, end)
        elif end.verdict in WELL and self._first is not None and start.number > self._first:
            self._first, self._bad = None, 0

    def _ended_probe(self, now: float, end: End) -> None:
        self._has_probe = False
        if end.verdict in WELL:
            self.opened_at, self.reason, self._pause_s = None, "", SHORTEST_S
            self._first, self._bad = self._starts + 1, 0
        elif end.verdict in BAD:
            self._open(now, end)

    def _open(self, now: float, end: End) -> None:
        self.opened_at = now if self.opened_at is None else self.opened_at
        self._until = now + (self._pause_s if end.asked_s is None else min(end.asked_s, LONGEST_S))
        self._pause_s = min(2.0 * self._pause_s, LONGEST_S)
        self.reason = end.reason
