"""Whether an endpoint answers as quickly as usual, or calls wait at it for each other.

Calls are looked at in groups that started together, once all of a group have ended: of the calls that ended so far the
quick ones are always too many. How old a group may become is known earlier.
"""

from collections import deque
from dataclasses import dataclass, field
from math import inf

CALM, SLOW = 1.5, 2.0
"""Up to, and beyond, so many times the usual latency; in between nothing is concluded."""
QUICK_S = 0.25
"""What is quicker is alike: a queue that is as short does no harm, and is no reason to hold calls back."""
LEAST_KEPT = 0.5
SHRUGS = 2
"""After so many of them in a row calls are slower for another reason, such as longer answers."""
FEW = 16
"""Nothing is concluded from fewer calls."""


@dataclass(slots=True)
class Group:
    """Calls that started at about the same time."""

    began: float
    started: int = 0
    ended: int = 0
    answered: int = 0
    sum_s: float = 0.0


@dataclass(slots=True)
class Latency:
    """The latency of late and the usual one, which is the lowest. A retreat is judged by calls that start after it."""

    lately_s: float | None = None
    _usual_s: float = inf
    _hoped_for_s: float = inf
    _since: float = -inf
    _is_fresh: bool = False
    _shrugs: int = 0
    _kept: float = 1.0
    """What the retreats that have not proved useful left of the calls in flight."""
    _sum_s: float = 0.0
    _count: int = 0
    _groups: deque[Group] = field(default_factory=deque)

    def begin(self, now: float) -> Group:
        """Calls that start from now on belong to this group; those of earlier ones may be complete."""
        done = [group for group in self._groups if group.ended == group.started]
        self._groups = deque(group for group in self._groups if group.ended < group.started)
        for group in done:
            self._add(group)
        self._groups.append(Group(now))
        return self._groups[-1]

    def is_calm(self, now: float) -> bool:
        """True when calls do not wait for each other."""
        return self._is_fresh and self._at_least(now) <= CALM * max(self._usual_s, QUICK_S)

    def is_slow(self, now: float) -> bool:
        """True when they do."""
        return self._is_fresh and self._at_least(now) > max(SLOW * self._usual_s, CALM * QUICK_S)

    def _at_least(self, now: float) -> float:
        """The latency of late, or the age of a group of which most are still waited for."""
        ages = (
            now - group.began
            for group in self._groups
            if group.began >= self._since and group.ended * 2 < group.started
        )
        return max(self.lately_s or 0.0, next(ages, 0.0))

    def _add(self, group: Group) -> None:
        if group.began < self._since:
            return
        self._sum_s += group.sum_s
        self._count += group.answered
        if self._count < FEW:
            return
        mean = self._sum_s / self._count
        self.lately_s = (self.lately_s + mean) / 2 if self.lately_s is not None and self._is_fresh else mean
        self._usual_s = mean if self._usual_s == inf else self._usual_s + min(0.0, self.lately_s - self._usual_s) / 4
        self._sum_s, self._count, self._is_fresh = 0.0, 0, True

    def retreat(self, now: float, in_flight: float, throughput: float) -> float:
        """The share of calls in flight that would wait no longer; after useless ones what undoes them."""
        lately = self.lately_s or 0.0
        if lately > self._hoped_for_s:
            self._shrugs += 1
        else:
            self._shrugs, self._kept = 0, 1.0
        if self._shrugs == SHRUGS:
            factor = 1.0 / self._kept
            self._usual_s, self._hoped_for_s, self._shrugs, self._kept = lately, inf, 0, 1.0
            return factor
        kept = min(1.0, max(LEAST_KEPT, CALM * self._usual_s * throughput / in_flight))
        self._hoped_for_s, self._since, self._is_fresh = lately * (1 + kept) / 2, now, False
        self._sum_s, self._count = 0.0, 0
        self._kept *= kept
        return kept
