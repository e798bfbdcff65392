"""How many calls may be in flight at an endpoint at once, learned from how it answers.

Trial: while calls are held back and answered as quickly as usual, the limit grows by a step, at most to twice as many
in a latency and at least by one call. The step is the largest until something goes wrong, then gentle, and grows again.
Proportional retreat: the limit loses the share of calls that were refused (429), at once at most three tenths, as when
most calls time out. A few that hang among quick ones have another cause, and fewer at once would not help them: what is
too much for a server makes it slow first. Retreats from slow answers that do not make them quicker are taken
back. Nothing is unlearnt with time. Starts are spread over a latency: a burst is refused where its average would fit.
"""

from dataclasses import dataclass, field
from math import inf

from services.models.domain.scheduling.ends import End, Verdict
from services.models.domain.scheduling.latency import Group, Latency

SHORTEST_WINDOW_S, LONGEST_WINDOW_S = 0.25, 5.0
WINDOWS_IN_LATENCY = 4
GENTLE, STEEPER = 0.01, 1.6
NEAR = (0.95, 1.01)
"""So near to where calls were last refused the step stays gentle: it would overshoot what is probably the capacity."""
RETREAT = 0.7
MANY = 0.02
"""The share of the limit beyond which refusals are not waited for until the window ends."""
MOST_HANGING = 0.5
REMEMBERED = 4
"""Calls for each that may be in flight."""
CATCH_UP_S = 0.02
"""Starts that a busy process missed are made up for, if it is no longer ago."""


@dataclass(slots=True)
class _Window:
    """What happened since the limit was last looked at."""

    group: Group
    peak: int = 0
    answered: int = 0
    refused: int = 0
    late: int = 0
    failed: int = 0
    is_binding: bool = False

    @property
    def grief(self) -> int:
        """Calls that brought nothing."""
        return self.refused + self.late + self.failed


@dataclass(slots=True)
class Flow:
    """The calls in flight at one endpoint. `limit` is how many there may be."""

    most: int
    limit: float
    in_flight: int = 0
    _latency: Latency = field(default_factory=Latency)
    _throughput: float = 0.0
    _step: float = inf
    _refused_at: float = 0.0
    """The limit at which calls were last refused."""
    _next_start: float = -inf
    _hanging: float = 0.0
    """The share of calls that timed out lately."""
    _window: _Window = field(default_factory=lambda: _Window(Group(-inf)))

    def __post_init__(self) -> None:
        self.limit = min(self.limit, float(self.most))

    @property
    def latency_s(self) -> float | None:
        """The mean of calls that ended lately."""
        return self._latency.lately_s

    def wait_s(self, now: float) -> float:
        """Seconds until a call may start: 0 at once, infinite when one has to end first.

        A place in which a call came to grief is not taken again before the limit was looked at.
        """
        self._look(now)
        wait = max(0.0, self._next_start - now)
        if self.in_flight >= int(self.limit):
            wait = inf
        elif self.in_flight + self._window.grief >= int(self.limit):
            wait = max(wait, self._window.group.began + self._length_s - now)
        self._window.is_binding |= wait > 0.0
        return wait

    def started(self, now: float) -> Group:
        """A call started; the group is to be given back with its end."""
        self.in_flight += 1
        self._window.group.started += 1
        self._window.peak = max(self._window.peak, self.in_flight)
        apart = (self._latency.lately_s or 0.0) / self.limit
        self._next_start = max(self._next_start, now - CATCH_UP_S) + apart
        return self._window.group

    def ended(self, now: float, group: Group, end: End) -> None:
        """A call ended."""
        self.in_flight -= 1
        self._window.refused += end.verdict is Verdict.REFUSED
        self._window.late += end.verdict is Verdict.LATE
        self._window.failed += end.verdict is Verdict.FAILED
        if end.verdict is not Verdict.REFUSED:
            lately = REMEMBERED * max(self.limit, 1.0)  # those that hang may all time out at once
            self._hanging += ((end.verdict is Verdict.LATE) - self._hanging) / lately
        group.ended += 1
        if end.verdict is Verdict.ANSWERED:
            self._window.answered += 1
            group.answered += 1
            group.sum_s += end.latency_s
        self._look(now)

    @property
    def _length_s(self) -> float:
        """How long a window is: a part of a latency, but shorter when many calls are refused."""
        if self._window.refused > MANY * self.limit:
            return SHORTEST_WINDOW_S
        return min(max(SHORTEST_WINDOW_S, (self._latency.lately_s or 0.0) / WINDOWS_IN_LATENCY), LONGEST_WINDOW_S)

    def _look(self, now: float) -> None:
        """Judge the window once it is long enough."""
        window = self._window
        lasted = now - window.group.began
        if lasted >= self._length_s:
            self._window = _Window(self._latency.begin(now), peak=self.in_flight)
            self._throughput = (self._throughput + window.answered / lasted) / 2
            self._judge(window, now)

    def _judge(self, window: _Window, now: float) -> None:
        if window.late and self._hanging > MOST_HANGING:
            self._retreat(RETREAT)
        elif window.refused:
            self._refused_at = self.limit
            self._retreat(max(RETREAT, 1.0 - window.refused / max(window.group.started, window.refused)))
        elif self._latency.is_slow(now):
            self._retreat(self._latency.retreat(now, self.limit, self._throughput))
        elif self._latency.is_calm(now) and window.is_binding and window.peak >= self.limit / 2:
            step = min(self._step, self._steepest)
            self.limit = min(self.limit + max(self.limit * step, 1 / WINDOWS_IN_LATENCY), float(self.most))
            is_near = NEAR[0] * self._refused_at <= self.limit <= NEAR[1] * self._refused_at
            self._step = GENTLE if is_near else step * STEEPER

    @property
    def _steepest(self) -> float:
        """The largest step: twice as many calls in one latency, or in the shortest window if that is longer."""
        in_latencies = self._length_s / max(self._latency.lately_s or 0.0, SHORTEST_WINDOW_S)
        return float(2.0 ** min(1.0, in_latencies)) - 1.0

    def _retreat(self, factor: float) -> None:
        """Lose a share of the limit; a factor of more than 1 takes back what was lost for nothing."""
        self.limit = min(max(1.0, self.limit * factor), float(self.most))
        self._step = inf if factor > 1.0 else GENTLE
